"""The wholesaler's year: the raw "Online Retail" file into canonical order events and order lines.

Data: "Online Retail", UCI Machine Learning Repository, Daqing Chen (2015), CC BY 4.0.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd
from pyarrow import ArrowException

from ops.importers.credit_notes import Document, OrderBook
from ops.importers.report import Imported, Report
from schemas.envelope import Event
from schemas.errors import BadFile
from schemas.events.orders import OrderCancelled, OrderLine, OrderPlaced, OrderReturned

SHIPPED = Path(__file__).parent / "data" / "online_retail.parquet"
ATTRIBUTION: Final = '"Online Retail", UCI Machine Learning Repository, Daqing Chen (2015), CC BY 4.0'
SOURCE: Final = "urn:ringahead:import:online-retail"
CURRENCY: Final = "GBP"
ZONE: Final = "Europe/London"
"""The file has the wholesaler's local times."""
COLUMNS: Final = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)
PRODUCT: Final = r"\d{5}"
"""A product's code starts with five digits; POST, DOT, M, BANK CHARGES ... are not products."""
ORDERED, CREDITED = "ordered", "credited"
REASONS: Final = ("no_customer", "not_a_product", "no_price", "not_positive_quantity", "credit_without_quantity")
"""Why a line is left out; the first that applies counts."""


def read(path: Path = SHIPPED) -> pd.DataFrame:
    """The raw file with canonical names: one row a line, times in UTC, ``fate`` says what becomes of the line.

    Columns: order_id, sku, description, quantity (int, negative on credit notes), ordered_at (datetime64, UTC),
    unit_price (float, GBP), account_id (empty if missing), country, fate (ordered, credited, or one of REASONS).
    Raises BadFile for anything else.
    """
    raw = _raw(path)
    local = raw["InvoiceDate"].dt.tz_localize(ZONE, ambiguous=False, nonexistent="shift_forward")
    lines = pd.DataFrame(
        {
            "order_id": raw["InvoiceNo"].astype(str),
            "sku": raw["StockCode"].astype(str),
            "description": raw["Description"].fillna("").astype(str).str.strip(),
            "quantity": raw["Quantity"].astype("int64"),
            "ordered_at": local.dt.tz_convert("UTC"),
            "unit_price": raw["UnitPrice"].astype("float64"),
            "account_id": raw["CustomerID"].astype("Int64").astype(str).where(raw["CustomerID"].notna(), ""),
            "country": raw["Country"].astype(str),
        }
    )
    return lines.assign(fate=_fates(lines))


def _raw(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=list(COLUMNS))
    except (ArrowException, OSError, ValueError) as error:
        said = f"{path}: not the Online Retail file as Parquet with the columns {', '.join(COLUMNS)}"
        raise BadFile(said) from error


def order_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """Canonical order lines for learning and scoring, times naive UTC; credit notes are not in it."""
    kept = lines[lines["fate"] == ORDERED]
    columns = ["account_id", "sku", "quantity", "unit_price", "ordered_at", "order_id", "description"]
    return kept[columns].assign(ordered_at=kept["ordered_at"].dt.tz_localize(None)).reset_index(drop=True)


def convert(lines: pd.DataFrame) -> Imported:
    """Events of everything that can be used, by time; the counts of the report add up to ``len(lines)``."""
    counts = {str(fate): int(count) for fate, count in lines["fate"].value_counts().items()}
    report = Report(
        source=ATTRIBUTION,
        lines=len(lines),
        used={fate: counts[fate] for fate in (ORDERED, CREDITED) if fate in counts},
        left_out={reason: counts[reason] for reason in REASONS if reason in counts},
    )
    return Imported(list(_events(lines[lines["fate"].isin((ORDERED, CREDITED))])), report)


def _fates(lines: pd.DataFrame) -> pd.Series:
    """What becomes of each line."""
    credit = lines["order_id"].str.startswith("C")
    fates = credit.map({True: CREDITED, False: ORDERED})
    faults = (
        ("credit_without_quantity", credit & (lines["quantity"] >= 0)),
        ("not_positive_quantity", ~credit & (lines["quantity"] <= 0)),
        ("no_price", lines["unit_price"] <= 0),
        ("not_a_product", ~lines["sku"].str.match(PRODUCT)),
        ("no_customer", lines["account_id"] == ""),
    )
    for reason, at_fault in faults:  # the last one to be written is the first that applies
        fates = fates.where(~at_fault, reason)
    return fates


def _events(lines: pd.DataFrame) -> Iterator[Event]:
    """One event an invoice or credit note, by time; a few documents span minutes: the first line's time counts."""
    rows = lines.assign(
        time=lines.groupby("order_id")["ordered_at"].transform("min"),
        credit=lines["fate"] == CREDITED,
        quantity=lines["quantity"].abs(),
    )
    # Orders before credit notes of the same minute: what is undone must be there.
    rows = rows.sort_values(["time", "credit", "order_id"], kind="stable")[list(_Row._fields)]
    book = OrderBook()
    for _, document in groupby(map(_Row._make, rows.itertuples(index=False)), key=lambda row: row.order_id):
        yield _event(tuple(document), book)


class _Row(NamedTuple):
    """A line that is used."""

    order_id: str
    account_id: str
    time: pd.Timestamp
    credit: bool
    sku: str
    quantity: int
    unit_price: float


def _event(rows: tuple[_Row, ...], book: OrderBook) -> Event:
    first = rows[0]
    lines = tuple(_order_line(row) for row in rows)
    quantities: dict[str, int] = {}
    for row in rows:
        quantities[row.sku] = quantities.get(row.sku, 0) + row.quantity
    document = Document(first.order_id, first.account_id, quantities)
    fact = _credit(document, lines, book) if first.credit else _order(document, lines, book)
    return Event(document.number, SOURCE, document.account_id, first.time.to_pydatetime(), fact)


def _order_line(row: _Row) -> OrderLine:
    return OrderLine(sku=row.sku, quantity=Decimal(row.quantity), unit_price=Decimal(str(round(row.unit_price, 4))))


def _order(document: Document, lines: tuple[OrderLine, ...], book: OrderBook) -> OrderPlaced:
    book.add(document)
    return OrderPlaced(order_id=document.number, lines=lines, currency=CURRENCY)


def _credit(document: Document, lines: tuple[OrderLine, ...], book: OrderBook) -> OrderCancelled | OrderReturned:
    order_id, whole = book.undo(document)
    if order_id is not None and whole:
        return OrderCancelled(order_id=order_id, cause="credit_note")
    return OrderReturned(order_id=order_id, lines=lines, credit_note_id=document.number, currency=CURRENCY)
