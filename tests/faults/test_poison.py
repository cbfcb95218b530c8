"""One record in a hundred is bad: one letter for each, with bytes, place and reason; the good ones all pass."""

import json
import time
from collections import Counter

from schemas.dead_letters import DeadLetter
from schemas.topics import Topic
from tests.comparing import ALL, whole_topic
from tests.faults.load import Load
from tests.faults.poison import POISONS, Poisoned
from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge


def test_one_record_in_a_hundred_is_bad(stage: Stage, row: Figures) -> None:
    with row("poison 1 %") as figures:
        poisoned = Poisoned(stage.story)
        stage.load.send(poisoned.products())
        stage.begin()
        earlier = stage.load
        stage.load = Load(stage.kafka.bootstrap, poisoned.endless(), stage.size.rate)
        stage.load.ids |= earlier.ids
        with stage.load:
            time.sleep(stage.size.load_seconds)
            while len(poisoned.kinds) < len(POISONS):
                time.sleep(0.5)
        stage.settle()
        with stage.store.read() as tx:
            letters = tx.dead_letters.listed(limit=ALL)
        figures.faults = poisoned.bad.total()
        found = Counter((letter.reason.value, _raw(letter)) for letter in letters)
        wanted = Counter({(reason, _shape(reason, raw)): n for (reason, raw), n in poisoned.bad.items()})
        figures.more |= {"kinds": len(poisoned.kinds), "letters": found.total()}
        assert found == wanted, f"missing {_short(wanted - found)}, not expected {_short(found - wanted)}"
        _places_are_right(stage, letters)
        judge(stage, figures)
        earlier.ids |= stage.load.ids
        stage.load = earlier


def _shape(reason: str, raw: bytes) -> bytes:
    """What the fold refuses it has from the log, where the same event is written in our own way."""
    return json.dumps(json.loads(raw)["id"]).encode() if reason == "unknown_sku" else raw


def _raw(letter: DeadLetter) -> bytes:
    return _shape(letter.reason.value, letter.raw)


def _short(letters: Counter[tuple[str, bytes]]) -> list[str]:
    return [f"{n} x {reason} {raw[:80]!r}" for (reason, raw), n in letters.items()][:5]


def _places_are_right(stage: Stage, letters: list[DeadLetter]) -> None:
    """At each letter's place lies the record that it keeps."""
    for topic in (Topic.ORDERS.value, Topic.LOG.value):
        records = {(record.partition, record.offset): record for record in whole_topic(stage.settings, topic)}
        for letter in (letter for letter in letters if letter.source == topic):
            assert (records[letter.partition, letter.offset].value or b"") == letter.raw
