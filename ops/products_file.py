"""The product file of `ringahead forecast --products`: which SKUs are packs of one group, of how many units each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from forecasting.substitution import Packs
from forecasting.weather import Follows
from schemas.errors import BadFile

COLUMNS = ("sku", "group", "unit_factor")
KINDS = ("heating", "cooling")
BASE_CELSIUS = 15.5
COLDEST_BASE, WARMEST_BASE = -30.0, 40.0
"""As `schemas.base.Celsius`, which events of products are held to."""


def read_packs(path: Path) -> Packs:
    """Read sku, group and unit_factor. Raises BadFile where it is no such file or says something impossible."""
    if not path.is_file():
        raise BadFile(f"{path}: there is no such file; give --products a .parquet or .csv file of products")
    table = _read(path)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise BadFile(f"{path}: missing column {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
    table = pd.DataFrame(
        {
            "sku": table["sku"].fillna("").astype("str").str.strip(),
            "group": table["group"].fillna("").astype("str").str.strip(),
            "unit_factor": pd.to_numeric(table["unit_factor"], errors="coerce").to_numpy(float),
        }
    )
    table["group"] = table["group"].where(table["group"] != "", table["sku"])
    factor = table["unit_factor"].to_numpy()
    if not (np.isfinite(factor) & (factor > 0)).all():
        raise BadFile(f"{path}: a unit_factor is not a positive number; write 1 where a SKU is its own unit")
    if table["sku"].duplicated().any():
        raise BadFile(
            f"{path}: sku {table['sku'][table['sku'].duplicated()].iloc[0]!r} is there twice; keep one line of it"
        )
    return Packs(table[table["sku"] != ""])


def read_follows(path: Path) -> dict[str, Follows]:
    """Groups that follow degree days, by the optional columns follows (heating, cooling) and base_celsius."""
    table = _read(path)
    if "follows" not in table.columns or "sku" not in table.columns:
        return {}
    told = table["follows"].fillna("").astype("str").str.strip().str.lower()
    wrong = told[~told.isin(["", *KINDS])]
    if len(wrong):
        raise BadFile(f"{path}: follows is {wrong.iloc[0]!r}; write heating, cooling or nothing")
    base = _bases(path, table)
    group = table["group"].fillna("").astype("str").str.strip() if "group" in table.columns else table["sku"]
    name = group.where(group != "", table["sku"]).astype("str").str.strip()
    rows = zip(name, told, base, strict=True)
    return {str(one): Follows(float(degrees), kind == "cooling") for one, kind, degrees in rows if kind}


def _bases(path: Path, table: pd.DataFrame) -> pd.Series:
    """Base of each row's degree days; the usual one where none is given."""
    given = table["base_celsius"] if "base_celsius" in table.columns else pd.Series("", index=table.index)
    words = given.fillna("").astype("str").str.strip()
    base = pd.to_numeric(words, errors="coerce").astype(float)
    wrong = words[(words != "") & ~base.between(COLDEST_BASE, WARMEST_BASE)]
    if len(wrong):
        raise BadFile(f"{path}: base_celsius is {wrong.iloc[0]!r}; write degrees from -30 to 40, as 15.5, or nothing")
    return base.fillna(BASE_CELSIUS)


def _read(path: Path) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (ArrowException, OSError, ValueError) as error:
        raise BadFile(f"{path}: not a readable product file; save it as .parquet or as CSV UTF-8") from error
