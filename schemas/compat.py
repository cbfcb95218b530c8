"""Does a changed JSON Schema keep what the old one promised?

One question answers both sides: what may the *writer* send that the *reader* refuses? For what others write (input)
the old schema is the writer's and the new one the reader's; for what we write (output) it is the other way round. On
top of that, on both sides: a property must not vanish, and leaving one out (its default) must not change its meaning.

Covers the keywords that our models produce, and tells of any other that differs. A property that is new and optional is
compatible, although an open object might have carried one of the same name.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas.alternatives import Schema, alternatives, permitted, types_of


class Role(StrEnum):
    """Who relies on a schema."""

    INPUT = "input"
    """Others write it, or it lies in the log for ever: what was accepted once must be accepted always."""
    OUTPUT = "output"
    """We write it: what was promised once must be kept."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a writer may send and a reader refuses."""

    path: str
    keyword: str
    writer: Any
    reader: Any


_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EQUAL = ("pattern", "format", "multipleOf", "uniqueItems", "contentEncoding")
_STRUCTURE = frozenset(
    {"type", "const", "enum", "properties", "required", "additionalProperties", "patternProperties", "propertyNames"}
    | {"items", "prefixItems", "$ref"}
)
_NO_MEANING = frozenset(
    {
        "$schema",
        "$id",
        "$defs",
        "$comment",
        "title",
        "description",
        "default",
        "examples",
        "discriminator",
        "deprecated",
    }
)
_COMPARED = _STRUCTURE | _NO_MEANING | {*_LOWER, *_UPPER, *_EQUAL}


def incompatibilities(old: Schema, new: Schema, role: Role = Role.INPUT) -> list[str]:
    """What somebody who relies on the old schema would miss in the new one; empty: nothing."""
    fields = _Fields(old, new)
    told = [f"{path}: the property is gone" for path in fields.vanished()]
    told += [
        f"{path}: default was {before}, is {after}: leaving it out means something else"
        for path, before, after in fields.defaults()
    ]
    told += _refused(old, new) if role is Role.INPUT else _unexpected(old, new)
    return list(dict.fromkeys(line.removeprefix(": ") for line in told))


def _refused(old: Schema, new: Schema) -> list[str]:
    return [
        f"{fault.path}: {fault.keyword} was {fault.writer}, is {fault.reader}: what was accepted is refused"
        for fault in _Comparison(old, new).refusals("", old, new)
    ]


def _unexpected(old: Schema, new: Schema) -> list[str]:
    return [
        f"{fault.path}: {fault.keyword} was {fault.reader}, is {fault.writer}: readers do not expect it"
        for fault in _Comparison(new, old).refusals("", new, old)
    ]


class _Comparison:
    """Two documents; definitions are looked up in each its own."""

    def __init__(self, writer_root: Schema, reader_root: Schema) -> None:
        self._writer_root = writer_root
        self._reader_root = reader_root
        self._open: set[tuple[str, str]] = set()

    def refusals(self, path: str, writer: Any, reader: Any) -> list[Fault]:
        """Faults of anything that the writer may send at this place."""
        names = (str(_ref(writer)), str(_ref(reader)))
        if names in self._open and "None" not in names:
            return []
        self._open.add(names)
        try:
            readers = alternatives(reader, self._reader_root)
            return [
                fault
                for one in alternatives(writer, self._writer_root)
                for fault in self._against_any(path, one, readers)
            ]
        finally:
            self._open.discard(names)

    def _against_any(self, path: str, writer: Schema, readers: list[Schema]) -> list[Fault]:
        """No fault if one alternative of the reader takes it all, else the faults of the one that is nearest."""
        found = [list(self._against(path, writer, reader)) for reader in readers]
        if not found:
            return [Fault(path, "type", types_of(writer) or "anything", "nothing")]
        same_kind = [faults for faults in found if not any(f.path == path and f.keyword == "type" for f in faults)]
        if same_kind:
            return min(same_kind, key=len)
        kinds = sorted({kind for reader in readers for kind in types_of(reader)})
        return [Fault(path, "type", sorted(types_of(writer)) or "anything", kinds)]

    def _against(self, path: str, writer: Schema, reader: Schema) -> Iterator[Fault]:
        if not _type_fits(writer, reader):
            yield Fault(path, "type", sorted(types_of(writer)) or "anything", sorted(types_of(reader)))
            return
        yield from _word_faults(path, writer, reader)
        yield from _bound_faults(path, writer, reader)
        yield from self._object_faults(path, writer, reader)
        yield from self._array_faults(path, writer, reader)
        for keyword in sorted(reader.keys() - _COMPARED):
            if writer.get(keyword) != reader[keyword]:
                yield Fault(path, keyword, writer.get(keyword), reader[keyword])

    def _object_faults(self, path: str, writer: Schema, reader: Schema) -> Iterator[Fault]:
        ours, theirs = writer.get("properties", {}), reader.get("properties", {})
        for name in sorted(set(reader.get("required", ())) - set(writer.get("required", ()))):
            yield Fault(_join(path, name), "required", False, True)
        rest = reader.get("additionalProperties", True)
        for name in ours:
            if name in theirs:
                yield from self.refusals(_join(path, name), ours[name], theirs[name])
            elif rest is not True:
                yield from self.refusals(_join(path, name), ours[name], rest)
        if rest is not True and "object" in types_of(reader):
            yield from self._rest_faults(path, writer, reader)
        for keyword in ("patternProperties", "propertyNames"):
            yield from self._named_faults(path, keyword, writer, reader)

    def _rest_faults(self, path: str, writer: Schema, reader: Schema) -> Iterator[Fault]:
        ours, theirs = writer.get("additionalProperties", True), reader["additionalProperties"]
        if theirs is False and ours is not False:
            yield Fault(path, "additionalProperties", ours, False)
        elif ours is not False:
            yield from self.refusals(_join(path, "*"), ours, theirs)

    def _named_faults(self, path: str, keyword: str, writer: Schema, reader: Schema) -> Iterator[Fault]:
        theirs = reader.get(keyword)
        if theirs is None or writer.get(keyword) == theirs:
            return
        ours = writer.get(keyword)
        if keyword == "propertyNames" or ours is None or ours.keys() != theirs.keys():
            yield Fault(path, keyword, ours, theirs)
            return
        for pattern in theirs:
            yield from self.refusals(_join(path, pattern), ours[pattern], theirs[pattern])

    def _array_faults(self, path: str, writer: Schema, reader: Schema) -> Iterator[Fault]:
        if "items" in reader or "prefixItems" in reader:
            ours, theirs = writer.get("prefixItems", []), reader.get("prefixItems", [])
            for place in range(max(len(ours), len(theirs))):
                sent = ours[place] if place < len(ours) else writer.get("items", True)
                taken = theirs[place] if place < len(theirs) else reader.get("items", True)
                yield from self.refusals(f"{path}[{place}]", sent, taken)
            if writer.get("maxItems") != len(ours) or not ours:
                yield from self.refusals(f"{path}[]", writer.get("items", True), reader.get("items", True))


