"""Order lines from a file for `ringahead forecast` and `recommend`: Parquet or CSV, canonical columns.

A line that cannot be used is left out and counted by reason. A file that cannot be used is a BadFile, whose message
says what to do. Ids stay strings, leading zeros included; times are naive UTC.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from schemas.errors import BadFile, BadInput

COLUMNS = ("account_id", "sku", "quantity", "unit_price", "ordered_at", "order_id")
OPTIONAL = ("category", "description")
IDS = ("account_id", "sku", "order_id")
READERS = (".parquet", ".csv")
DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
EARLIEST, LATEST = pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")


@dataclass(frozen=True, slots=True)
class OrderLines:
    """Usable lines before as-of (account_id, sku, order_id: str; quantity: float > 0; unit_price: float, NaN where
    there is none; ordered_at: datetime64[us]; category, description: str, where the file has the column)."""

    frame: pd.DataFrame
    read: int
    left_out: Counter[str]
    later: int
    """Good lines on or after as-of: not read, and no fault."""

    def summary(self) -> str:
        """One line for a person: what was read, what was left out and why."""
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in sorted(self.left_out.items()))
        text = f"read {self.read:,} lines, used {len(self.frame):,}"
        if self.later:
            text += f", {self.later:,} are not before the as-of date"
        return text + (f"; left out: {reasons}" if reasons else "")


def read_order_lines(path: Path, as_of: pd.Timestamp) -> OrderLines:
    """Read a file. Raises BadFile where it is no such file, lacks a column, or has no usable line before as_of."""
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise BadFile(f"{path}: cannot tell the format by its name; save orders as .parquet or .csv")
    if not path.is_file():
        raise BadFile(f"{path}: there is no such file; give --orders a .parquet or .csv file of order lines")
    if path.stat().st_size == 0:
        raise BadFile(f"{path}: the file is empty; export the orders again")
    left_out: Counter[str] = Counter()
    table = _read_parquet(path) if suffix == ".parquet" else _read_csv(path, left_out)
    return _usable(path, table, left_out, as_of)


def check_out(path: Path) -> None:
    """Refuse, before the work, a result that could not be written. Raises BadInput."""
    if path.suffix.lower() not in READERS:
        raise BadInput(f"{path}: cannot tell the format by its name; call the result .parquet or .csv")
    if not path.parent.is_dir():
        raise BadInput(f"{path}: there is no folder {path.parent}; make it, or choose another place")
    if path.is_dir():
        raise BadInput(f"{path}: is a folder; give --out a file name")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a result, whole or not at all; the suffix says the format. Dates in CSV are YYYY-MM-DD."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        if path.suffix.lower() == ".parquet":
            frame.to_parquet(partial, index=False)
        else:
            frame.to_csv(partial, index=False, date_format="%Y-%m-%d", float_format="%.6f")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def as_of_date(text: str, option: str = "--as-of") -> pd.Timestamp:
    """The date that an option was given, YYYY-MM-DD. Raises BadInput for anything else."""
    try:
        moment = pd.to_datetime(text, format="%Y-%m-%d")
    except (ValueError, TypeError):
        raise BadInput(f"{option} {text!r} is not a date; write it as 2011-09-01") from None
    if not EARLIEST <= moment < LATEST:
        raise BadInput(f"{option} {text} is out of range; it must lie between 1900 and 2099")
    return pd.Timestamp(moment)


def _read_parquet(path: Path) -> pa.Table:
    try:
        names = pq.read_schema(path).names
        _check_columns(path, names)
        return pq.read_table(path, columns=[*COLUMNS, *(name for name in OPTIONAL if name in names)])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadFile(f"{path}: not a readable Parquet file, or only a part of one; export the orders again") from error


def _read_csv(path: Path, left_out: Counter[str]) -> pa.Table:
    """All columns as text. Lines with too many or too few fields are counted as wrong_number_of_fields."""

    def ragged(_: Any) -> str:
        left_out["wrong_number_of_fields"] += 1
        return "skip"

    wanted = [*COLUMNS, *(name for name in _header(path) if name in OPTIONAL)]
    text = pacsv.ConvertOptions(
        include_columns=wanted, column_types=dict.fromkeys(wanted, pa.string()), strings_can_be_null=False
    )
    parse = pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=ragged)
    try:
        return pacsv.read_csv(path, parse_options=parse, convert_options=text)
    except (pa.ArrowException, OSError) as error:
        raise BadFile(f"{path}: not a readable CSV file in UTF-8; export the orders again as CSV UTF-8") from error


def _header(path: Path) -> list[str]:
    """Names of the columns, which must be separated by commas and hold all that is needed. Raises BadFile."""
    with path.open("rb") as file:
        first = file.readline(65_536)
    try:
        header = first.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise BadFile(f"{path}: the header is not text in UTF-8; export the orders again as CSV UTF-8") from None
    names = [name.strip().strip('"') for name in header.split(",")]
    if not set(names) & set(COLUMNS):
        for mark, spoken in DELIMITERS.items():
            if mark in header:
                raise BadFile(f"{path}: columns are separated by {spoken}; save the file with commas")
    _check_columns(path, names)
    return names


def _check_columns(path: Path, names: list[str]) -> None:
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise BadFile(f"{path}: missing column {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
    doubled = [name for name in (*COLUMNS, *OPTIONAL) if names.count(name) > 1]
    if doubled:
        raise BadFile(f"{path}: column {', '.join(doubled)} is there twice; keep one")


def _usable(path: Path, table: pa.Table, left_out: Counter[str], as_of: pd.Timestamp) -> OrderLines:
    """Sort lines into good, later and left out; the first fault of a line is the one that counts."""
    read = table.num_rows + left_out.total()
    present = [name for name in OPTIONAL if name in table.column_names]
    frame = pd.DataFrame({name: _texts(table[name]) for name in (*IDS, *present)})
    frame["quantity"] = _numbers(table["quantity"])
    frame["unit_price"] = _numbers(table["unit_price"])
    frame["ordered_at"] = _times(table["ordered_at"])
    good = np.ones(len(frame), bool)
    for reason, bad in _faults(frame).items():
        left_out[reason] += int((good & bad).sum())
        good &= ~bad
    early = (frame["ordered_at"] < as_of).to_numpy()
    lines = OrderLines(frame[good & early], read, +left_out, int((good & ~early).sum()))
    if lines.frame.empty:
        before, look = ("", "") if as_of >= LATEST else (f" before {as_of.date()}", " and --as-of")
        raise BadFile(f"{path}: no usable line{before} ({lines.summary()}); check the file{look}")
    return lines


def _faults(frame: pd.DataFrame) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Masks of bad lines by reason, the gravest first."""
    quantity = frame["quantity"].to_numpy()
    faults = {f"no_{name}": (frame[name] == "").to_numpy() for name in IDS}
    faults["ordered_at_unreadable"] = frame["ordered_at"].isna().to_numpy()
    faults["quantity_unreadable"] = ~np.isfinite(quantity)
    faults["quantity_not_positive"] = ~(quantity > 0)
    return faults


