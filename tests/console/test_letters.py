"""Dead letters in the console: browse, edit, replay, discard; each with its audit, and nothing twice."""

import json
from dataclasses import dataclass, field

import pytest

from console.access import add_user
from outreach.ports import Transaction
from outreach.records import AuditEntry
from schemas.dead_letters import DeadLetter, dead_letter
from schemas.errors import DeadLetterReason
from streams.ingest import IngestRules
from streams.letters import LetterDesk, Replayed, Settle
from tests.console.conftest import Site
from tests.console.seeds import NOW

GOOD = {
    "specversion": "1.0", "id": "o-1", "source": "erp", "type": "ringahead.OrderPlaced.v1", "subject": "A1",
    "time": "2011-12-01T10:00:00Z", "data": {"order_id": "1", "lines": [{"sku": "X", "quantity": 2}]},
}  # fmt: skip
BAD = json.dumps({**GOOD, "data": {"order_id": "1", "lines": [{"sku": "X", "quantity": -2}]}})


@dataclass
class Sent:
    """A log that takes everything."""

    replayed: list[Replayed] = field(default_factory=list)

    def __call__(self, one: Replayed) -> Settle:
        def settle(_: Transaction) -> str:
            self.replayed.append(one)
            return f"ringahead.orders/0/{900 + len(self.replayed)}"

        return settle


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def letters(make_site, sent: Sent) -> Site:
    site: Site = make_site()
    desk = LetterDesk(site.store, IngestRules(), sent, lambda: int(NOW.timestamp() * 1000))
    object.__setattr__(site.app.state.console, "letters", desk)
    with site.store.begin() as tx:
        tx.dead_letters.put([letter(1, BAD), letter(2, "{", DeadLetterReason.NOT_JSON)])
    return site


def letter(offset: int, raw: str, reason: DeadLetterReason = DeadLetterReason.NEGATIVE_QUANTITY) -> DeadLetter:
    return dead_letter(
        source="ringahead.orders", partition=0, offset=offset, key=b"A1", raw=raw.encode(), reason=reason,
        detail="data.lines.0.quantity: must be positive", first_seen=NOW,
    )  # fmt: skip


def audit(site: Site, letter_id: str) -> list[AuditEntry]:
    with site.store.read() as tx:
        return tx.audit.about(subject=f"letter:{letter_id}")


def test_edit_then_replay_sends_the_edited_message_with_its_origin_and_keeps_who_did(letters: Site, sent: Sent) -> None:
    caller = letters.as_role("operator", "/operator/letters")
    about = "ringahead.orders/0/1"
    assert "quantity" in caller.get("/operator/letter", params={"id": about}).text
    refused = caller.post("/operator/letter/replay", data={"letter_id": about})
    assert "Nothing was done" in refused.text, "it would be refused again"
    assert not sent.replayed
    saved = caller.post("/operator/letter/edit", data={"letter_id": about, "key": "A1", "raw": json.dumps(GOOD)})
    assert "The edit is kept" in saved.text
    done = caller.post("/operator/letter/replay", data={"letter_id": about})
    assert "ringahead.orders/0/901" in done.text
    (one,) = sent.replayed
    assert one.record.topic == "ringahead.orders"
    assert dict(one.record.headers) == {"ringahead-replay-of": about.encode()}
    assert b'"replayof":"ringahead.orders/0/1"' in one.entry.value
    replayed, edited = audit(letters, about)
    assert (replayed.event, replayed.actor, replayed.before, replayed.after) == (
        "letter_replayed", "operator-1", "waiting", "replayed",
    )  # fmt: skip
    assert edited.event == "letter_edited"
    assert edited.before and edited.after
    assert edited.before != edited.after
    again = caller.post("/operator/letter/replay", data={"letter_id": about})
    assert "Nothing was done" in again.text
    assert len(sent.replayed) == 1


def test_what_an_operator_discards_stays_readable(letters: Site) -> None:
    caller = letters.as_role("operator", "/operator/letters")
    about = "ringahead.orders/0/2"
    assert caller.post("/operator/letter/discard", data={"letter_id": about}).status_code == 422, "say why"
    caller.post("/operator/letter/discard", data={"letter_id": about, "why": "a test of the ERP"})
    assert about not in caller.get("/operator/letters").text
    assert about in caller.get("/operator/letters?settled=true").text
    (entry,) = audit(letters, about)
    assert (entry.event, entry.detail, entry.after) == ("letter_discarded", "a test of the ERP", "discarded")


def test_letters_of_one_reason_are_replayed_together_and_bad_ones_wait(letters: Site, sent: Sent) -> None:
    with letters.store.begin() as tx:
        for offset in (11, 12):
            good = json.dumps({**GOOD, "id": f"o-{offset}"})
            tx.dead_letters.put([letter(offset, good, DeadLetterReason.UNKNOWN_SKU)])
        tx.dead_letters.put([letter(13, "{", DeadLetterReason.UNKNOWN_SKU)])
    caller = letters.as_role("operator", "/operator/letters?reason=unknown_sku")
    said = caller.post("/operator/letters/replay", data={"reason": "unknown_sku", "page": "0"}).text
    assert "2 replayed, 1 would be refused again" in said
    assert [one.record.offset for one in sent.replayed] == [11, 12]


def test_browsing_by_reason_and_page(letters: Site) -> None:
    with letters.store.begin() as tx:
        tx.dead_letters.put([letter(100 + n, "{", DeadLetterReason.TOO_DEEP) for n in range(60)])
    caller = letters.as_role("operator")
    first = caller.get("/operator/letters?reason=too_deep").text
    assert first.count("/operator/letter?id=") == 50
    assert "Older" in first
    second = caller.get("/operator/letters?reason=too_deep&page=1").text
    assert second.count("/operator/letter?id=") == 10
    assert "No dead letter waits here" in caller.get("/operator/letters?reason=empty_key").text


def test_a_second_refusal_shows_where_it_comes_from_and_evil_stays_text(letters: Site) -> None:
    evil = "<script>alert(1)</script>"
    with letters.store.begin() as tx:
        tx.dead_letters.put([letter(5, evil).model_copy(update={"replay_of": "ringahead.orders/0/1"})])
    page = letters.as_role("operator").get("/operator/letter", params={"id": "ringahead.orders/0/5"}).text
    assert "replay of ringahead.orders/0/1" in page
    assert evil not in page


def test_who_may_and_what_is_not_there(letters: Site) -> None:
    assert letters.as_role("supervisor").get("/operator/letters").status_code == 403
    assert letters.as_role("operator").get("/operator/letter?id=none/0/0").status_code == 404
    with letters.store.begin() as tx:
        add_user(tx, "else", "operator", None)
    object.__setattr__(letters.app.state.console, "letters", None)
    caller = letters.as_role("operator", "/operator/letters")
    said = caller.post("/operator/letter/replay", data={"letter_id": "ringahead.orders/0/1"}).text
    assert "This process cannot replay" in said


def test_a_message_that_is_no_text_is_not_edited_in_a_form(letters: Site) -> None:
    with letters.store.begin() as tx:
        raw = letter(7, "x").model_copy(update={"raw_base64": "/w=="})
        tx.dead_letters.put([raw])
    page = letters.as_role("operator").get("/operator/letter", params={"id": "ringahead.orders/0/7"}).text
    assert "This message is no text" in page
    assert "<textarea" not in page
