"""What the documentation says is there: links, commands, files, settings, and the tables that repeat code."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import click
import pytest

from ops.cli import cli
from outreach.profiles import Profile, standard_profiles
from outreach.task import as_markdown
from schemas.base import EARLIEST
from schemas.decisions import Reason
from schemas.errors import DeadLetterReason
from schemas.events import CATALOGUE as EVENTS
from schemas.settings import PREFIX, Settings
from schemas.topics import CATALOGUE as TOPICS
from schemas.topics import MIB, TopicSpec
from tests.repo.sources import ROOT, name_of, tracked

PAGES = [path for path in tracked() if path.suffix == ".md"]
DOCS = ROOT / "docs"
ADR = sorted((DOCS / "adr").glob("0*.md"))
MOST_LINES, USUAL_LINES = 200, 120
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
COMMAND = re.compile(
    r"(?:^|[\s`|(]|\.venv/bin/|compose run --rm )ringahead((?: [a-z][a-z-]*)+|(?: [a-z-]+)? --[a-z-]+)"
)
OPTION = re.compile(r"(?<=\s)--[a-z][a-z-]+|(?<=\s)-k\b")
MAKE = re.compile(r"(?:^|[`\n])(?:\s*)make ([a-z][a-z-]*)")
MODULE = re.compile(r"python3? -m ((?:ops|streams|benchmarks)(?:\.\w+)*)")
SETTING = re.compile(rf"\b{PREFIX}[A-Z_]+\b")
NOT_SETTINGS = {f"{PREFIX}ENV_FILE", f"{PREFIX}KEY", f"{PREFIX}PORT"}
"""The file of settings itself; the example's key; the compose file's port."""
TOPS = "schemas|forecasting|outreach|streams|console|ops|tests|docs|benchmarks|deploy|examples|\\.ci"
FILE = re.compile(rf"^(?:(?:{TOPS})/[\w./*-]*|[\w.-]+\.(?:toml|yml|lock)|Makefile|Dockerfile|LICENSE|\.env\.example)$")
TOPIC = re.compile(r"`(ringahead\.[a-z-]+)`")


def code(text: str) -> str:
    """Everything in backticks, one piece a line."""
    return "\n".join(piece.strip("`") for piece in CODE.findall(text))


def slug(heading: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return words.replace(" ", "-")


def anchors(text: str) -> set[str]:
    return {
        slug(heading) for heading in re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.M)
    }


def broken_links(text: str, folder: Path) -> list[str]:
    """Links of a page that lead nowhere in the tree."""
    wrong = []
    for target in LINK.findall(text):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        path = (folder / name).resolve() if name else None
        there = path is None or (path.exists() and path.is_relative_to(ROOT))
        page = text if path is None else path.read_text("utf-8") if there and path.suffix == ".md" else ""
        if not there or (anchor and anchor not in anchors(page)):
            wrong.append(target)
    return wrong


@cache
def command(words: tuple[str, ...]) -> click.Command | None:
    """The command of these words; a word behind one that is no group is an argument."""
    found: click.Command | None = cli
    for word in words:
        if not isinstance(found, click.Group):
            break
        found = found.get_command(click.Context(found), word)
    return found


def unknown_commands(text: str) -> list[str]:
    """`ringahead ...` in code whose command, or whose option, does not exist."""
    wrong = []
    for line in (whole.partition("#")[0] for whole in code(text).splitlines()):
        for match in COMMAND.finditer(line):
            words = tuple(word for word in match.group(1).split() if not word.startswith("-"))
            found = command(words)
            if found is None:
                wrong.append(" ".join(words))
                continue
            rest = re.split(r"&&|\s\|\s|;|`", line[match.start() + 1 :])[0]
            known = {option for each in (cli, found) for param in each.params for option in param.opts}
            wrong += [option for option in OPTION.findall(rest) if option not in known | {"--help"}]
    return wrong


def missing_files(text: str, folder: Path) -> list[str]:
    """Paths in backticks that do not exist, from the root or beside the page; ``*`` stands for anything."""
    paths = [
        piece for piece in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S)) if FILE.match(piece)
    ]
    return [path for path in paths if not any(any(base.glob(path.rstrip("/"))) for base in (ROOT, folder))]


def block(page: str, name: str) -> str:
    """What stands between <!-- name --> and <!-- /name -->."""
    text = (DOCS / page).read_text("utf-8")
    return text.split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]


def size(spec: TopicSpec) -> str:
    whole, rest = divmod(spec.max_message_bytes, MIB)
    return f"{whole} MiB" + (f" {rest // 1024} KiB" if rest else "")


def topic_rows() -> Iterator[str]:
    for spec in TOPICS:
        forever = "compacted" if spec.cleanup_policy == "compact" else "unlimited"
        kept = forever if spec.retention_days is None else f"{spec.retention_days} days"
        number = "keyed" if spec.co_partitioned else "1"
        yield f"| `{spec.topic}` | {spec.key} | {number} | {kept} | {size(spec)} | {spec.carries} | {spec.writer} |"


def said(value: object) -> str:
    """A profile's value as the page writes it."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {said(one)}" for key, one in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float | int) else str(value)


