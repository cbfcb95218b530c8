"""The published contract: JSON Schemas of every message, as documents by file name. Written by ``ops.published``.

What others send us is described as we read it. What we send is described as we write it, and stays open: readers must
let pass what they do not know, so that a field may be added.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from schemas import asyncapi, commands, needs
from schemas.compat import Role
from schemas.dead_letters import DeadLetter
from schemas.envelope import SCHEMA_ROOT, Envelope
from schemas.events import CATALOGUE
from schemas.task_events import TASK_CHANGED, TaskChanged

DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION = "0.1.0"
"""Of the contract; the same as the project's."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """One schema and who relies on it."""

    path: str
    """File name inside ``schemas/published``."""
    role: Role
    schema: Document


def published_schemas() -> tuple[Published, ...]:
    """Every schema of the contract, in the order of its parts."""
    return tuple(_inputs()) + tuple(_outputs())


def documents() -> Mapping[str, Document]:
    """Every file of ``schemas/published`` by name."""
    return {one.path: one.schema for one in published_schemas()} | {"asyncapi.json": asyncapi.document(VERSION)}


def _inputs() -> Iterator[Published]:
    yield Published("envelope.json", Role.INPUT, _read(Envelope, "ringahead.Envelope.v1"))
    for name, fact in CATALOGUE.items():
        yield Published(f"events/{name}.json", Role.INPUT, _read(fact, name))


def _outputs() -> Iterator[Published]:
    yield Published(f"task-events/{TASK_CHANGED}.json", Role.OUTPUT, _written(TaskChanged, TASK_CHANGED))
    for effect in needs.EFFECT_TYPES:
        word = effect.model_fields["effect"].default
        yield Published(f"needs/{word}.json", Role.OUTPUT, _written(effect, f"ringahead.needs.{word}.v1"))
    for command in commands.COMMAND_TYPES:
        word = command.model_fields["command"].default
        yield Published(f"commands/{word}.json", Role.OUTPUT, _written(command, f"ringahead.commands.{word}.v1"))
    yield Published("dead-letter.json", Role.OUTPUT, _written(DeadLetter, "ringahead.DeadLetter.v1"))


def _read(model: type[BaseModel], name: str) -> Document:
    return {"$schema": DIALECT, "$id": SCHEMA_ROOT + name, **model.model_json_schema(mode="validation")}


def _written(model: type[BaseModel], name: str) -> Document:
    schema = model.model_json_schema(mode="serialization")
    for part in (schema, *schema.get("$defs", {}).values()):
        _as_written(part)
    return {"$schema": DIALECT, "$id": SCHEMA_ROOT + name, **schema}


def _as_written(part: Document) -> None:
    """Absent fields are those that may be null, as nulls are left out; more fields may come."""
    if part.get("type") == "object":
        part.pop("additionalProperties", None)
        part["required"] = [name for name, field in part["properties"].items() if not _nullable(field)]


def _nullable(field: Document) -> bool:
    return any(choice.get("type") == "null" for choice in field.get("anyOf", ()))
