"""Acts on letters as JSON: what a running embedded server is asked by the command line, and how it is answered."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from schemas.dead_letters import Edited
from schemas.errors import BadInput
from streams.letters import LetterDesk

ACTOR = "ringahead dead-letters"


def answer(desk: LetterDesk, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do what was asked; raises Refused, NotFound, BadInput, Unavailable."""
    ids = [str(one) for one in asked.get("letters", [])]
    actor = str(asked.get("actor", ACTOR))
    match asked.get("do"):
        case "replay":
            found = desk.replay_many(ids, actor)
            return {"done": found.done, "refused": found.refused}
        case "discard":
            for letter_id in ids:
                desk.discard(letter_id, str(asked.get("why", "")), actor)
            return {"done": len(ids), "refused": {}}
        case "edit":
            desk.edit(ids[0], edited_from(asked), actor)
            return {"done": 1, "refused": {}}
        case other:
            raise BadInput(f"letters: {other!r} is none of replay, discard, edit")


def edited_json(edited: Edited) -> dict[str, Any]:
    """An edit as JSON."""
    key = None if edited.key is None else b64encode(edited.key).decode()
    return {"key_base64": key, "raw_base64": b64encode(edited.raw).decode()}


def edited_from(asked: Mapping[str, Any]) -> Edited:
    """The edit that `edited_json` told; raises BadInput."""
    try:
        key = asked.get("key_base64")
        return Edited(None if key is None else b64decode(key), b64decode(asked["raw_base64"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"letters: the edit cannot be read: {error}") from None
