"""Where contacts go: through the running server, into the file while it is stopped, or into PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import replace as with_
from datetime import datetime
from secrets import token_hex
from typing import Any, TypeVar

from ops.contacts_file import number_of, point_of, row_of
from ops.embedded.installation import opened
from ops.running import ask
from outreach.desk import Desk, rules_from
from outreach.ports import Store, Transaction
from outreach.records import ContactPoint
from outreach.store.migrate import require_current
from outreach.store.sql import SqlStore, store_for
from schemas.errors import BadInput, Misconfigured
from schemas.settings import Settings
from streams.embedded.lock import Owner, hold, owner_of

NAME = "ringahead contacts"
ACTOR = "import"
BATCH = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept:
    """What was written."""

    contacts: int = 0
    listed: int = 0
    """Numbers that are new on the do-not-call list."""
    cancelled: int = 0
    """Open tasks that ended because of them."""

    def __add__(self, other: "Kept") -> "Kept":
        """Both."""
        return Kept(self.contacts + other.contacts, self.listed + other.listed, self.cancelled + other.cancelled)


def send(settings: Settings, points: Sequence[ContactPoint], numbers: Sequence[str]) -> tuple[Kept, str]:
    """Keep them, numbers that nobody calls first; also where. Raises AlreadyRunning, Unavailable, Misconfigured."""
    if settings.runtime == "kafka":
        return _to_database(settings, points, numbers), "the database"
    owner = owner_of(settings.data_dir)
    if owner is not None:
        return _to_server(owner, points, numbers), f"the running server at {owner.url}"
    with hold(settings.data_dir, NAME), opened(settings) as installation:
        return keep(installation.store, installation.desk, points, numbers), str(settings.sqlite_path)


def keep(store: Store, desk: Desk, points: Sequence[ContactPoint], numbers: Sequence[str]) -> Kept:
    """Write them in transactions of BATCH; twice is once. Points and numbers are normalised."""
    total = Kept()
    for batch in _batches(numbers):
        with store.begin() as tx:
            fresh = set(batch) - tx.do_not_call.among(batch)
            cancelled = sum(desk.block_number(tx, number, ACTOR) for number in sorted(fresh))
        total += Kept(listed=len(fresh), cancelled=cancelled)
    for some in _batches(points):
        with store.begin() as tx:
            total += Kept(contacts=desk.put_contacts(tx, _still_wrong(tx, some)))
    return total


def keep_register(
    store: Store,
    desk: Desk,
    register: str,
    generation: str,
    numbers: Sequence[str],
    copied_at: datetime | None,
    count: int,
) -> None:
    """Fill a copy of a register; with ``copied_at`` it is whole and in force."""
    with store.begin() as tx:
        tx.registers.add_numbers(register, generation, numbers)
        if copied_at is not None:
            desk.put_register(tx, register, generation, copied_at, count, ACTOR)


def send_register(settings: Settings, register: str, numbers: Sequence[str], copied_at: datetime) -> str:
    """Put a whole copy in force, filled batch by batch; where. Raises as `send`, and Refused."""
    generation = token_hex(8)
    batches = [*_batches(numbers)] or [[]]

    def fill(put: Callable[[list[str], datetime | None], None]) -> None:
        for number, batch in enumerate(batches, start=1):
            put(batch, copied_at if number == len(batches) else None)

    if settings.runtime == "kafka":
        store = _database(settings)
        try:
            desk = Desk(rules_from(settings))
            fill(lambda some, at: keep_register(store, desk, register, generation, some, at, len(numbers)))
        finally:
            store.close()
        return "the database"
    owner = owner_of(settings.data_dir)
    if owner is None:
        with hold(settings.data_dir, NAME), opened(settings) as there:
            fill(lambda some, at: keep_register(there.store, there.desk, register, generation, some, at, len(numbers)))
        return str(settings.sqlite_path)
    asked = {"register": register, "generation": generation, "count": len(numbers)}
    fill(lambda some, at: _ask_register(owner, asked, some, at))
    return f"the running server at {owner.url}"


def _ask_register(owner: Owner, asked: Mapping[str, Any], numbers: list[str], copied_at: datetime | None) -> None:
    ask(
        owner,
        "contacts",
        {**asked, "numbers": numbers, "copied_at": None if copied_at is None else copied_at.isoformat()},
    )


def keep_asked(store: Store, desk: Desk, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What POST /internal/contacts does: ``contacts`` and ``do_not_call`` as lists, or a part of a register.

    Raises BadInput.
    """
    if "register" in asked:
        at, listed = asked.get("copied_at"), [number_of(str(number)) for number in asked.get("numbers", [])]
        copied_at = None if at is None else datetime.fromisoformat(str(at))
        count = int(asked.get("count", len(listed)))
        keep_register(store, desk, str(asked["register"]), str(asked["generation"]), listed, copied_at, count)
        return asdict(Kept())
    rows, numbers = asked.get("contacts", []), asked.get("do_not_call", [])
    if not isinstance(rows, list) or not isinstance(numbers, list) or not all(isinstance(row, dict) for row in rows):
        raise BadInput("contacts and do_not_call are lists")
    return asdict(keep(store, desk, [point_of(row) for row in rows], [number_of(str(number)) for number in numbers]))


def _still_wrong(tx: Transaction, points: Sequence[ContactPoint]) -> list[ContactPoint]:
    """A number that an agent found wrong stays so until the file has another one."""
    wrong = {(one.contact_id, one.number) for one in tx.contacts.many(p.contact_id for p in points) if not one.valid}
    return [with_(point, valid=(point.contact_id, point.number) not in wrong) for point in points]


def _to_server(owner: Owner, points: Sequence[ContactPoint], numbers: Sequence[str]) -> Kept:
    total = Kept()
    for batch in _batches(numbers):
        total += Kept(**ask(owner, "contacts", {"do_not_call": batch}))
    for some in _batches(points):
        total += Kept(**ask(owner, "contacts", {"contacts": [row_of(point) for point in some]}))
    return total


def _to_database(settings: Settings, points: Sequence[ContactPoint], numbers: Sequence[str]) -> Kept:
    store = _database(settings)
    try:
        return keep(store, Desk(rules_from(settings)), points, numbers)
    finally:
        store.close()


def _database(settings: Settings) -> SqlStore:
    if settings.database_url is None:
        raise Misconfigured("set RINGAHEAD_DATABASE_URL to the PostgreSQL that the desk writes to")
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def _batches(rows: Sequence[T]) -> Iterator[list[T]]:
    return (list(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH))
