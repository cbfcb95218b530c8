"""Suggestions by objective for everybody, what is left out, and what counts as changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from benchmarks._shops import FIRST_DAY, shop
from forecasting.history import OrderDays
from outreach.memory import MemoryStore
from outreach.records import Showing, Suggestion
from schemas.envelope import Event
from schemas.errors import ArtefactRefused, Refused
from schemas.events.accounts import AccountRegistered
from schemas.events.ours import ProductChanged
from streams import suggesting

AT = datetime.fromordinal(FIRST_DAY + 300).replace(tzinfo=UTC)
KEPT = 4


def registered() -> suggesting.Known:
    known = suggesting.Known()
    facts: list[tuple[str, object]] = [
        ("", ProductChanged(sku="5-dozen", group="5", name="Five", unit_factor=Decimal(12), unit_price=Decimal(24))),
        ("", ProductChanged(sku="5", name="Five, one", unit_price=Decimal(3), margin_share=0.4, category="odd")),
        ("", ProductChanged(sku="6", name="Six", available=False)),
        ("7", AccountRegistered(trade="florist")),
    ]
    known.add(Event(id=str(n), source="t", subject=who, time=AT, fact=fact) for n, (who, fact) in enumerate(facts))
    return known


@pytest.fixture(scope="module")
def history() -> OrderDays:
    made = shop(accounts=150, products=60, kinds=4)
    return replace(
        made, account_ids=[str(int(n[1:])) for n in made.account_ids], skus=[str(int(n[1:])) for n in made.skus]
    )


@pytest.fixture(scope="module")
def learnt(history: OrderDays) -> tuple[suggesting.InForce, bytes]:
    return suggesting.learn(history, AT, registered())


def made(history: OrderDays, learnt: tuple[suggesting.InForce, bytes], **more: object) -> list[Suggestion]:
    chunks = suggesting.rows(learnt[0], history, AT, registered(), kept=KEPT, **more)  # type: ignore[arg-type]
    return [row for _, rows in chunks for row in rows]


def of(rows: list[Suggestion], account: str) -> list[Suggestion]:
    return [row for row in rows if row.account_id == account]


def test_the_catalogue_speaks_of_groups() -> None:
    known = registered().catalogue()
    assert known.price == {"5": 2.0}
    assert known.unavailable == {"6"}
    assert "Five" in known.words["5"]


def test_every_account_has_each_objectives_list_and_rows_are_numbered(history, learnt) -> None:
    rows = made(history, learnt)
    bought = {(history.account_ids[a], history.skus[s]) for a, s in zip(history.account, history.sku, strict=True)}
    for account in {row.account_id for row in rows}:
        mine = of(rows, account)
        assert [row.rank for row in mine] == list(range(1, len(mine) + 1))
        for objective in ("efficiency", "variety", "innovation"):
            places = sorted(getattr(row, objective) for row in mine if getattr(row, objective))
            assert places == list(range(1, KEPT + 1))
    known = history.before(AT.toordinal())
    bought = {(known.account_ids[a], known.skus[s]) for a, s in zip(known.account, known.sku, strict=True)}
    assert not bought & {(row.account_id, row.sku) for row in rows}
    assert "6" not in {row.sku for row in rows}, "it cannot be had"
    assert all(row.version == learnt[0].version and row.as_of == AT for row in rows)


def test_small_numbers_are_neither_said_nor_kept(history, learnt) -> None:
    rows = made(history, learnt)
    told = [row for row in rows if row.buyers is not None]
    assert told
    assert all(row.buyers >= 10 and row.buyers / row.neighbours >= 1.5 * row.base_rate for row in told)
    assert all(not any(c.isdigit() for c in row.sentence) for row in rows if row.buyers is None)
    assert all("this florist" in row.sentence for row in told if row.account_id == "7")


def refusal(account: str, sku: str, days_ago: int, why: str = "not_used") -> Showing:
    at = AT - timedelta(days=days_ago)
    return Showing(f"{account}-{sku}", "t", "k", account, "ann", sku, "", "variety", "", 1, "", at, "refused", why, at)


def test_what_rests_is_left_out_and_another_takes_its_place(history, learnt) -> None:
    first = of(made(history, learnt), "7")
    then = made(history, learnt, said=[refusal("7", first[0].sku, 20)])
    assert first[0].sku not in {row.sku for row in of(then, "7")}
    assert sum(row.efficiency > 0 for row in of(then, "7")) == KEPT
    assert [row for row in then if row.account_id != "7"] == [
        row for row in made(history, learnt) if row.account_id != "7"
    ], "what one account refuses is another's business"
    for days_ago, why in ((181, "not_used"), (31, "later")):
        again = made(history, learnt, said=[refusal("7", first[0].sku, days_ago, why)])
        assert first[0].sku in {row.sku for row in of(again, "7")}, "it has rested"


def test_threads_change_no_row(history, learnt) -> None:
    assert made(history, learnt, workers=2) == made(history, learnt)


def test_only_the_asked_accounts_and_as_if_all_were(history, learnt) -> None:
    assert made(history, learnt, accounts={"7", "8", "nobody"}) == [
        row for row in made(history, learnt) if row.account_id in {"7", "8"}
    ]


def test_a_history_with_new_products_is_ranked_by_the_artefact_that_knows_them_not(history, learnt) -> None:
    grown = replace(history, skus=["new", *history.skus], sku=history.sku + 1)
    assert made(grown, learnt) == made(history, learnt)


def test_changed_is_who_ordered_or_refused_since(history: OrderDays) -> None:
    store = MemoryStore(lambda: AT)
    last = AT - timedelta(days=2)
    no = Showing("s", "t", "k", "quiet", "ann", "1", "", "", "", 1, "", last, "refused", "other", AT)
    with store.begin() as tx:
        assert suggesting.changed_since(tx, history) is None, "nobody was ranked yet"
        suggesting.refreshed(tx, last, "v1")
        tx.showings.put([no])
        changed = suggesting.changed_since(tx, history)
    late = {
        history.account_ids[a] for a, day in zip(history.account, history.day, strict=True) if day >= last.toordinal()
    }
    assert changed is not None
    assert changed >= late | {"quiet"}
    assert len(changed) < len(set(history.account_ids))


def test_an_artefact_that_was_altered_is_refused(learnt) -> None:
    store = MemoryStore(lambda: AT)
    with store.begin() as tx:
        with pytest.raises(Refused, match="nothing_learnt"):
            suggesting.in_force(tx)
        suggesting.store(tx, *learnt, AT)
        assert suggesting.in_force(tx).version == learnt[0].version
        suggesting.store(tx, learnt[0], learnt[1][:-9], AT)
        with pytest.raises(ArtefactRefused):
            suggesting.in_force(tx)


def test_old_recommenders_are_deleted_unless_something_still_names_them() -> None:
    store = MemoryStore(lambda: AT)
    with store.begin() as tx:
        digests = [tx.artefacts.put(f"recommender {number}".encode()) for number in range(6)]
        for number, digest in enumerate(digests):
            tx.artefacts.set_current("suggestions", f"v{number}", digest, AT + timedelta(days=number))
        tx.artefacts.set_current("models", "v1", digests[1], AT)
        tx.suggestions.replace(["quiet"], [Suggestion("quiet", 1, "1", "", "", "v2")])
        late = timedelta(days=suggesting.GRACE_DAYS)
        suggesting.forget_old(tx, AT + timedelta(days=1) + late)
        assert tx.artefacts.get(digests[0]) is not None, "it was in force a month ago"
        suggesting.forget_old(tx, AT + timedelta(days=9) + late)
        kept = [number for number, digest in enumerate(digests) if tx.artefacts.get(digest) is not None]
    assert kept == [1, 2, 3, 4, 5], "v1 goes by another name too, v2 made a list, the others are the last three"
