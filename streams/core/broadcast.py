"""Folding what concerns every account of a partition: time, models, profiles, products, rates."""

from schemas.envelope import Event
from schemas.events.ours import ModelPublished, ProductChanged, ProfilesChanged, RatesChanged, TimePassed
from schemas.ids import event_key
from streams.state import REMEMBERED_IDS, Partition, Product, seconds

REMEMBERED_RATE_DAYS = 400
"""Days of rates kept for each currency, the newest; a rate of a day far ahead costs one of them, not all."""


def fold_broadcast(partition: Partition, event: Event) -> bool:
    """Fold one broadcast event into the partition's state. False: a duplicate, nothing was changed."""
    key = event_key(event.source, event.id)
    if key in partition.seen:
        return False
    partition.seen.append(key)
    del partition.seen[:-REMEMBERED_IDS]
    match event.fact:
        case TimePassed(as_of=as_of):
            partition.as_of = max(partition.as_of or 0, seconds(as_of))
        case ModelPublished(version=version, digest=digest, slice_accounts=slice_accounts):
            partition.slice_accounts = slice_accounts
            partition.model_version, partition.model_digest = version, digest
            partition.model_published = seconds(event.time)
            partition.decided_once = False
        case ProfilesChanged(version=version, digest=digest, slice_accounts=slice_accounts):
            partition.slice_accounts = slice_accounts
            publish_profiles(partition, version, digest)
        case ProductChanged():
            partition.products[event.fact.sku] = _product(event.fact)
        case RatesChanged():
            _set_rates(partition, event.fact)
        case _:
            return False
    return True


def publish_profiles(partition: Partition, version: str, digest: str) -> None:
    """These were published last; said again of the last ones it changes nothing. When they begin is their own word."""
    known = partition.calendar or _before_calendars(partition)
    partition.calendar = [*(one for one in known if one[1] != digest), (version, digest)]
    partition.pending_version = partition.pending_digest = None


def _before_calendars(partition: Partition) -> list[tuple[str, str]]:
    told = (
        (partition.profiles_version, partition.profiles_digest),
        (partition.pending_version, partition.pending_digest),
    )
    return [(version, digest) for version, digest in told if version is not None and digest is not None]


def _product(fact: ProductChanged) -> Product:
    factor = float(fact.unit_factor)
    return Product(
        group=fact.group or fact.sku,
        unit_factor=factor,
        name=fact.name,
        lead_time_days=fact.lead_time_days,
        available=fact.available,
        margin_share=fact.margin_share,
        minimum_units=float(fact.minimum_quantity or 0) * factor,
        multiple_units=float(fact.quantity_multiple or 0) * factor,
    )


def _set_rates(partition: Partition, fact: RatesChanged) -> None:
    day = fact.rate_date.toordinal()
    for currency, rate in fact.rates.items():
        by_day = partition.rates.setdefault(currency, {})
        by_day[day] = float(rate)
        for old in sorted(by_day)[:-REMEMBERED_RATE_DAYS]:
            del by_day[old]