def _texts(column: pa.ChunkedArray) -> pd.Series[str]:
    """Ids as strings without outer blanks, '' for null; whole numbers lose the '.0' that nullable columns give them."""
    if pa.types.is_floating(column.type):
        whole = pc.cast(column, pa.int64(), safe=False)
        same = pc.equal(pc.cast(whole, column.type), column)
        column = pc.if_else(same, pc.cast(whole, pa.string()), pc.cast(column, pa.string()))
    elif not pa.types.is_string(column.type):
        column = pc.cast(column, pa.string())
    values = pc.utf8_trim_whitespace(pc.fill_null(column, ""))
    return pd.Series(values.to_pandas(), dtype="str")


def _numbers(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Quantities; NaN where there is no number."""
    return np.asarray(pd.to_numeric(column.to_pandas(), errors="coerce"), float)


def _times(column: pa.ChunkedArray) -> pd.Series[pd.Timestamp]:
    """Naive UTC; NaT where there is no ISO 8601 time before 2100."""
    values = column.to_pandas()
    if not pa.types.is_timestamp(column.type):
        values = values.astype(str).str.strip()
    aware = pd.to_datetime(values, errors="coerce", utc=True, format="ISO8601")
    times: pd.Series[pd.Timestamp] = aware.dt.tz_localize(None).astype("datetime64[us]")
    return times.where((times < LATEST) & (times >= EARLIEST))
