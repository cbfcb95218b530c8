"""The AsyncAPI 3 document: which topic carries what, who writes it, and how it is keyed.

Source: AsyncAPI specification 3.0.0; Kafka channel bindings 0.5.0.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.commands import COMMAND_TYPES
from schemas.events import ACCOUNT_FACTS, CATALOGUE, REFERENCE_FACTS, TYPE_OF, accounts, orders, usage
from schemas.needs import EFFECT_TYPES
from schemas.task_events import TASK_CHANGED
from schemas.topics import CATALOGUE as TOPICS
from schemas.topics import PUBLIC_INPUTS, Topic, TopicSpec

ASYNCAPI = "3.0.0"
SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"
NO_MESSAGES = frozenset({Topic.MODELS, Topic.PROFILES})
"""Kept for references to artefacts; nothing is written to them yet."""

Document = dict[str, Any]


def document(version: str) -> Document:
    """The document; its schemas are the files beside it."""
    carried = {spec.topic: _carried(spec.topic) for spec in TOPICS}
    messages = {name: body for those in carried.values() for name, body in those.items()}
    return {
        "asyncapi": ASYNCAPI,
        "info": {
            "title": "Ringahead",
            "version": version,
            "description": "Events in, tasks and commands out. Keys are account ids unless a channel says otherwise.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel_name(spec.topic): _channel(spec, carried[spec.topic]) for spec in TOPICS},
        "operations": dict(_operation(spec) for spec in TOPICS if carried[spec.topic]),
        "components": {"messages": messages},
    }


def _carried(topic: Topic) -> dict[str, Document]:
    """Messages of a topic by name."""
    if topic in NO_MESSAGES:
        return {}
    if topic is Topic.NEEDS:
        return dict(_plain("needs", kind.model_fields["effect"].default, kind) for kind in EFFECT_TYPES)
    if topic is Topic.COMMANDS:
        return dict(_plain("commands", kind.model_fields["command"].default, kind) for kind in COMMAND_TYPES)
    if topic is Topic.DEAD_LETTERS:
        return {"dead-letter": _message("DeadLetter", _file("dead-letter"))}
    if topic is Topic.TASK_EVENTS:
        return {TASK_CHANGED: _cloud_event(TASK_CHANGED, f"task-events/{TASK_CHANGED}")}
    return {name: _cloud_event(name, f"events/{name}") for name in _event_types(topic)}


def _event_types(topic: Topic) -> Iterable[str]:
    """Any public fact is accepted on any public topic; each is listed where its sender usually writes it."""
    if topic is Topic.LOG:
        return CATALOGUE
    module = {Topic.ORDERS: orders, Topic.USAGE: usage, Topic.ACCOUNTS: accounts}[topic]
    own = [TYPE_OF[fact] for fact in ACCOUNT_FACTS if fact.__module__ == module.__name__]
    return [*own, *(TYPE_OF[fact] for fact in REFERENCE_FACTS)] if topic is Topic.ACCOUNTS else own


def _channel(spec: TopicSpec, carried: Iterable[str]) -> Document:
    return {
        "address": spec.topic.value,
        "title": spec.carries,
        "description": f"Written by: {spec.writer}. Key: {spec.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in carried},
        "bindings": {
            "kafka": {
                "topic": spec.topic.value,
                "topicConfiguration": {
                    "cleanup.policy": [spec.cleanup_policy],
                    "retention.ms": int(spec.configs["retention.ms"]),
                    "max.message.bytes": spec.max_message_bytes,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(spec: TopicSpec) -> tuple[str, Document]:
    """What Ringahead does with a topic: it receives from the public inputs and sends to all others."""
    action = "receive" if spec.topic in PUBLIC_INPUTS else "send"
    name = _channel_name(spec.topic)
    return f"{action}-{name}", {"action": action, "channel": {"$ref": f"#/channels/{name}"}}


def _plain(folder: str, word: str, model: type) -> tuple[str, Document]:
    return f"{folder}.{word}", _message(model.__name__, _file(f"{folder}/{word}"))


def _cloud_event(type_name: str, path: str) -> Document:
    data = {"type": "object", "properties": {"type": {"const": type_name}, "data": _file(path)}}
    return _message(type_name, {"allOf": [_file("envelope"), data]})


def _message(name: str, schema: Document) -> Document:
    payload = {"schemaFormat": SCHEMA_FORMAT, "schema": schema}
    return {"name": name, "contentType": "application/json", "payload": payload}


def _file(path: str) -> Document:
    return {"$ref": f"./{path}.json"}


def _channel_name(topic: Topic) -> str:
    return topic.value.removeprefix("ringahead.")


def whole(version: str, files: Mapping[str, Document]) -> Document:
    """The document with the schemas inside, for readers over HTTP; ``files`` are those of ``schemas/published``.

    Each schema keeps its ``$id``, so that references within it stay its own (JSON Schema 2020-12, section 9.3).
    """
    made = document(version)
    named = {f"./{path}": path.removesuffix(".json").replace("/", ".") for path in files}
    inside: Document = _pointed(made, {path: f"#/components/schemas/{name}" for path, name in named.items()})
    inside["components"]["schemas"] = {named[f"./{path}"]: body for path, body in files.items()}
    return inside


def _pointed(value: Any, places: Mapping[str, str]) -> Any:
    """The same with references to other places."""
    if isinstance(value, dict):
        return {
            key: places.get(one, one) if key == "$ref" and isinstance(one, str) else _pointed(one, places)
            for key, one in value.items()
        }
    return [_pointed(one, places) for one in value] if isinstance(value, list) else value
