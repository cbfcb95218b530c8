"""Metered pairs: readings and deliveries move a stock, and the forecast speaks of running out."""

import math

from forecasting import metering
from forecasting.metering import Metering, Report
from forecasting.pair import order_key
from forecasting.telemetry import Clock, between
from schemas.envelope import Event
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events.orders import OrderDelivered
from schemas.events.usage import UsageKind, UsageReported
from streams.core.context import Folding
from streams.core.facts import horizon
from streams.core.orders import expect_more, group_quantities, product_of
from streams.core.outlook import ROUND_DIGITS, SURVIVAL_DAYS, Outlook, survival
from streams.core.settle import settle
from streams.state import EPOCH_DAY, Pair

DELIVERY_EXPECTED_DAYS = 30
"""An order that was not delivered within this time is no longer counted on."""
MOST_ASSETS = 1000
"""Of one account; a report of yet another is refused, so that no sender can fill the state."""
FRESH_SECONDS = 24 * 3600
"""An older report opens nothing by itself: readings of a year are often told together."""
PACE_DAYS = 14
"""Use a day is told as that of the days ahead."""
SEEN_SHARE = 0.5
"""A level that rises unexpectedly by this share of what is on order has been delivered to."""
NEVER = math.inf

_KINDS = {
    UsageKind.LEVEL: metering.LEVEL,
    UsageKind.CONSUMED: metering.CONSUMED,
    UsageKind.METER_TOTAL: metering.TOTAL,
}


def usage_reported(folding: Folding, event: Event, fact: UsageReported) -> None:
    """A level or a use changes the stock; where it is low the need opens at once."""
    account = folding.account
    sku = account.assets.get(fact.asset_id or "") if fact.sku is None else fact.sku
    if sku is None:
        raise BadEvent(DeadLetterReason.BAD_DATA, "data.sku: the asset is new here; say once which product it holds")
    product = product_of(folding, sku)
    group = product.group
    _check_room(folding, group, fact.asset_id)
    if fact.asset_id is not None:
        account.assets[fact.asset_id] = sku
    pair = account.pair(group)
    take_report(pair, _report(event, fact, product.unit_factor), sky_of(folding, group))
    profile = folding.profile
    if profile is None or pair.need is not None:
        return
    if folding.now - event.time.timestamp() > FRESH_SECONDS:  # more of the same day may follow: the next tick decides
        pair.due_hour = folding.next_look_hour
        return
    settle(
        folding,
        profile,
        group,
        pair,
        metered_outlook(folding, group, pair, horizon(folding, profile, group), profile.service_level),
    )


def delivered(folding: Folding, event: Event, fact: OrderDelivered) -> None:
    """The stock of metered pairs rises when the goods arrive; without lines all that was still to come did."""
    key, day = order_key(fact.order_id), _day(event.time.timestamp())
    arrived = group_quantities(folding, fact.lines)
    for group, pair in folding.account.pairs.items():
        ordered = pair.on_order.get(key, (0.0, 0))[0]
        quantity = arrived.get(group, 0.0) if fact.lines else ordered
        if key in pair.on_order and ordered <= 0:
            del pair.on_order[key]  # a meter has seen it arrive
            continue
        expect_more(pair, key, -quantity)
        if pair.stock is not None and quantity > 0:
            take_report(pair, Report(day, metering.DELIVERY, quantity), sky_of(folding, group))
            pair.due_hour = folding.next_look_hour if pair.need is None else pair.due_hour


def sky_of(folding: Folding, group: str) -> Clock | None:
    """The degree days of a group where the account is, by the model in force; None where days are days."""
    sky = getattr(folding.context.model, "sky", None)
    return None if sky is None else sky(group, folding.account.about.region or "")


def take_report(pair: Pair, report: Report, clock: Clock | None = None) -> None:
    """Take a reading, a use or a delivery into the pair's stock."""
    kept = pair.metering or metering.begun_with(pair.stock)
    expected = _expected_level(kept, report, clock)
    if metering.take_in(kept, report, clock) and expected is not None:
        _seen_to_arrive(pair, report.value - expected, _part(kept, report))
    pair.metering = kept
    pair.stock = metering.total(kept.now, clock)


def take_meters(ours: Pair, theirs: Pair) -> None:
    """The meters of a merged account stand beside the survivor's."""
    if theirs.stock is None:
        return
    mine = metering.begun_with(ours.stock) if ours.metering is None else ours.metering
    others = metering.begun_with(theirs.stock) if theirs.metering is None else theirs.metering
    ours.metering = metering.beside(mine, others)
    ours.stock = metering.total(ours.metering.now)
    ours.on_order = theirs.on_order | ours.on_order


