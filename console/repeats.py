"""Which events came before through this process, so that a receipt can say it.

They are kept like the first time all the same: whether an event counts is the fold's to say. It knows an account's last
256 events; one whose first copy became a dead letter counts when it comes again.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from console.ports import EventOutcome
from schemas.ids import event_key

REMEMBERED = 100_000


class _Named(msgspec.Struct):
    """What names an event."""

    source: str
    id: str


class Repeats:
    """The newest so many names of events, as hashes; gone with the process, unknown to others."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._lock = threading.Lock()
        self._seen: OrderedDict[int, None] = OrderedDict()

    def told(self, events: Sequence[bytes], outcomes: Sequence[EventOutcome]) -> list[EventOutcome]:
        """The outcomes, ``accepted`` made ``duplicate`` where the same source and id were accepted before."""
        with self._lock:
            return [self._judged(raw, one) for raw, one in zip(events, outcomes, strict=True)]

    def _judged(self, raw: bytes, outcome: EventOutcome) -> EventOutcome:
        if outcome.outcome != "accepted":
            return outcome
        try:
            named = msgspec.json.decode(raw, type=_Named)
        except msgspec.DecodeError:  # a key that is there twice is read in another way at the gate; it is kept already
            return outcome
        key = event_key(named.source, named.id)
        known = key in self._seen
        self._seen[key] = None
        self._seen.move_to_end(key)
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
        return replace(outcome, outcome="duplicate") if known else outcome
