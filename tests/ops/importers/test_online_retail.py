"""The wholesaler's raw file: every line is used or left out for one reason, and credit notes undo the right order."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ops.importers import online_retail
from schemas.envelope import Event, decode, encode
from schemas.events.orders import OrderCancelled, OrderPlaced, OrderReturned

LINE = {
    "InvoiceNo": "536365",
    "StockCode": "85123A",
    "Description": "LANTERN",
    "Quantity": 6,
    "InvoiceDate": pd.Timestamp(2011, 7, 1, 8, 26),
    "UnitPrice": 2.55,
    "CustomerID": 17850.0,
    "Country": "United Kingdom",
}


def raw(tmp_path: Path, *changes: dict[str, Any]) -> pd.DataFrame:
    """Lines like LINE with changes, as the importer reads them."""
    path = tmp_path / "raw.parquet"
    pd.DataFrame([LINE | change for change in changes]).to_parquet(path)
    return online_retail.read(path)


def credit(number: str, quantity: int, minute: int = 30, **more: Any) -> dict[str, Any]:
    at = pd.Timestamp(2011, 7, 1, 8, minute)
    return {"InvoiceNo": f"C{number}", "Quantity": -quantity, "InvoiceDate": at, **more}


def events(tmp_path: Path, *changes: dict[str, Any]) -> list[Event]:
    return online_retail.convert(raw(tmp_path, *changes)).events


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        ({}, "ordered"),
        (credit("1", 6), "credited"),
        ({"CustomerID": None}, "no_customer"),
        ({"StockCode": "POST"}, "not_a_product"),
        ({"StockCode": "BANK CHARGES"}, "not_a_product"),
        ({"UnitPrice": 0.0}, "no_price"),
        ({"UnitPrice": -11062.06}, "no_price"),
        ({"Quantity": -3}, "not_positive_quantity"),
        ({"InvoiceNo": "C1"}, "credit_without_quantity"),
        ({"CustomerID": None, "StockCode": "POST", "UnitPrice": 0.0}, "no_customer"),
    ],
)
def test_fate_of_a_line(tmp_path: Path, change: dict[str, Any], fate: str) -> None:
    assert list(raw(tmp_path, change, {})["fate"]) == [fate, "ordered"]


def test_invoice_becomes_one_order_in_utc(tmp_path: Path) -> None:
    (event,) = events(tmp_path, {}, {"StockCode": "71053", "Quantity": 2}, {"Quantity": 1})
    assert isinstance(event.fact, OrderPlaced)
    assert event.time == datetime(2011, 7, 1, 7, 26, tzinfo=UTC), "July in London is an hour ahead"
    assert (event.subject, event.id) == ("17850", "536365")
    assert [(line.sku, str(line.quantity), str(line.unit_price)) for line in event.fact.lines] == [
        ("85123A", "6", "2.55"),
        ("71053", "2", "2.55"),
        ("85123A", "1", "2.55"),
    ]
    assert decode(encode(event)) == event


def test_credit_of_everything_cancels(tmp_path: Path) -> None:
    order, note = events(tmp_path, {"Quantity": 80995}, credit("2", 80995))
    assert isinstance(note.fact, OrderCancelled)
    assert note.fact.order_id == order.id


def test_credit_split_over_lines_still_cancels(tmp_path: Path) -> None:
    *_, note = events(tmp_path, {"Quantity": 4}, {"Quantity": 2}, credit("2", 5), credit("2", 1))
    assert isinstance(note.fact, OrderCancelled)


def test_credit_of_a_part_returns(tmp_path: Path) -> None:
    _, note = events(tmp_path, {}, credit("2", 2))
    assert isinstance(note.fact, OrderReturned)
    assert (note.fact.order_id, note.fact.credit_note_id) == ("536365", "C2")
    assert [int(line.quantity) for line in note.fact.lines] == [2]


def test_rest_of_a_touched_order_is_returned_not_cancelled(tmp_path: Path) -> None:
    facts = [event.fact for event in events(tmp_path, {}, credit("2", 2, 30), credit("3", 4, 31), credit("4", 1, 32))]
    assert [type(fact) for fact in facts] == [OrderPlaced, OrderReturned, OrderReturned, OrderReturned]
    assert [fact.order_id for fact in facts[2:] if isinstance(fact, OrderReturned)] == ["536365", None]


def test_credit_of_something_older_than_the_file_has_no_order(tmp_path: Path) -> None:
    note, _ = events(tmp_path, credit("2", 1, 0), {})
    assert isinstance(note.fact, OrderReturned)
    assert note.fact.order_id is None


def test_latest_fitting_order_of_the_same_account_is_meant(tmp_path: Path) -> None:
    later = {"InvoiceNo": "2", "InvoiceDate": pd.Timestamp(2011, 7, 1, 8, 27)}
    stranger = {"InvoiceNo": "3", "InvoiceDate": pd.Timestamp(2011, 7, 1, 8, 28), "CustomerID": 1.0}
    note = events(tmp_path, {}, later, stranger, credit("4", 6))[-1]
    assert isinstance(note.fact, OrderCancelled)
    assert note.fact.order_id == "2"


def test_learning_sees_orders_only_and_naive_utc(tmp_path: Path) -> None:
    lines = online_retail.order_lines(raw(tmp_path, {}, credit("2", 6), {"StockCode": "POST"}))
    assert list(lines.columns) == [
        "account_id",
        "sku",
        "quantity",
        "unit_price",
        "ordered_at",
        "order_id",
        "description",
    ]
    assert lines[["account_id", "ordered_at"]].to_numpy().tolist() == [["17850", pd.Timestamp("2011-07-01 07:26")]]


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    return online_retail.read()


def test_shipped_file_adds_up(shipped: pd.DataFrame) -> None:
    fates = Counter(shipped["fate"])
    assert sum(fates.values()) == 541_909
    assert fates == {
        "ordered": 396_337,
        "credited": 8_539,
        "no_customer": 135_080,
        "not_a_product": 1_920,
        "no_price": 33,
    }


def test_clean_subset_is_the_one_that_is_scored(shipped: pd.DataFrame) -> None:
    lines = online_retail.order_lines(shipped)
    assert (len(lines), lines["account_id"].nunique(), lines["sku"].nunique()) == (396_337, 4_334, 3_659)


@pytest.mark.slow
def test_shipped_file_converts(shipped: pd.DataFrame) -> None:
    imported = online_retail.convert(shipped)
    kinds = Counter(type(event.fact) for event in imported.events)
    assert kinds == {OrderPlaced: 18_402, OrderReturned: 3_263, OrderCancelled: 120}
    assert imported.report.used_lines + sum(imported.report.left_out.values()) == 541_909
    times = [event.time for event in imported.events]
    assert times == sorted(times)
    assert len({event.id for event in imported.events}) == len(imported.events)
    placed = {event.id: event for event in imported.events if isinstance(event.fact, OrderPlaced)}
    for event in imported.events:
        if isinstance(event.fact, OrderCancelled):
            assert placed[event.fact.order_id].subject == event.subject
            assert placed[event.fact.order_id].time <= event.time
    (undone,) = [event for event in imported.events if event.id == "C581484"]
    assert isinstance(undone.fact, OrderCancelled), "80,995 pieces, cancelled 12 minutes later"
    assert undone.fact.order_id == "581483"


def test_attribution_is_shipped_beside_the_data() -> None:
    said = (online_retail.SHIPPED.parent / "ATTRIBUTION.md").read_text("utf-8")
    assert "UCI Machine Learning Repository, Daqing Chen (2015)" in said
    assert "CC BY 4.0" in said