def metered_outlook(folding: Folding, group: str, pair: Pair, lead_time_days: float, service_level: float) -> Outlook:
    """When the stock, with what is on its way, comes to nothing; of several, the first that does."""
    today, day = folding.today, _day(folding.now)
    coming = sum(units for units, since in pair.on_order.values() if today - since <= DELIVERY_EXPECTED_DAYS)
    kept = pair.metering or metering.begun_with(pair.stock)
    clock = sky_of(folding, group)
    stocks, bare = (metering.stocks(kept.now, day, units, clock) for units in (coming, 0.0))
    zone_days = folding.zone_seconds / 86_400
    p10, p50, p90 = metering.run_out_days(stocks, day, (0.1, 0.5, 0.9), clock, zone_days)
    ends = metering.ends_of_days(day, SURVIVAL_DAYS, zone_days)
    pace = between(clock, day, day + PACE_DAYS) / PACE_DAYS
    ring = pair.orders.ring
    return Outlook(
        p_due=round(metering.group_runs_out_within(stocks, day, [lead_time_days], clock)[0], ROUND_DIGITS),
        due_in_days=metering.group_due_in_days(stocks, day, lead_time_days, service_level, clock=clock),
        p_alive=math.nan,
        p10_day=p10,
        p50_day=p50,
        p90_day=p90,
        order_days=len({mark.day for mark in ring}),
        last_day=ring[-1].day if ring else 0,
        usual_gap_days=0.0,
        usual_quantity_units=sorted(mark.quantity for mark in ring)[len(ring) // 2] if ring else 0.0,
        method="metered",
        degraded=not all(one.level_known for one in stocks),
        stock_units=round(sum(one.level for one in bare), 3),
        units_a_day=pace * sum(one.rate for one in bare),
        survival=survival(metering.group_runs_out_within(stocks, day, ends, clock)),
    )


def _report(event: Event, fact: UsageReported, unit_factor: float) -> Report:
    """Readings are in units of the SKU, the stock is in units of its group."""
    name = metering.UNNAMED if fact.asset_id is None else fact.asset_id
    value = float(fact.value) * unit_factor
    return Report(_day(event.time.timestamp()), _KINDS[fact.kind], value, name, fact.reset)


def _check_room(folding: Folding, group: str, asset_id: str | None) -> None:
    """Refuse one meter too many, before anything is changed. Raises BadEvent."""
    account, pair = folding.account, folding.account.pairs.get(group)
    known = {} if pair is None or pair.metering is None else pair.metering.now.meters
    full = asset_id not in account.assets and len(account.assets) >= MOST_ASSETS
    if asset_id is not None and (full or (asset_id not in known and len(known) >= metering.MOST_METERS)):
        count = f"{len(account.assets)} assets, {len(known)} of this product"
        raise BadEvent(DeadLetterReason.BAD_DATA, f"data.asset_id: the account has {count}; no more are kept")


def _expected_level(kept: Metering, report: Report, clock: Clock | None) -> float | None:
    """What a gauge is expected to show; None where it is new, or the report is no level or not the newest."""
    meter = kept.now.meters.get(report.meter)
    newest = not kept.recent or report.day >= kept.recent[-1].day
    if report.kind != metering.LEVEL or report.reset or meter is None or not meter.level_known or not newest:
        return None
    return max(meter.level - meter.rate * max(between(clock, meter.day, report.day), 0.0), 0.0)


def _part(kept: Metering, report: Report) -> float:
    """The share of a delivery that goes to the meter of the report."""
    use = sum(meter.rate for meter in kept.now.meters.values() if meter.level_known)
    return kept.now.meters[report.meter].rate / use if use > 0 else 1.0


def _seen_to_arrive(pair: Pair, rise: float, part: float) -> None:
    """A level that rose tells of deliveries that nobody has reported, the oldest order first."""
    for key, (units, since) in sorted(pair.on_order.items(), key=lambda item: (item[1][1], item[0])):
        if units > 0 and rise >= SEEN_SHARE * units * part:
            pair.on_order[key] = (0.0, since)
            rise -= units * part


def _day(at_seconds: float) -> float:
    """UTC day ordinal with its fraction."""
    return EPOCH_DAY + at_seconds / 86_400
