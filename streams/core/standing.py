"""What the desk must know of an account, told whole whenever a part that matters changes."""

import math
from hashlib import blake2b

import msgspec

from schemas.base import put_together
from schemas.events.accounts import Channel, Purpose, Size
from schemas.events.ours import Phase
from schemas.ids import short_int
from schemas.needs import AccountStanding, ExpectedOrder
from streams.core.context import Folding
from streams.core.facts import last_order_at, last_order_day, to_mend, yearly_spend
from streams.core.promises import LEAST_UNITS
from streams.core.worth import value_of, value_parts, value_sign
from streams.state import Relation, moment

EXPECTED_AT_MOST = 10
_ENCODER = msgspec.msgpack.Encoder()
_TOLD = set(AccountStanding.model_fields) - {"traceparent", "effect", "anew"}
SIZES = {one.value: one for one in Size}
PHASES = {one.value: one for one in Phase}


def tell_standing(folding: Folding) -> None:
    """An AccountStanding, unless the desk knows it all already.

    An order tells it once a day, as the desk calls nobody who ordered today; spend alone when it doubles or halves.
    """
    account = folding.account
    spend = yearly_spend(folding) if folding.spend is None else folding.spend
    told = _sign(folding, spend)
    if told == account.standing:
        return
    known = account.standing > 0 and account.standing == _first_sign(folding, spend)
    account.standing = told
    if not known:
        folding.effects.append(_standing(folding, spend))


def _standing(folding: Folding, spend: float) -> AccountStanding:
    """Every field of the message, in its order: put together at once, as it is said for nearly every order."""
    account, about, relation = folding.account, folding.account.about, folding.account.relation
    values = {
        "account_id": account.account_id,
        "account_version": account.version,
        "at": folding.at,
        "place": folding.place,
        "traceparent": None,
        "effect": "account_standing",
        "size": SIZES[account.size],
        "phase": PHASES[account.phase],
        "trade": about.trade,
        "country": about.country,
        "region": about.region,
        "zone": about.zone,
        "tier": about.tier,
        "closed": account.closed,
        "merged_into": account.merged_into,
        "open_complaints": to_mend(account),
        "credit_hold": account.credit_hold,
        "withdrawn": _consents(account.withdrawn),
        "given": _consents(account.given),
        "cool_down_until": None if account.cool_down_until is None else moment(account.cool_down_until),
        "selling_attempts": account.attempts,
        "yearly_spend": spend,
        "last_order_at": last_order_at(folding),
        "preferred_channel": None if relation.channel is None else Channel(relation.channel),
        "account_manager": relation.manager,
        "edi_connected": relation.edi,
        "value": value_of(folding, spend),
        "expected_orders": _expected(relation) if relation.promises else None,
        "anew": None,
    }
    return put_together(AccountStanding, values, _TOLD, None)


def _consents(told: list[tuple[str, str]]) -> tuple[tuple[Purpose, Channel], ...]:
    return tuple([(Purpose(purpose), Channel(channel)) for purpose, channel in told]) if told else ()


def _expected(relation: Relation) -> tuple[ExpectedOrder, ...] | None:
    """None where nothing is waited for: what was told of such accounts stays as it was."""
    told = _awaited(relation)
    return (
        tuple([ExpectedOrder.trusted(order_id=name, promised_at=moment(at), shipped=left) for at, name, left in told])
        or None
    )


def _sign(folding: Folding, spend: float) -> int:
    """Tells a standing from the one before: negative, and the same in every process."""
    account, about, relation = folding.account, folding.account.about, folding.account.relation
    parts = (
        account.size,
        account.phase,
        (about.trade, about.country, about.region, about.zone, about.tier),
        account.closed,
        account.merged_into,
        to_mend(account),
        account.credit_hold,
        account.withdrawn,
        account.given,
        account.cool_down_until,
        account.attempts,
        last_order_day(account),
        math.frexp(spend)[1],
        value_parts(folding, spend),
        (relation.channel, relation.manager, relation.edi),
        *(_awaited(relation) if relation.promises else ()),
    )
    return -1 - (int.from_bytes(blake2b(_ENCODER.encode(parts), digest_size=8).digest(), "big") >> 1)


def _awaited(relation: Relation) -> list[tuple[int, str, bool]]:
    """When, which order, and whether all of it has left: the earliest of those that are to arrive."""
    promises = relation.promises.values()
    return sorted([(one.at, one.order_id, one.to_ship <= LEAST_UNITS) for one in promises])[:EXPECTED_AT_MOST]


def _relation(relation: Relation) -> tuple[str, ...]:
    """Nothing where nothing is settled: standings told before stay as they are."""
    told = (relation.channel, relation.manager, relation.edi or None)
    return tuple(map(str, told)) if any(told) else ()


def _first_sign(folding: Folding, spend: float) -> int:
    """The same as releases before told it, positive: what they told is not told again."""
    account, about = folding.account, folding.account.about
    parts = (
        account.size,
        account.phase,
        *(str(part) for part in (about.trade, about.country, about.region, about.zone, about.tier)),
        str(account.closed),
        str(account.merged_into),
        *to_mend(account),
        str(account.credit_hold),
        str(account.withdrawn),
        str(account.cool_down_until),
        str(account.attempts),
        str(last_order_at(folding)),
        str(math.frexp(spend)[1]),
        *value_sign(folding, spend),
        *_relation(account.relation),
        *(f"given {purpose} {channel}" for purpose, channel in account.given),
    )
    return short_int(*parts)
