"""Letters of events in CloudEvents' binary mode: a replay is the same event again, headers and all."""

import json
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from ops.letter_places import outputs_of
from outreach.memory import MemoryStore
from outreach.ports import Transaction
from schemas.dead_letters import KEPT_BYTES, KEPT_HEADERS_BYTES, DeadLetter, Edited, dead_letter
from schemas.envelope import decode
from schemas.errors import DeadLetterReason, Refused
from schemas.topics import SPEC, Topic
from streams.ingest import REPLAY_HEADER, IngestRules, ingest
from streams.letters import LetterDesk, Replayed, Settle
from streams.microbatch.ports import Record
from tests.outreach.made import NOW, clock

NOW_MS = int(NOW.timestamp() * 1000)
DATA = b'{"order_id": "1", "lines": [{"sku": "X", "quantity": 2}]}'
HEADERS = (
    ("ce_specversion", b"1.0"),
    ("ce_type", b"ringahead.OrderPlaced.v1"),
    ("ce_source", b"erp"),
    ("ce_id", b"o-1"),
    ("ce_subject", b"acme"),
    ("ce_time", b"2024-03-01T10:00:00Z"),
    ("content-type", b"application/json"),
    ("x-somebody", b"else"),
)


@dataclass
class Sent:
    """A place that takes everything."""

    replayed: list[Replayed] = field(default_factory=list)

    def __call__(self, one: Replayed) -> Settle:
        self.replayed.append(one)

        def settle(_: Transaction) -> str:
            return "ringahead.orders/1/99"

        return settle


def refused(key: bytes | None = None, raw: bytes = DATA) -> DeadLetter:
    """The letter of a binary record, as it comes back from its topic."""
    letter = ingest(Record(Topic.ORDERS, 1, 77, NOW_MS, key, raw, HEADERS), IngestRules())
    assert isinstance(letter, DeadLetter)
    return DeadLetter.model_validate_json(letter.model_dump_json())


def desk_with(letter: DeadLetter) -> tuple[LetterDesk, Sent]:
    store, sent = MemoryStore(lambda: NOW), Sent()
    with store.begin() as tx:
        tx.clocks.put([clock()])
        tx.dead_letters.put([letter])
    return LetterDesk(store, IngestRules(), sent, lambda: NOW_MS), sent


def test_a_refused_binary_event_is_replayed_as_the_event_that_it_was() -> None:
    letter = refused(key=None)
    assert letter.reason is DeadLetterReason.EMPTY_KEY
    assert dict(letter.headers) == dict(HEADERS[:-1])
    desk, sent = desk_with(letter)
    with pytest.raises(Refused, match="empty_key"):
        desk.replay(letter.letter_id, "ann")
    desk.edit(letter.letter_id, Edited(b"acme", letter.raw), "ann")
    desk.replay(letter.letter_id, "ann")
    (one,) = sent.replayed
    event = decode(one.entry.value)
    assert (event.source, event.id, event.subject, event.replay_of) == ("erp", "o-1", "acme", letter.letter_id)
    (output,) = outputs_of(one, partitions=4)
    assert output.headers == (*HEADERS[:-1], (REPLAY_HEADER, letter.letter_id.encode()))
    again = ingest(Record(output.topic, 1, 99, NOW_MS, output.key, output.value, output.headers), IngestRules())
    assert again == one.entry


def test_its_body_may_be_mended_or_all_of_it_be_made_a_structured_event() -> None:
    letter = refused(b"acme", DATA.replace(b"2", b"-2"))
    whole = {name[3:]: value.decode() for name, value in HEADERS if name.startswith("ce_")} | {"data": json.loads(DATA)}
    for mended in (DATA, json.dumps(whole).encode()):
        desk, sent = desk_with(letter)
        desk.edit(letter.letter_id, Edited(b"acme", mended), "ann")
        desk.replay(letter.letter_id, "ann")
        (one,) = sent.replayed
        assert ("ce_id" in dict(one.record.headers)) == (mended == DATA)
        assert decode(one.entry.value).id == "o-1"


def test_letters_without_headers_are_written_as_before_and_those_of_before_are_read() -> None:
    letter = dead_letter(
        source="ringahead.orders", partition=0, offset=1, key=b"acme", raw=b"{", reason=DeadLetterReason.NOT_JSON,
        detail="", first_seen=NOW - timedelta(days=1), headers=(("traceparent", b"00-1"),),
    )  # fmt: skip
    written = letter.model_dump_json()
    assert "headers" not in written, "a desk of the release before refuses fields that it does not know"
    assert DeadLetter.model_validate_json(written).headers == ()


def test_headers_that_fit_no_letter_are_counted() -> None:
    large = (
        *HEADERS,
        ("ce_more", b"x" * 3_000_000),
        ("ce_most", b"\0" * (KEPT_HEADERS_BYTES - 1000)),
        ("ce_null", None),
    )
    letter = dead_letter(
        source="ringahead.orders", partition=0, offset=1, key=b"k" * 20_000, raw=b"\xff" * (KEPT_BYTES + 1),
        reason=DeadLetterReason.TOO_LARGE, detail="d" * 500, first_seen=NOW, headers=large,
    )  # fmt: skip
    assert "1 headers are not kept" in letter.detail
    assert dict(letter.headers)["ce_null"] is None
    assert "ce_more" not in dict(letter.headers)
    assert len(letter.model_dump_json()) < SPEC[Topic.DEAD_LETTERS].max_message_bytes - 1000
