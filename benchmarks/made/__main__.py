"""Write a made trade as an orders file: python -m benchmarks.made NAME --out FILE [--seed N]."""

import argparse
import inspect
from pathlib import Path

import pandas as pd

from benchmarks.made import MADE
from ops.orders_file import check_out, write_table

SMALL = ("groceries", "fuel", "few-fuel")


def said(name: str, lines: pd.DataFrame) -> str:
    """One line about a made trade."""
    days = lines.groupby(["account_id", "sku"]).ordered_at.agg(lambda at: at.dt.normalize().nunique())
    often = days[days >= 3]
    return (
        f"{name}: {len(lines):,} lines, {lines.account_id.nunique():,} accounts, {lines.sku.nunique():,} SKUs, "
        f"{len(days):,} pairs, {len(often):,} of them with 3 order days, {lines.ordered_at.min().date()} to "
        f"{lines.ordered_at.max().date()}"
    )


def main() -> None:
    """Write one, or with --small only say what the small ones are like."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(MADE))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--small", action="store_true", help="make the small ones and write nothing")
    arguments = parser.parse_args()
    if arguments.name is None:
        for name in SMALL:
            print(said(name, made(name, arguments.seed)))
        return
    if arguments.out is not None:
        check_out(arguments.out)
    lines = made(arguments.name, arguments.seed)
    print(said(arguments.name, lines))
    if arguments.out is not None:
        write_table(lines, arguments.out)


def made(name: str, seed: int | None = None) -> pd.DataFrame:
    """A made trade by name; without a seed its own."""
    make = MADE[name]
    usual = inspect.signature(make).parameters["seed"].default
    return make((0 if usual is inspect.Parameter.empty else usual) if seed is None else seed)


if __name__ == "__main__":
    main()
