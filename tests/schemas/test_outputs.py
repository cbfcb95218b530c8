"""What we write is what was published, and is read again as it was."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from pydantic import BaseModel, TypeAdapter, ValidationError

from outreach.desk import messages
from outreach.records import Task
from outreach.task import TaskEvent, TaskState
from schemas.commands import COMMAND_TYPES, Command
from schemas.dead_letters import DeadLetter
from schemas.decisions import TaskClass
from schemas.needs import EFFECT_TYPES, ClockMoved, decode_effect, encode_effect
from schemas.publishing import documents
from tests.schemas.strategies import models

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
OFTEN = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def published(path: str) -> Draft202012Validator:
    return Draft202012Validator(documents()[f"{path}.json"])


@pytest.mark.parametrize("kind", EFFECT_TYPES)
def test_effects(kind: type[BaseModel]) -> None:
    schema = published(f"needs/{kind.model_fields['effect'].default}")

    @OFTEN
    @given(models(kind))
    def holds(effect: BaseModel) -> None:
        raw = encode_effect(effect)  # type: ignore[arg-type]
        assert decode_effect(raw) == effect
        assert encode_effect(decode_effect(raw)) == raw
        schema.validate(json.loads(raw))

    holds()


@pytest.mark.parametrize("kind", COMMAND_TYPES)
def test_commands(kind: type[BaseModel]) -> None:
    schema = published(f"commands/{kind.model_fields['command'].default}")
    reader: TypeAdapter[Command] = TypeAdapter(Command)

    @OFTEN
    @given(models(kind))
    def holds(command: BaseModel) -> None:
        sent = messages.command(command)  # type: ignore[arg-type]
        assert reader.validate_json(sent.payload) == command
        schema.validate(json.loads(sent.payload))

    holds()


def test_letters() -> None:
    schema = published("dead-letter")

    @OFTEN
    @given(models(DeadLetter))
    def holds(letter: BaseModel) -> None:
        raw = letter.model_dump_json()
        assert DeadLetter.model_validate_json(raw) == letter
        schema.validate(json.loads(raw))

    holds()


def test_an_effect_of_another_release_is_refused_where_it_has_fields_we_do_not_know() -> None:
    raw = json.loads(encode_effect(ClockMoved(partition=0, as_of=AT)))
    with pytest.raises(ValidationError):
        decode_effect(json.dumps({**raw, "flavour": "x"}).encode())


@pytest.mark.parametrize("before", [None, TaskState.READY])
def test_what_became_of_a_task(before: TaskState | None) -> None:
    task = Task(
        task_id="t1",
        account_id="acme",
        task_class=TaskClass.SELLING,
        state=TaskState.LEASED,
        version=3,
        created_at=AT,
        changed_at=AT,
        valid_until=AT,
        skill="sales",
        rank=1,
        p_due=0.5,
    )
    sent = json.loads(messages.task_changed(task, TaskEvent.CLAIMED, before, "ann").payload)
    published("envelope").validate(sent)
    published(f"task-events/{sent['type']}").validate(sent["data"])
    assert sent["dataschema"] == documents()[f"task-events/{sent['type']}.json"]["$id"]
