"""Days of a made trade: when it is closed, how cold it was, and order lines from what was drawn."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

FIRST_DAY = date(2021, 1, 4)  # a Monday
CLOSED = ((1, 1), (5, 1), (12, 25), (12, 26))
COMFORT_DEGREES = 15.5
"""Heating begins below this outdoor temperature (degrees Celsius)."""


def open_days(days: int, first: date = FIRST_DAY, shut_weekdays: tuple[int, ...] = (6,)) -> np.ndarray:
    """True on days on which the trade takes orders; shape (days,)."""
    calendar = [first + timedelta(days=day) for day in range(days)]
    return np.array([d.weekday() not in shut_weekdays and (d.month, d.day) not in CLOSED for d in calendar])


def next_open(opened: np.ndarray) -> np.ndarray:
    """The first open day at or after each day; the number of days where there is none left. Shape (days,)."""
    place = np.where(opened, np.arange(len(opened)), len(opened))
    return np.minimum.accumulate(place[::-1])[::-1]


def weekday(days: int) -> np.ndarray:
    """0 is Monday; shape (days,)."""
    return (np.arange(days) + FIRST_DAY.weekday()) % 7


def season(days: int, peak_day_of_year: float) -> np.ndarray:
    """A wave between -1 and 1 with its peak on this day of the year; shape (days,)."""
    day_of_year = np.array([(FIRST_DAY + timedelta(days=day)).timetuple().tm_yday for day in range(days)])
    return np.cos(2 * np.pi * (day_of_year - peak_day_of_year) / 365.25)


def degree_days(days: int, rng: np.random.Generator) -> np.ndarray:
    """Heating degree days of `temperatures`; shape (days,)."""
    return np.maximum(COMFORT_DEGREES - temperatures(days, rng), 0.0)


def temperatures(days: int, rng: np.random.Generator) -> np.ndarray:
    """Daily means in degrees Celsius: a cold season, and weather that stays for some days; shape (days,)."""
    weather, level = np.zeros(days), 0.0
    for day, shock in enumerate(rng.normal(0, 1.6, days)):
        level = 0.8 * level + shock
        weather[day] = level
    winters = np.repeat(rng.normal(0, 1.0, days // 365 + 2), 365)[:days]  # one winter is not as the other
    return np.asarray(10.0 - 8.5 * season(days, 20) + weather + winters)


def lines_of(
    account: np.ndarray,
    sku: np.ndarray,
    day: np.ndarray,
    quantity: np.ndarray,
    price: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Canonical order lines by time; arrays are (lines,). One order an account and day, between 7 and 18 o'clock."""
    order = day.astype(np.int64) * (account.max() + 1 if len(account) else 1) + account
    _, number = np.unique(order, return_inverse=True)
    minute = rng.integers(7 * 60, 18 * 60, number.max() + 1 if len(number) else 0)[number]
    at = np.datetime64(FIRST_DAY, "s") + day.astype("timedelta64[D]") + minute.astype("timedelta64[m]")
    frame = pd.DataFrame(
        {
            "account_id": np.char.add("A", np.char.zfill(account.astype(str), 5)),
            "sku": np.char.add("P", np.char.zfill(sku.astype(str), 4)),
            "quantity": np.maximum(np.round(quantity), 1.0),
            "unit_price": np.round(price, 2),
            "ordered_at": at.astype("datetime64[us]"),
            "order_id": np.char.add("O", number.astype(str)),
        }
    )
    return frame.sort_values(["ordered_at", "account_id", "sku"], ignore_index=True)
