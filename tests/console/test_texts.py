"""The catalogue of texts: complete, used, and in words for every member of our closed lists."""

import re
from importlib.resources import files

import pytest

from console.scripts import steps_of
from console.texts import HAPPENINGS, TEXTS, plain, text
from console.words import DISPOSITIONS, KINDS, LETTER_REASONS, LOSS_REASONS, REASONS
from outreach.task import TaskEvent
from schemas.decisions import NeedKind, Reason
from schemas.errors import DeadLetterReason
from schemas.events.accounts import LossReason, Size
from schemas.events.ours import Disposition, Phase

CONSOLE = files("console")
TEMPLATES = {item.name: item.read_text("utf-8") for item in (CONSOLE / "templates").iterdir()}
SOURCES = {
    str(item): item.read_text("utf-8")
    for folder in (CONSOLE, CONSOLE / "pages")
    for item in folder.iterdir()
    if item.name.endswith(".py")
}
DYNAMIC = (
    "account.fact_",
    "account.kind_",
    "account.need_",
    "error.text_",
    "error.title_",
    "my.done_",
    "my.shut_",
    "operator.rule.",
    "operator.runtime_",
    "resets.where_",
    "script.",
)


def test_closed_lists_have_words() -> None:
    assert set(REASONS) == set(Reason)
    assert set(DISPOSITIONS) == set(Disposition)
    assert set(KINDS) == set(NeedKind)
    assert set(LOSS_REASONS) == set(LossReason)
    assert set(LETTER_REASONS) == set(DeadLetterReason)
    assert {str(event) for event in TaskEvent} <= set(HAPPENINGS)


def test_every_text_that_is_named_is_there() -> None:
    named = {key for body in TEMPLATES.values() for key in re.findall(r"""\bt\(["']([\w.]+)["']""", body)}
    named |= {key for body in SOURCES.values() for key in re.findall(r"""\btext\("([\w.]+)"[,)]""", body)}
    assert len(named) > 80
    assert named <= set(TEXTS)


def test_every_text_is_used() -> None:
    sources = [body for name, body in SOURCES.items() if not name.endswith("texts.py")]
    used = {
        word for body in (*TEMPLATES.values(), *sources) for word in re.findall(r"""["']([\w.-]+)["'](?!:)""", body)
    }
    assert [key for key in TEXTS if not key.startswith(DYNAMIC) and key not in used] == []


def test_every_profile_and_service_has_a_script_in_the_catalogue() -> None:
    for name in ("service", *(f"{size}-{phase}" for size in Size for phase in Phase)):
        assert len(steps_of(name)) == 3, name
    assert steps_of("made-up") == ()


def test_templates_hold_no_words_of_their_own() -> None:
    for name, body in TEMPLATES.items():
        if name.endswith(".svg"):
            continue
        bare = re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}|<[^>]*>|<!doctype html>", " ", body, flags=re.S)
        assert not re.search(r"[A-Za-z]{2,}", re.sub(r"&\w+;", " ", bare)), (name, bare.split())


@pytest.mark.parametrize(("word", "said"), [("holdout", REASONS[Reason.HOLDOUT]), ("made_up_word", "made up word")])
def test_words_of_our_lists_are_said_and_others_stay(word: str, said: str) -> None:
    assert plain(word) == said


def test_a_missing_text_or_field_is_an_error() -> None:
    with pytest.raises(KeyError):
        text("nothing.here")
    with pytest.raises(KeyError):
        text("login.locked", hours=1)
