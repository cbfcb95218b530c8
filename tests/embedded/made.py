"""A made history: accounts that order at their own pace, business time day by day, decisions in the last weeks."""

import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from forecasting.learn import prior_model
from ops.embedded.installation import Opened
from schemas.envelope import Event
from schemas.events.orders import OrderLine, OrderPlaced
from tests.streams.harness import START, in_force, profiles, said, tick

SKUS = ("argon", "wire", "gloves", "acetylene")


def history(accounts: int, days: int, *, decide_days: int, seed: int = 7) -> list[Event]:
    """Orders and daily ticks, in log order; about ``accounts * days / 6`` orders."""
    chance = random.Random(seed)
    paces = {f"account-{number}": chance.uniform(3, 14) for number in range(accounts)}
    events: list[Event] = []
    for day in range(days):
        at = START + timedelta(days=day)
        if day == days - decide_days:
            events += in_force(at)
        events += [*_orders(chance, paces, day), tick(at + timedelta(hours=12))]
    return events


def _orders(chance: random.Random, paces: dict[str, float], day: int) -> Iterator[Event]:
    for account, pace in paces.items():
        if chance.random() < 1 / pace:
            order = f"{account}-{day}"
            skus = chance.sample(SKUS, chance.randint(1, 2))
            lines = tuple(OrderLine(sku=sku, quantity=Decimal(chance.randint(1, 9))) for sku in skus)
            yield said(OrderPlaced(order_id=order, lines=lines), START + timedelta(days=day), order, account)


def put_artefacts(opened: Opened) -> None:
    """What the made history's in_force events name."""
    with opened.store.begin() as tx:
        tx.artefacts.put(prior_model().artefact)
        tx.artefacts.put(profiles().dumps())
