"""Holidays of a country and files of temperatures: read, or refused with what to do."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ops.products_file import read_follows
from ops.surroundings import holidays_of, read_temperatures, told_of
from schemas.errors import BadFile, BadInput


def file(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_holidays_are_those_of_the_country_and_its_region():
    british, bavarian = holidays_of("GB", 2011), holidays_of("DE-BY", 2024)
    assert date(2011, 4, 29).toordinal() in british
    assert date(2024, 1, 6).toordinal() in bavarian
    assert date(2024, 1, 6).toordinal() not in holidays_of("DE", 2024)


def test_what_is_no_country_is_refused():
    with pytest.raises(BadInput, match="no country"):
        holidays_of("Atlantis", 2024)


def test_a_region_is_found_in_small_letters_and_one_that_is_none_is_refused():
    assert holidays_of("de-by", 2024) == holidays_of("DE-BY", 2024) != holidays_of("DE", 2024)
    with pytest.raises(BadInput, match="BY"):
        holidays_of("DE-BA", 2024)


def test_a_year_in_fahrenheit_is_refused(tmp_path: Path):
    days = pd.date_range("2023-01-01", periods=365)
    fahrenheit = 50.0 - 25.0 * np.cos(2 * np.pi * np.arange(365) / 365)
    pd.DataFrame({"day": days, "celsius": fahrenheit}).to_csv(tmp_path / "told.csv", index=False)
    with pytest.raises(BadFile, match="Fahrenheit"):
        read_temperatures(tmp_path / "told.csv")


def test_temperatures_by_day_and_region_with_gaps(tmp_path: Path):
    told = "day,celsius,region\n2023-01-01,3,north\n2023-01-03,5,north\n2023-01-01,7,south\n"
    told += "nonsense,1,south\n2023-01-02,900,south\n"
    first, celsius = read_temperatures(file(tmp_path, told))
    assert first == date(2023, 1, 1).toordinal()
    np.testing.assert_array_equal(celsius["north"], [3, np.nan, 5])
    np.testing.assert_array_equal(celsius["south"], [7, np.nan, np.nan])


def test_a_day_is_the_one_that_is_written_whatever_its_offset(tmp_path: Path):
    """A station writes its midnights with an offset, in summer another one."""
    told = "day,celsius\n2023-03-25T00:00:00+01:00,3\n2023-03-27T00:00:00+02:00,5\n"
    first, celsius = read_temperatures(file(tmp_path, told))
    assert (first, celsius[""].tolist()[::2]) == (date(2023, 3, 25).toordinal(), [3, 5])
    local = pd.DataFrame({"day": pd.to_datetime(["2023-06-01"]).tz_localize("Europe/Berlin"), "celsius": [20.0]})
    local.to_parquet(tmp_path / "t.parquet")
    assert read_temperatures(tmp_path / "t.parquet")[0] == date(2023, 6, 1).toordinal()


@pytest.mark.parametrize("base", ["warm", "99", "inf", "-31"])
def test_a_base_that_is_no_temperature_is_refused_and_not_replaced(tmp_path: Path, base: str):
    with pytest.raises(BadFile, match=f"base_celsius is '{base}'"):
        read_follows(file(tmp_path, f"sku,follows,base_celsius\nA,heating,{base}\n", "p.csv"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("day,degrees\n2023-01-01,3\n", "missing column celsius"),
        ("day,celsius\nx,y\n", "no line has a day"),
        ("day,celsius\n1800-01-01,3\n2023-01-01,3\n", "hundred years"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str):
    with pytest.raises(BadFile, match=said):
        read_temperatures(file(tmp_path, text))


def test_products_say_who_follows(tmp_path: Path):
    told = "sku,group,unit_factor,follows,base_celsius\nA,OIL,1,heating,12\nB,,1,cooling,\nC,,1,,\n"
    found = read_follows(file(tmp_path, told, "p.csv"))
    assert {name: (one.base_celsius, one.cooling) for name, one in found.items()} == {
        "OIL": (12, False),
        "B": (15.5, True),
    }
    with pytest.raises(BadFile, match="write heating"):
        read_follows(file(tmp_path, "sku,follows\nA,wind\n", "q.csv"))


def test_who_follows_is_known_without_temperatures_too(tmp_path: Path):
    follows = read_follows(file(tmp_path, "sku,follows\nA,heating\n", "p.csv"))
    weather = told_of(None, None, follows, date(2024, 1, 1))["weather"]
    assert weather is not None
    assert weather.clock("A") is None
