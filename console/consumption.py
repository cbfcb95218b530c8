"""The consumption chart: each order of a product as a bar, and the range in which the next one is expected."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from console.chart import Mark, Outlook, Picture, day_text, timeline
from console.texts import named, text
from outreach.ports import Transaction
from outreach.records import Need

SHOWN = 8
BARS_HIGH = 46.0
"""Pixels of the highest bar."""
LOOK_BACK = timedelta(days=540)


@dataclass(frozen=True, slots=True)
class Bar:
    """An order day: place in per cent, top and height in pixels."""

    at: float
    top: float
    high: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A product's chart."""

    name: str
    group: str
    says: str
    bars: Sequence[Bar]
    picture: Picture
    expected: bool


Bought = Mapping[str, Mapping[date, float]]
"""By group, units ordered by day."""


def bought(tx: Transaction, orders: Iterable[Mapping[str, Any]]) -> Bought:
    """Orders of the log in units of their groups."""
    rows = list(orders)
    cards = {card.sku: card for card in tx.products.many({row["sku"] for row in rows})}
    found: defaultdict[str, defaultdict[date, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        card = cards.get(row["sku"])
        group, factor = (card.group, card.unit_factor) if card else (row["sku"], 1.0)
        found[group][date.fromisoformat(row["day"])] += row["units"] * factor
    return found


def charts(orders: Bought, needs: Sequence[Need], today: date) -> list[Chart]:
    """Products with a forecast first, then by the last order; at most SHOWN."""
    told = _newest_forecasts(needs)
    names = {need.group: need.group_name for need in reversed(needs) if need.group_name}
    groups = [group for group, days in orders.items() if max(days) >= today - LOOK_BACK]
    ordered = sorted(groups, key=lambda group: (group not in told, -max(orders[group]).toordinal(), group))
    return [_chart(names.get(group, group), group, orders[group], told.get(group), today) for group in ordered[:SHOWN]]


def _newest_forecasts(needs: Sequence[Need]) -> dict[str, tuple[date, date, date]]:
    """By group, (early, mid, late) of the newest evidence that names all three."""
    found: dict[str, tuple[date, date, date]] = {}
    for need in sorted(needs, key=lambda one: one.at):
        one = need.evidence
        if one is not None and one.p10_on and one.p50_on and one.p90_on:
            found[need.group] = (one.p10_on, one.p50_on, one.p90_on)
    return found


def _chart(
    name: str, group: str, days: Mapping[date, float], told: tuple[date, date, date] | None, today: date
) -> Chart:
    """A forecast of before the last order is over, and not drawn."""
    last = max(days)
    known = told if told is not None and told[2] > last else None
    early, mid, late = known or (today, today, today)
    past = sorted(day for day in days if day >= today - LOOK_BACK)
    picture = timeline(Outlook(today, early, mid, late, past, LOOK_BACK.days))
    highest = max(days[day] for day in past)
    shown = past[len(past) - len(picture.past) :]
    bars = [_bar(mark, days[day] / highest) for mark, day in zip(picture.past, shown, strict=True)]
    expected = text("account.expected_none")
    if known:
        expected = text("account.expected", early=day_text(early), mid=day_text(mid), late=day_text(late))
    says = text(
        "account.consumption_says",
        name=named(name),
        orders=len(days),
        first=day_text(min(days)),
        units=days[last],
        last=day_text(last),
        expected=expected,
    )
    return Chart(named(name), group, says, bars, picture, known is not None)


def _bar(mark: Mark, share: float) -> Bar:
    high = max(2.0, round(BARS_HIGH * share, 1))
    return Bar(mark.at, round(54 - high, 1), high)
