"""The accounts of one partition while a batch is folded: read once, changed in memory, written together."""

from collections import OrderedDict
from collections.abc import Iterable

from streams.codec import VERSION, decode_account, due_hour_of, encode_account
from streams.due import DueIndex
from streams.microbatch.ports import PartitionStore, Write
from streams.state import Account

ACCOUNT_PREFIX = b"a:"
PARTITION_KEY = b"p"

KEPT_ACCOUNTS = 5_000
"""Decoded accounts that stay in memory between batches; equal to what is stored, so that it can be thrown away."""


class Workspace:
    """Working copies of accounts over the partition's store; what is changed becomes the batch's writes."""

    def __init__(self, store: PartitionStore, layout: int = VERSION) -> None:
        self._store = store
        self._layout = layout
        self._open: OrderedDict[str, Account] = OrderedDict()
        self._changed: set[str] = set()
        self._unwritten: set[str] = set()
        """Changed, put where they are due, and not yet bytes: an order and the look at it are often in one batch."""
        self._written: dict[bytes, bytes] = {}
        self._fresh: set[str] = set()
        self.due = DueIndex()
        self.accounts = 0
        """How many are known, as of the last `settle`."""
        for key, raw in store.items(ACCOUNT_PREFIX):
            self.due.put(key[len(ACCOUNT_PREFIX) :].decode(), due_hour_of(raw))
            self.accounts += 1

    def get(self, account_id: str) -> Account:
        """The account as of the last event folded; a new one if nothing is known of it."""
        account = self._open.get(account_id)
        if account is None:
            account = self._open[account_id] = self._load(account_id)
        else:
            self._open.move_to_end(account_id)
        return account

    def changed(self, account_id: str) -> None:
        """The account was folded into: it is written with the batch, and is due when its state says so."""
        self._changed.add(account_id)

    def settle(self) -> None:
        """Put what was changed where it is due, and let go of all copies but those used last."""
        for account_id in self._changed:
            self.due.put(account_id, self._open[account_id].due_hour)
        if self._fresh:
            self.accounts += len(self._fresh & self._changed)
            self._fresh -= self._changed
        self._unwritten |= self._changed
        self._changed.clear()
        while len(self._open) > KEPT_ACCOUNTS:
            account_id, account = self._open.popitem(last=False)
            if account_id in self._unwritten:
                self._unwritten.discard(account_id)
                self._write(account)

    def _write(self, account: Account) -> None:
        due_hour = self.due.hour_of(account.account_id)
        self._written[key_of(account.account_id)] = encode_account(account, due_hour, self._layout)

    def _write_all(self) -> None:
        """Whatever was changed, as bytes."""
        self.settle()
        for account_id in self._unwritten:
            self._write(self._open[account_id])
        self._unwritten.clear()

    def account_ids(self) -> list[str]:
        """Every account known to the partition, sorted."""
        self._write_all()
        keys = {key for key, _ in self._store.items(ACCOUNT_PREFIX)} | self._written.keys()
        return sorted(key[len(ACCOUNT_PREFIX) :].decode() for key in keys)

    def ids_between(self, after: str | None, until: str | None, limit: int | None = None) -> list[str]:
        """Accounts behind one id (None: all), up to and with another (None: the last), sorted; the first ``limit``."""
        self._write_all()
        low = ACCOUNT_PREFIX if after is None else key_of(after)
        found = {key for key in self._written if key > low and (until is None or key <= key_of(until))}
        for number, (key, _) in enumerate(self._store.items(ACCOUNT_PREFIX, low)):
            if number == limit or (until is not None and key > key_of(until)):
                break
            found.add(key)
        return [key[len(ACCOUNT_PREFIX) :].decode() for key in sorted(found)[:limit]]

    def take_writes(self) -> Iterable[Write]:
        """The batch's writes, once."""
        self._write_all()
        writes, self._written = self._written, {}
        return list(writes.items())

    def _load(self, account_id: str) -> Account:
        key = key_of(account_id)
        raw = self._written.get(key) or self._store.get(key)
        if raw is None:
            self._fresh.add(account_id)
            return Account(account_id=account_id)
        return decode_account(raw)


def key_of(account_id: str) -> bytes:
    """Key of an account in the partition's store."""
    return ACCOUNT_PREFIX + account_id.encode()