def _type_fits(writer: Schema, reader: Schema) -> bool:
    taken = types_of(reader)
    return not taken or (bool(types_of(writer)) and types_of(writer) <= taken)


def _word_faults(path: str, writer: Schema, reader: Schema) -> Iterator[Fault]:
    """Closed lists of words: const and enum."""
    sent, taken = permitted(writer), permitted(reader)
    if taken is None:
        return
    if sent is None or any(word not in taken for word in sent):
        yield Fault(path, "enum" if "enum" in reader or "enum" in writer else "const", sent or "anything", taken)


def _bound_faults(path: str, writer: Schema, reader: Schema) -> Iterator[Fault]:
    words = permitted(writer)
    if words is not None and (permitted(reader) is not None or all(_admits(reader, word) for word in words)):
        return
    for keyword in _LOWER:
        if keyword in reader and (_lowest(writer, keyword) is None or _lowest(writer, keyword) < reader[keyword]):
            yield Fault(path, keyword, writer.get(keyword), reader[keyword])
    for keyword in _UPPER:
        if keyword in reader and (_highest(writer, keyword) is None or _highest(writer, keyword) > reader[keyword]):
            yield Fault(path, keyword, writer.get(keyword), reader[keyword])
    for keyword in _EQUAL:
        if keyword in reader and writer.get(keyword) != reader[keyword]:
            yield Fault(path, keyword, writer.get(keyword), reader[keyword])


def _admits(reader: Schema, word: Any) -> bool:
    """Whether one known word keeps to the bounds of a text."""
    if not isinstance(word, str):
        return not reader.keys() & {*_LOWER, *_UPPER, *_EQUAL}
    within = reader.get("minLength", 0) <= len(word) <= reader.get("maxLength", len(word))
    return within and re.search(reader.get("pattern", ""), word) is not None and "format" not in reader


def _lowest(schema: Schema, keyword: str) -> Any:
    """The bound in the keyword's own sense; an exclusive one is also an inclusive one, not the other way round."""
    return schema.get(keyword, schema.get("exclusiveMinimum") if keyword == "minimum" else None)


def _highest(schema: Schema, keyword: str) -> Any:
    return schema.get(keyword, schema.get("exclusiveMaximum") if keyword == "maximum" else None)


class _Fields:
    """Objects at the same place of both schemas, with their properties, outermost first."""

    def __init__(self, old_root: Schema, new_root: Schema) -> None:
        self._old_root = old_root
        self._new_root = new_root

    def vanished(self) -> Iterator[str]:
        """Properties of the old schema that the new one does not name any more."""
        for place, before, after in self._shared("", self._old_root, self._new_root, frozenset()):
            yield from (_join(place, name) for name in before if name not in after)

    def defaults(self) -> Iterator[tuple[str, Any, Any]]:
        """Properties whose default changed: place, before, after."""
        for place, before, after in self._shared("", self._old_root, self._new_root, frozenset()):
            for name in sorted(before.keys() & after.keys()):
                told = before[name].get("default", "none"), after[name].get("default", "none")
                if told[0] != told[1]:
                    yield _join(place, name), *told

    def _shared(
        self, path: str, old: Any, new: Any, above: frozenset[str | None]
    ) -> Iterator[tuple[str, Schema, Schema]]:
        olds, news = _objects(old, self._old_root), _objects(new, self._new_root)
        if not olds or not news or (_ref(old) in above and _ref(old)):
            return
        before = {name: field for each in olds for name, field in each.get("properties", {}).items()}
        after = {name: field for each in news for name, field in each.get("properties", {}).items()}
        yield path, before, after
        for name in sorted(before.keys() & after.keys()):
            yield from self._shared(_join(path, name), before[name], after[name], above | {_ref(old)})


def _objects(schema: Any, root: Schema) -> list[Schema]:
    """Objects that stand at a place: itself, an alternative, or what a list consists of."""
    found = []
    for one in alternatives(schema, root):
        if "object" in types_of(one):
            found.append(one)
        elif "array" in types_of(one) and isinstance(one.get("items"), Mapping):
            found += [each for each in alternatives(one["items"], root) if "object" in types_of(each)]
    return found


def _ref(schema: Any) -> str | None:
    return schema.get("$ref") if isinstance(schema, Mapping) else None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
