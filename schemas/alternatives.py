"""Reading a JSON Schema: references, alternatives, types, closed lists of values."""

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

NOTHING: Schema = {"not": {}}
"""The schema ``false``, spelt as an object."""

_TYPE_OF_VALUE = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def resolve(schema: Any, root: Schema) -> Schema:
    """The schema itself, behind references into the same document; keys beside a reference are kept."""
    if schema is True:
        return {}
    if schema is False:
        return NOTHING
    one: Schema = schema
    while "$ref" in one:
        target: Any = root
        for part in one["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        one = {**target, **{key: value for key, value in one.items() if key != "$ref"}}
    return one


def alternatives(schema: Any, root: Schema) -> list[Schema]:
    """The schema as a list of schemas of one type each, without anyOf and oneOf; empty: nothing is valid."""
    one = resolve(schema, root)
    if one is NOTHING:
        return []
    for keyword in ("anyOf", "oneOf"):
        if keyword in one:
            base = {key: value for key, value in one.items() if key != keyword}
            branches = [branch for choice in one[keyword] for branch in alternatives(choice, root)]
            return [each for branch in branches for each in alternatives(_both(base, branch), root)]
    kinds = one.get("type")
    if isinstance(kinds, list):
        return [{**one, "type": kind} for kind in kinds]
    return [one]


def types_of(schema: Schema) -> frozenset[str]:
    """Types that a schema without alternatives accepts; empty: any. An integer is a number too."""
    kind = schema.get("type")
    words = permitted(schema)
    if kind is None and words is not None:
        found = frozenset(_TYPE_OF_VALUE.get(type(word), "object") for word in words)
    else:
        found = frozenset() if kind is None else frozenset({kind})
    return found | {"integer"} if "number" in found else found


def permitted(schema: Schema) -> Sequence[Any] | None:
    """The closed list of values, or None where there is none."""
    if "const" in schema:
        return [schema["const"]]
    words = schema.get("enum")
    return None if words is None else list(words)


def _both(base: Schema, branch: Schema) -> Schema:
    """What is valid under both, as far as models write it: fields of either, what either requires."""
    merged = {**base, **branch}
    if "properties" in base and "properties" in branch:
        merged["properties"] = {**base["properties"], **branch["properties"]}
    if "required" in base and "required" in branch:
        merged["required"] = sorted({*base["required"], *branch["required"]})
    return merged
