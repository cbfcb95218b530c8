"""What the fold remembers of an account and of a partition. Compact, versioned by streams/codec.py.

Instants are whole seconds since 1970 UTC, days are local-day ordinals, money is whole cents of the reporting currency:
integers add up to the same whatever the order, so that swapped events leave equal states.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from struct import Struct

import msgspec

from forecasting.marks import DAY, KEY, PairState, place_of
from forecasting.metering import Metering
from forecasting.telemetry import StockState
from schemas.events.accounts import Size
from schemas.events.ours import Phase

REMEMBERED_IDS = 256
"""Ids of recent events an account keeps to recognise duplicates."""

CENTS = Struct("<q")
"""Worth of an order, in a column."""

ACCOUNT_GROUP = "*"
"""Stands for the account as a whole where a SKU group is asked for."""


class NeedMark(msgspec.Struct, array_like=True, gc=False):
    """A need that was told to the desk and is not over."""

    need_id: str
    valid_until: int
    reorder: bool = False
    p_due: float = 1.0
    """What it was opened at: under the service level of other profiles it is withdrawn."""


class Refusal(msgspec.Struct, array_like=True, gc=False):
    """What was last said of a need that nobody acts on."""

    cycle: int
    reasons: list[str]


class Pair(msgspec.Struct, array_like=True, gc=False):
    """Account x SKU group."""

    orders: PairState = msgspec.field(default_factory=PairState)
    cycle: int = 0
    done_cycle: int = -1
    """The cycle whose need has ended; it is not opened again."""
    due_hour: int | None = None
    """Hour since 1970 at which a decision is due; None: when something happens."""
    need: NeedMark | None = None
    refusal: Refusal | None = None
    hold_until: int | None = None
    """The account said that its stock lasts until then."""
    stock: StockState | None = None
    """The group as one stock, only where a level or a usage is known."""
    on_order: dict[int, tuple[float, int]] = msgspec.field(default_factory=dict)
    """Of metered pairs: units that were ordered and not yet delivered, and the order's day, by order key.

    No units: a meter saw them arrive, and nobody has reported it yet.
    """
    metering: Metering | None = None
    """What the stock is the sum of: each meter's own state."""


