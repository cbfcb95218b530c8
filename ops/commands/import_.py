"""`ringahead import FILE`: order lines of a file into order events."""

from collections.abc import Sequence
from pathlib import Path

import click

from ops.feed import send
from ops.importers import canonical, online_retail
from ops.importers.report import Report
from ops.progress import progress
from schemas.envelope import Event, encode
from schemas.settings import load_settings

FORMATS = ("canonical", "online-retail")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--format", "kind", type=click.Choice(FORMATS), default="canonical", show_default=True)
@click.option("--currency", metavar="CODE", help="Currency of the prices, e.g. EUR; else the reporting currency.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the events to this JSON Lines file instead.")
@click.option("--check", is_flag=True, help="Only say what would be imported and what left out.")
def command(file: Path, kind: str, currency: str | None, out: Path | None, check: bool) -> None:
    """Bring in orders from a CSV or Parquet file.

    Needs the columns account_id, sku, quantity, unit_price (may be empty), ordered_at (ISO 8601; UTC unless it says
    otherwise), order_id. Lines of one account with one order id are one order. Lines that cannot be used are left out
    and counted by reason; a file that cannot be used at all ends with exit code 2.

    The orders go to the running server, or to the log where it is stopped, or, in the Kafka runtime, to the topic
    ringahead.orders. Importing a file twice is harmless. --format online-retail reads the raw "Online Retail" file of
    the UCI Machine Learning Repository, credit notes included.
    """
    events, report = _read(file, kind, currency)
    _show(report)
    if check:
        click.echo(f"{len(events):,} orders and credit notes could be imported; nothing was.")
    elif out is not None:
        out.write_bytes(b"".join(encode(event) + b"\n" for event in events))
        click.echo(f"{len(events):,} events written to {out}")
    else:
        with progress("Importing", len(events)) as advance:
            place = send(load_settings(), events, advance)
        click.echo(f"{len(events):,} events imported into {place}")


def _read(file: Path, kind: str, currency: str | None) -> tuple[Sequence[Event], Report]:
    if kind == "online-retail":
        imported = online_retail.convert(online_retail.read(file))
        return imported.events, imported.report
    orders = canonical.read_orders(file, currency)
    return orders.events, orders.report


def _show(report: Report) -> None:
    for what, lines in report.rows():
        click.echo(f"{lines:>12,}  {what}")