def cell_rows() -> Iterator[str]:
    usual = Profile()
    for name, cell in standard_profiles("any", EARLIEST).cells.items():
        pairs = ((field, getattr(cell, field)) for field in Profile.model_fields)
        told = [f"`{field}` {said(value)}" for field, value in pairs if value != getattr(usual, field)]
        yield f"| `{name}` | {'; '.join(told)} |"


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert broken_links(path.read_text("utf-8"), path.parent) == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    assert unknown_commands(text) == []
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(MAKE.findall(code(text))) - targets == set()
    modules = {name: ROOT.joinpath(*name.split(".")) for name in MODULE.findall(text)}
    assert [
        n for n, at in modules.items() if not at.with_suffix(".py").exists() and not (at / "__main__.py").exists()
    ] == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_files_and_settings_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    assert missing_files(text, path.parent) == []
    known = {f"{PREFIX}{field}".upper() for field in Settings.model_fields} | NOT_SETTINGS | {PREFIX}
    assert set(SETTING.findall(text)) - known == set()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_topics_exist(path: Path) -> None:
    assert set(TOPIC.findall(path.read_text("utf-8"))) - {spec.topic.value for spec in TOPICS} == set()


def test_pages_that_code_names_exist() -> None:
    texts = [path for path in tracked() if path.suffix in {".py", ".toml", ".service"} or path.name == ".env.example"]
    named = {page for path in texts for page in re.findall(r"\bdocs/[\w/-]+\.md", path.read_text("utf-8"))}
    assert {page for page in named if not (ROOT / page).is_file()} == set()
    assert "docs/profiles.md" in named


def test_every_command_is_in_the_readme() -> None:
    said_there = set(re.findall(r"^\| `ringahead ([a-z-]+)` \|", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert said_there == set(cli.list_commands(click.Context(cli)))


def test_every_page_can_be_reached_from_the_readme() -> None:
    found, todo = set(), [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        found.add(page)
        links = ((page.parent / link.partition("#")[0]).resolve() for link in LINK.findall(page.read_text("utf-8")))
        todo += [link for link in links if link.suffix == ".md" and link.is_file() and link not in found]
    assert {path for path in PAGES if path.is_relative_to(DOCS)} - found == set()


def test_pages_are_short() -> None:
    lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in PAGES if path.is_relative_to(DOCS)}
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
    assert sum(lines > USUAL_LINES for lines in lengths.values()) < len(lengths) / 4


def test_task_table_is_the_one_in_force() -> None:
    assert block("tasks.md", "transitions") == as_markdown()


def test_topics_are_those_of_the_catalogue() -> None:
    assert block("contracts.md", "topics").splitlines()[2:] == list(topic_rows())


def test_events_reasons_and_letters_are_all_told() -> None:
    names = set(re.findall(r"`([A-Z]\w+)`", block("contracts.md", "events")))
    assert names == {name.split(".")[1] for name in EVENTS}
    assert set(re.findall(r"`(\w+)`", block("contracts.md", "reasons"))) == set(map(str, Reason))
    letters = [row.split("|")[1] for row in block("contracts.md", "letters").splitlines()[2:]]
    assert set(re.findall(r"`(\w+)`", " ".join(letters))) == set(map(str, DeadLetterReason))


def test_profiles_are_those_in_force() -> None:
    rows = [row.split(" | ")[:2] for row in block("profiles.md", "fields").splitlines()[2:]]
    defaults = [[f"| `{name}`", said(getattr(Profile(), name))] for name in Profile.model_fields]
    assert rows == defaults
    assert block("profiles.md", "cells").splitlines()[2:] == list(cell_rows())


def test_decisions_are_numbered_listed_and_whole() -> None:
    index = (DOCS / "adr" / "README.md").read_text("utf-8")
    for number, path in enumerate(ADR, 1):
        title, *lines = path.read_text("utf-8").splitlines()
        assert path.name.startswith(f"{number:04d}-")
        assert title.startswith(f"# {number}. ")
        assert f"| {number} | [{title.partition('. ')[2]}]({path.name}) |" in index
        headings = [line for line in lines if line.startswith("#")]
        assert headings == ["## Context", "## Decision", "## Consequences", "## Alternatives"]
    assert ADR


@pytest.mark.parametrize(
    "text", ["[a](nowhere.md)", "[a](#nothing)", "[a](README.md#no-such-heading)", "[a](../../../etc/passwd)"]
)
def test_broken_link_is_seen(text: str) -> None:
    assert broken_links(text, ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "`ringahead dance`",
        "`ringahead users dance`",
        "```\nringahead serve --no-such-option\n```",
        "```\nringahead migrate && ringahead dance\n```",
        "```\n.venv/bin/ringahead dance x\n```",
    ],
)
def test_unknown_command_is_seen(text: str) -> None:
    assert unknown_commands(text)


def test_missing_file_is_seen() -> None:
    assert missing_files("`ops/nothing.py` and `ops/*.nothing` and `ops/cli.py`", ROOT) == [
        "ops/nothing.py",
        "ops/*.nothing",
    ]
