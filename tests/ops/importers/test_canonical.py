"""Anybody's order file: lines become orders, bad lines are counted, bad files are one line and exit code 2."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ops.importers.canonical import SOURCE, read_orders
from schemas.errors import BadFile, BadInput
from schemas.events.orders import OrderPlaced

HEADER = "account_id,sku,quantity,unit_price,ordered_at,order_id\n"
GOOD = "007,OXYGEN-10,2,12.50,2024-03-01T09:00:00,A1\n"


def write(tmp_path: Path, *lines: str, header: str = HEADER) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(header + "".join(lines), "utf-8")
    return path


def test_lines_of_one_order_are_one_event(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, "007,WIRE,1.5,,2024-03-01T08:00:00+01:00,A1\n", "8,WIRE,1,3,2024-02-01,A1\n")
    imported = read_orders(path, "EUR")
    other, event = imported.events
    assert isinstance(event.fact, OrderPlaced)
    assert (event.id, event.source, event.subject) == ("A1", SOURCE, "007")
    assert event.time == datetime(2024, 3, 1, 7, tzinfo=UTC), "the first line's time, in UTC"
    assert event.fact.currency == "EUR"
    assert [(line.sku, line.quantity, line.unit_price) for line in event.fact.lines] == [
        ("OXYGEN-10", Decimal(2), Decimal("12.5")),
        ("WIRE", Decimal("1.5"), None),
    ]
    assert (other.subject, other.id) == ("8", "A1"), "another account's order of the same number is another order"
    assert imported.report.used == {"ordered": 3}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("007,WIRE,-1,1,2024-03-01,A2\n", "quantity_not_positive"),
        (",WIRE,1,1,2024-03-01,A2\n", "no_account_id"),
        ("007,WIRE,many,1,2024-03-01,A2\n", "quantity_unreadable"),
        ("007,WIRE,1,1,yesterday,A2\n", "ordered_at_unreadable"),
        ("007,WIRE,1\n", "wrong_number_of_fields"),
        ("007,WIRE,1,1,1955-03-01,A2\n", "not_accepted"),
        ("007,*WIRE,1,1,2024-03-01,A2\n", "not_accepted"),
        ("007,WIRE,99999999999,1,2024-03-01,A2\n", "not_accepted"),
        ("0\x0707,WIRE,1,1,2024-03-01,A2\n", "not_accepted"),
        (f"007,WIRE,1,1,2024-03-01,{'A' * 300}\n", "not_accepted"),
    ],
)
def test_bad_line_is_counted_and_the_rest_goes_on(tmp_path: Path, line: str, reason: str) -> None:
    imported = read_orders(write(tmp_path, GOOD, line))
    assert [event.id for event in imported.events] == ["A1"]
    assert imported.report.left_out == {reason: 1}
    assert imported.report.lines == 2


def test_bad_line_does_not_spoil_its_order(tmp_path: Path) -> None:
    imported = read_orders(write(tmp_path, GOOD, "007,*WIRE,1,1,2024-03-01,A1\n"))
    (event,) = imported.events
    assert isinstance(event.fact, OrderPlaced)
    assert [line.sku for line in event.fact.lines] == ["OXYGEN-10"]
    assert imported.report.left_out == {"not_accepted": 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        HEADER + "007,WIRE,-1,1,2024-03-01,A2\n",
        HEADER + "007,*WIRE,1,1,2024-03-01,A2\n",
        (HEADER + GOOD).replace(",", ";"),
        (HEADER + GOOD).replace("quantity", "pieces"),
    ],
)
def test_unusable_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(BadFile):
        read_orders(path)


def test_half_written_parquet(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    path.write_bytes(b"PAR1 and then the disk was full")
    with pytest.raises(BadFile, match="not a readable Parquet file"):
        read_orders(path)


def test_unknown_currency_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="ISO 4217"):
        read_orders(tmp_path / "not there.csv", "euro")
