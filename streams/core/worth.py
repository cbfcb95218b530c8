"""What the fold knows of an account's money: the margin of what it orders, and its value from now on."""

import math
from collections.abc import Iterable
from functools import cache

from forecasting.marks import DAY, SUMS
from outreach.profiles import Economics
from outreach.value import AccountSpend, live_value
from schemas.envelope import Event
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.needs import AccountValue
from streams.core.context import Folding
from streams.core.orders import MOST_CENTS

REMEMBERED_MONTHS = 13
_YEAR = 12


def note_margin(folding: Folding, event: Event) -> None:
    """Add an order's lines whose product says a margin to the month's sums.

    Only the ratio of the two sums is used: an order that is cancelled later leaves it nearly as it was, so that nothing
    has to be taken back.
    """
    if not isinstance(event.fact, OrderPlaced):
        return
    known, margin = _margin_cents(folding, event.fact.lines)
    if not 0 < known <= MOST_CENTS:  # in a currency whose rate is next to nothing: the sums must fit 64 bits
        return
    sums = folding.account.margin_cents
    month = event.time.year * _YEAR + event.time.month
    before = sums.get(month, (0, 0))
    sums[month] = (before[0] + known, before[1] + margin)
    for old in sorted(sums)[:-REMEMBERED_MONTHS]:
        del sums[old]


def merge_margins(folding: Folding, theirs: dict[int, tuple[int, int]]) -> None:
    """A merged account's sums are added."""
    sums = folding.account.margin_cents
    for month, (known, margin) in theirs.items():
        before = sums.get(month, (0, 0))
        sums[month] = (before[0] + known, before[1] + margin)


def margin_share(folding: Folding) -> float | None:
    """Of what the account ordered in the last twelve months; None where no product said its margin."""
    sums = folding.account.margin_cents
    if not sums:
        return None
    newest, known, margin = folding.context.month(folding.now), 0, 0
    for month, both in sums.items():
        if newest - _YEAR < month <= newest:
            known += both[0]
            margin += both[1]
    return round(min(margin / known, 1.0), 4) if known > 0 else None


def value_of(folding: Folding, spend: float) -> AccountValue | None:
    """What the account is worth from now on, by its yearly spend; None before it was ever judged."""
    account, profiles = folding.account, folding.context.profiles
    if account.p_alive is None or profiles is None:
        return None
    about = account.about
    known = AccountSpend(
        yearly_spend=spend,
        days_since_first=float(folding.today - _first_day(folding)),
        p_alive=account.p_alive,
        margin_share=margin_share(folding),
        wallet_yearly=about.wallet_yearly,
        acquisition_cost=about.acquisition_cost,
    )
    return live_value(known, folding.context.terms)


def value_parts(folding: Folding, spend: float) -> tuple[object, ...] | None:
    """What tells a value that matters from the one before: its order of magnitude, and what it is reckoned by.

    For every event: hence without the parts that only people look at.
    """
    account, profiles = folding.account, folding.context.profiles
    if account.p_alive is None or profiles is None:
        return None
    margin, about = margin_share(folding), account.about
    economics = profiles.economics
    worth = account.p_alive * spend * (economics.margin_share if margin is None else margin)
    return (
        math.frexp(worth)[1],
        about.wallet_yearly,
        about.acquisition_cost,
        *economics.__dict__.values(),
    )


def value_sign(folding: Folding, spend: float) -> tuple[str, ...]:
    """The same in the words of releases before, which standings that they told are recognised by."""
    account, profiles = folding.account, folding.context.profiles
    if account.p_alive is None or profiles is None:
        return ()
    margin = margin_share(folding)
    worth = account.p_alive * spend * (profiles.economics.margin_share if margin is None else margin)
    about = account.about
    return str(math.frexp(worth)[1]), str(about.wallet_yearly), str(about.acquisition_cost), _words(profiles.economics)


@cache
def _words(economics: Economics) -> str:
    return economics.model_dump_json()


def _first_day(folding: Folding) -> int:
    orders = folding.account.orders
    if orders.sums:
        return int(SUMS.unpack_from(orders.sums)[1])
    return DAY.unpack_from(orders.days)[0] if orders.days else folding.today


def _margin_cents(folding: Folding, lines: Iterable[OrderLine]) -> tuple[int, int]:
    """Worth of the lines whose product says a margin, and their margin; hundredths of the order's own currency."""
    products = folding.context.partition.products
    known = margin = 0
    for line in lines:
        product = products.get(line.sku)
        if product is None or product.margin_share is None or line.unit_price is None:
            continue
        cents = round(line.quantity * line.unit_price * 100)
        known += cents
        margin += round(cents * product.margin_share)
    return known, margin