class PastOrder(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """An order that left the account's ring: told again it is known; it may still be cancelled or changed."""

    day: int
    key: int
    cents: int


class PastOrders(msgspec.Struct, array_like=True, gc=False):
    """Sorted by day and key, a column each, so that none of them is an object until it is asked for."""

    days: bytes = b""
    keys: bytes = b""
    cents: bytes = b""

    @classmethod
    def of(cls, past: Iterable[PastOrder]) -> "PastOrders":
        """From values, sorted."""
        known = cls()
        known.put(past)
        return known

    def __iter__(self) -> Iterator[PastOrder]:
        columns = DAY.iter_unpack(self.days), KEY.iter_unpack(self.keys), CENTS.iter_unpack(self.cents)
        for (day,), (key,), (cents,) in zip(*columns, strict=True):
            yield PastOrder(day, key, cents)

    def __len__(self) -> int:
        return len(self.days) // DAY.size

    def get(self, key: int) -> PastOrder | None:
        """The order, if it is known."""
        place = place_of(self.keys, KEY.pack(key)) if self.keys else -1
        if place < 0:
            return None
        (day,), (cents,) = DAY.unpack_from(self.days, place * 4), CENTS.unpack_from(self.cents, place * 8)
        return PastOrder(day, key, cents)

    def put(self, past: Iterable[PastOrder]) -> None:
        """Exactly these, sorted."""
        past = list(past)
        self.days = b"".join([DAY.pack(one.day) for one in past])
        self.keys = b"".join([KEY.pack(one.key) for one in past])
        self.cents = b"".join([CENTS.pack(one.cents) for one in past])

    def add(self, one: PastOrder, most: int) -> None:
        """One more, of which only so many newest are kept."""
        count = len(self)
        if count and (DAY.unpack_from(self.days, count * 4 - 4) + KEY.unpack_from(self.keys, count * 8 - 8)) > (
            one.day,
            one.key,
        ):
            self.put(sorted([*self, one], key=lambda past: (past.day, past.key)))
        else:  # nearly always the newest
            self.days, self.keys = self.days + DAY.pack(one.day), self.keys + KEY.pack(one.key)
            self.cents += CENTS.pack(one.cents)
        if count + 1 > most:
            over = count + 1 - most
            self.days, self.keys, self.cents = self.days[over * 4 :], self.keys[over * 8 :], self.cents[over * 8 :]

    def set_cents(self, key: int, cents: int) -> None:
        """The known order is now worth this."""
        self.put([PastOrder(one.day, key, cents) if one.key == key else one for one in self])

    def remove(self, key: int) -> None:
        """The order never was."""
        self.put([one for one in self if one.key != key])


class Returned(msgspec.Struct, array_like=True, gc=False):
    """What came back of an order at once."""

    units: dict[str, float] = msgspec.field(default_factory=dict)
    """By SKU group."""
    cents: int = 0


class Forgotten(msgspec.Struct, array_like=True, gc=False):
    """Summary of the pairs that were let go to bound the state."""

    pairs: int = 0
    orders: int = 0
    last_day: int = 0
    """Newest order day among them."""


class Profile(msgspec.Struct, array_like=True, gc=False):
    """What master data say of the account."""

    trade: str | None = None
    country: str | None = None
    region: str | None = None
    zone: str | None = None
    size: str | None = None
    tier: int = 2
    wallet_yearly: float | None = None
    """What it spends a year on all that we sell, at all suppliers."""
    acquisition_cost: float | None = None


class Promise(msgspec.Struct, array_like=True, gc=False):
    """An order that is to arrive by a day."""

    order_id: str
    at: int
    to_ship: float
    """Units that nobody has reported as shipped."""
    to_deliver: float


class Relation(msgspec.Struct, array_like=True, gc=False):
    """What is settled between us and the account, and what is not."""

    credit: bool = False
    channel: str | None = None
    """How the account likes to be reached."""
    manager: str | None = None
    edi: bool = False
    joint_day: int | None = None
    """Day of the last joint innovation day."""
    delivers: bool = False
    """Shipments or deliveries are reported: silence past the lead time means a late delivery."""
    promises: dict[int, Promise] = msgspec.field(default_factory=dict)
    """By order key."""
    arrived: list[int] = msgspec.field(default_factory=list)
    """Keys of the last orders that arrived, also of those whose OrderPlaced is still on its way."""
    troubles: dict[str, int] = msgspec.field(default_factory=dict)
    """What is to be mended before anything is sold, by the group of its need, and since when."""
    invoices: dict[int, int] = msgspec.field(default_factory=dict)
    """When the last invoices were corrected or paid, by key: a dispute of before then that arrives later is over."""


class Account(msgspec.Struct, array_like=True, gc=False):
    """Everything the fold knows of one account."""

    account_id: str
    version: int = 0
    seen: bytes = b""
    """Hashes of the last ids, oldest first, KEY.size bytes each."""
    newest: int = 0
    """When the newest order or reading occurred: older by more than 90 days is late."""
    late_events: int = 0
    about: Profile = msgspec.field(default_factory=Profile)
    size: str = Size.SMALL.value
    phase: str = Phase.IGNITION.value
    orders: PairState = msgspec.field(default_factory=PairState)
    """Order days of anything; a mark's quantity is the order's worth in cents."""
    spend_cents: dict[int, int] = msgspec.field(default_factory=dict)
    """By month, counted from year 0."""
    settled_orders: dict[int, str] = msgspec.field(default_factory=dict)
    """Orders whose change or cancellation arrived, by key: a later OrderPlaced of them is old news."""
    complaints: list[str] = msgspec.field(default_factory=list)
    withdrawn: list[tuple[str, str]] = msgspec.field(default_factory=list)
    credit_hold: bool = False
    closed: bool = False
    merged_into: str | None = None
    cool_down_until: int | None = None
    attempts: int = 0
    check_hour: int | None = None
    """Hour at which phase, cool-down or hold-out must be looked at again."""
    assets: dict[str, str] = msgspec.field(default_factory=dict)
    """SKU of each metered asset."""
    standing: int = 0
    """Hash of what the desk was last told."""
    pairs: dict[str, Pair] = msgspec.field(default_factory=dict)
    past_orders: PastOrders = msgspec.field(default_factory=PastOrders)
    """The newest that left the ring of the account."""
    returns: dict[int, list[Returned]] = msgspec.field(default_factory=dict)
    """By order key, also of orders whose OrderPlaced is still on its way."""
    closed_at: int | None = None
    """When it was closed; a registration after that opens it again."""
    cycle_floor: int = 0
    """A new pair begins at this cycle: over that of every pair that was forgotten, so that no need id comes twice."""
    forgotten: Forgotten | None = None
    p_alive: float | None = None
    """When it was last judged."""
    margin_cents: dict[int, tuple[int, int]] = msgspec.field(default_factory=dict)
    """By month: worth of the order lines whose product says its margin, and that margin."""
    relation: Relation = msgspec.field(default_factory=Relation)
    given: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """Consents that were given and not withdrawn since: purpose and channel."""
    absorbed: list[str] = msgspec.field(default_factory=list)
    """Accounts that continue as this one, so that it is never merged into one of them."""

    def pair(self, group: str) -> Pair:
        """The pair of a group; a new one where there is none."""
        found = self.pairs.get(group)
        if found is None:
            found = self.pairs[group] = Pair(cycle=self.cycle_floor)
        return found

    @property
    def due_hour(self) -> int | None:
        """When the account must next be looked at."""
        found = self.check_hour
        for pair in self.pairs.values():
            hour = pair.due_hour
            if hour is not None and (found is None or hour < found):
                found = hour
        return found


class Product(msgspec.Struct, array_like=True, gc=False):
    """The product master's word on one SKU."""

    group: str
    unit_factor: float = 1.0
    name: str = ""
    lead_time_days: float | None = None
    available: bool = True
    margin_share: float | None = None
    minimum_units: float = 0.0
    """Least that an order may hold, in units of the group."""
    multiple_units: float = 0.0
    """An order holds a multiple of this; 0: anything."""


class Rollout(msgspec.Struct, array_like=True, gc=False):
    """Judging every account anew, slice after slice, in the order of their ids."""

    number: int
    started: int
    """Business time."""
    after: str | None = None
    """The last account of the last slice; None: nothing is done yet."""
    done: int = 0
    total: int = 0
    """Accounts when it began."""
    finished: int | None = None
    """Business time; None: it goes on."""


class Partition(msgspec.Struct, array_like=True, gc=False):
    """What concerns every account of a partition of the log."""

    as_of: int | None = None
    """Business time."""
    model_version: str | None = None
    model_digest: str | None = None
    model_published: int | None = None
    profiles_version: str | None = None
    profiles_digest: str | None = None
    products: dict[str, Product] = msgspec.field(default_factory=dict)
    rates: dict[str, dict[int, float]] = msgspec.field(default_factory=dict)
    """Reporting currency for one unit, by day ordinal."""
    seen: list[int] = msgspec.field(default_factory=list)
    """Hashes of the last broadcast ids."""
    decided_once: bool = False
    """Whether the model and profiles in force have judged every account; False: the next tick judges all."""
    pending_version: str | None = None
    pending_digest: str | None = None
    """Profiles that were published and whose effective date has not come; of states before ``calendar``."""
    calendar: list[tuple[str, str]] = msgspec.field(default_factory=list)
    """Version and digest of the profiles that may still be in force, in the order in which they were published."""
    slice_accounts: int | None = None
    """As the last publication said; None: all accounts are judged at once."""
    rollout: Rollout | None = None
    """The last one; none where all were judged at once."""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = 719_163
"""Ordinal of 1970-01-01."""


def hour_of_day(day: int) -> int:
    """Hour since 1970 at which a calendar day (ordinal) begins in UTC."""
    return (day - EPOCH_DAY) * 24


def seconds(moment: datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    since = moment - _EPOCH
    return since.days * 86_400 + since.seconds


def moment(at: int) -> datetime:
    """The UTC instant of whole seconds since 1970."""
    return datetime.fromtimestamp(at, UTC)
