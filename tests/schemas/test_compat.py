"""Each kind of change that breaks a promise is told, and those that do not are not."""

from typing import Any

import pytest

from schemas.compat import Role, incompatibilities
from schemas.publishing import published_schemas

Schema = dict[str, Any]


def thing(properties: Schema, required: list[str] | None = None, **more: Any) -> Schema:
    return {"type": "object", "properties": properties, "required": required or [], **more}


def text(**limits: Any) -> Schema:
    return thing({"name": {"type": "string", **limits}})


def number(**limits: Any) -> Schema:
    return thing({"size": {"type": "number", **limits}})


NARROWED = {
    "type": (thing({"a": {"type": ["string", "null"]}}), thing({"a": {"type": "string"}}), "a: type"),
    "number to integer": (number(), thing({"size": {"type": "integer"}}), "size: type"),
    "null no more": (
        thing({"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}}),
        thing({"a": {"type": "string"}}),
        "a: type",
    ),
    "enum": (text(enum=["x", "y"]), text(enum=["x"]), "name: enum"),
    "enum appears": (text(), text(enum=["x"]), "name: enum"),
    "minimum": (number(minimum=0), number(minimum=1), "size: minimum"),
    "minimum appears": (number(), number(minimum=0), "size: minimum"),
    "minimum becomes exclusive": (number(minimum=0), number(exclusiveMinimum=0), "size: exclusiveMinimum"),
    "maximum": (number(maximum=9), number(maximum=8), "size: maximum"),
    "maxLength": (text(maxLength=9), text(maxLength=8), "name: maxLength"),
    "minLength": (text(minLength=1), text(minLength=2), "name: minLength"),
    "pattern": (text(), text(pattern="^a"), "name: pattern"),
    "format": (text(), text(format="date"), "name: format"),
    "minItems": (
        thing({"l": {"type": "array", "items": {}}}),
        thing({"l": {"type": "array", "items": {}, "minItems": 1}}),
        "l: minItems",
    ),
    "items": (
        thing({"l": {"type": "array", "items": {"type": "string"}}}),
        thing({"l": {"type": "array", "items": {"type": "string", "maxLength": 3}}}),
        "l[]: maxLength",
    ),
    "required": (thing({"a": {}}), thing({"a": {}}, ["a"]), "a: required"),
    "required in a list": (
        thing({"l": {"type": "array", "items": thing({"a": {}})}}),
        thing({"l": {"type": "array", "items": thing({"a": {}}, ["a"])}}),
        "l[].a: required",
    ),
    "closed": (thing({}), thing({}, additionalProperties=False), "additionalProperties"),
    "values of a map": (
        thing({}, additionalProperties={"type": "number"}),
        thing({}, additionalProperties={"type": "integer"}),
        "*: type",
    ),
    "names of a map": (thing({}), thing({}, propertyNames={"maxLength": 3}), "propertyNames"),
    "pattern of names": (
        thing({}, patternProperties={"^a": {"type": "number"}}),
        thing({}, patternProperties={"^a": {"type": "number", "maximum": 3}}),
        "^a: maximum",
    ),
    "behind a reference": (
        {"$defs": {"D": text()["properties"]["name"]}, **thing({"a": {"$ref": "#/$defs/D"}})},
        {"$defs": {"D": {"type": "string", "maxLength": 1}}, **thing({"a": {"$ref": "#/$defs/D"}})},
        "a: maxLength",
    ),
    "one of two needed": (
        thing({"a": {}, "b": {}}),
        thing({"a": {}, "b": {}}, anyOf=[{"required": ["a"]}, {"required": ["b"]}]),
        "required",
    ),
    "a keyword that is not compared": (thing({}), thing({}, dependentRequired={"a": ["b"]}), "dependentRequired"),
}
EXCHANGED = {
    "type exchanged": (thing({"a": {"type": "string"}}), thing({"a": {"type": "integer"}}), "a: type"),
    "const": (text(const="x"), text(const="y"), "name: const"),
    "pattern exchanged": (text(pattern="^a"), text(pattern="^b"), "name: pattern"),
    "prefixItems": (
        thing({"l": {"type": "array", "prefixItems": [{"type": "string"}], "maxItems": 1}}),
        thing({"l": {"type": "array", "prefixItems": [{"type": "integer"}], "maxItems": 1}}),
        "l[0]: type",
    ),
}


@pytest.mark.parametrize("kind", NARROWED)
def test_narrowing_breaks_who_writes_to_us(kind: str) -> None:
    wide, narrow, told = NARROWED[kind]
    (line,) = incompatibilities(wide, narrow)
    assert told in line
    assert "what was accepted is refused" in line


@pytest.mark.parametrize("kind", NARROWED)
def test_narrowing_harms_nobody_who_reads_us(kind: str) -> None:
    wide, narrow, _ = NARROWED[kind]
    assert incompatibilities(wide, narrow, Role.OUTPUT) == []


@pytest.mark.parametrize("kind", NARROWED)
def test_widening_breaks_who_reads_us(kind: str) -> None:
    wide, narrow, told = NARROWED[kind]
    (line,) = incompatibilities(narrow, wide, Role.OUTPUT)
    assert told in line
    assert "readers do not expect it" in line


@pytest.mark.parametrize("kind", NARROWED)
def test_widening_harms_nobody_who_writes_to_us(kind: str) -> None:
    wide, narrow, _ = NARROWED[kind]
    assert [line for line in incompatibilities(narrow, wide) if "is gone" not in line] == []


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", EXCHANGED)
def test_an_exchange_breaks_both_sides(kind: str, role: Role) -> None:
    before, after, told = EXCHANGED[kind]
    (line,) = incompatibilities(before, after, role)
    assert told in line


@pytest.mark.parametrize("role", Role)
def test_a_property_that_is_gone_is_told_to_both_sides(role: Role) -> None:
    old, new = thing({"a": {}, "l": {"type": "array", "items": thing({"b": {}})}}), thing({"l": {"type": "array"}})
    new["properties"]["l"]["items"] = thing({})
    assert incompatibilities(old, new, role) == ["a: the property is gone", "l.b: the property is gone"]


@pytest.mark.parametrize("role", Role)
def test_another_default_means_something_else_where_it_is_left_out(role: Role) -> None:
    (line,) = incompatibilities(text(default="each"), text(default="box"), role)
    assert line.startswith("name: default was each, is box")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("one", published_schemas(), ids=lambda one: one.path)
def test_every_schema_is_compatible_with_itself(one: Any, role: Role) -> None:
    assert incompatibilities(one.schema, one.schema, role) == []


def test_a_new_optional_property_harms_nobody() -> None:
    old, new = thing({"a": {}}), thing({"a": {}, "b": {"type": "string"}})
    assert incompatibilities(old, new, Role.INPUT) == []
    assert incompatibilities(old, new, Role.OUTPUT) == []


def test_a_promised_field_that_may_be_left_out_breaks_readers_only() -> None:
    old, new = thing({"a": {}}, ["a"]), thing({"a": {}})
    assert incompatibilities(old, new, Role.INPUT) == []
    assert incompatibilities(old, new, Role.OUTPUT) == ["a: required was True, is False: readers do not expect it"]


def test_words_may_become_free_text_for_who_writes_to_us() -> None:
    assert incompatibilities(text(enum=["x", "yy"]), text(maxLength=2, pattern="^[a-z]+$")) == []
    assert incompatibilities(text(enum=["x", "yyy"]), text(maxLength=2)) != []


def test_schemas_that_contain_themselves_are_compared() -> None:
    tree = {"$defs": {"T": thing({"child": {"$ref": "#/$defs/T"}})}, "$ref": "#/$defs/T"}
    assert incompatibilities(tree, tree) == []
