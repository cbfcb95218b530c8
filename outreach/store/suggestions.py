"""SQL repository of what is suggested: one row an account, its whole list as bytes.

A row a product would be 15 million rows for 1.2 million accounts.
Layout of a list: version byte, msgpack of its products in order of rank.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select

from outreach.records import Suggestion
from outreach.store import schema
from outreach.store.tables import chunks, upsert
from schemas.errors import Corrupt

FORMAT = 1


class Listed(msgspec.Struct, array_like=True, frozen=True):
    """A product of a list, without what all of them share; fields as in `Suggestion`."""

    rank: int
    sku: str
    name: str
    sentence: str
    efficiency: int = 0
    variety: int = 0
    innovation: int = 0
    is_new: bool = False
    probability: float | None = None
    buyers: int | None = None
    neighbours: int | None = None
    base_rate: float | None = None


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(list[Listed]).decode


def packed(rows: Sequence[Suggestion]) -> bytes:
    """The list as bytes."""
    return bytes([FORMAT]) + _ENCODE(
        [
            (
                row.rank,
                row.sku,
                row.name,
                row.sentence,
                row.efficiency,
                row.variety,
                row.innovation,
                row.is_new,
                row.probability,
                row.buyers,
                row.neighbours,
                row.base_rate,
            )
            for row in rows
        ]
    )


def unpacked(account_id: str, version: str, as_of: datetime | None, raw: bytes) -> list[Suggestion]:
    """What `packed` was given. Raises Corrupt for anything else."""
    if raw[:1] != bytes([FORMAT]):
        raise Corrupt(f"the suggestions of an account have format {raw[:1].hex()}, this version reads {FORMAT}")
    try:
        listed = _DECODE(raw[1:])
    except msgspec.MsgspecError as error:
        raise Corrupt(f"the suggestions of an account cannot be read: {error}") from error
    return [
        Suggestion(
            account_id,
            one.rank,
            one.sku,
            one.name,
            one.sentence,
            version,
            one.efficiency,
            one.variety,
            one.innovation,
            one.is_new,
            one.probability,
            one.buyers,
            one.neighbours,
            one.base_rate,
            as_of,
        )
        for one in listed
    ]


class SqlSuggestions:
    """See `outreach.ports.Suggestions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = schema.suggestion_lists
        self._foreseen: dict[str, Sequence[Any] | None] | None = None

    def foresee(self, account_ids: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
        """Keep rows (account_id, version, as_of, body) that were read ahead of all these accounts."""
        known: dict[str, Sequence[Any] | None] = dict.fromkeys(account_ids)
        known.update((row[0], row) for row in rows)
        self._foreseen = known

    def replace(self, account_ids: Iterable[str], rows: Iterable[Suggestion]) -> None:
        """All that the accounts have: whoever has nothing has no row."""
        self._foreseen = None
        lists: dict[str, list[Suggestion]] = {account_id: [] for account_id in account_ids}
        for row in rows:
            lists.setdefault(row.account_id, []).append(row)
        empty = [account_id for account_id, some in lists.items() if not some]
        for chunk in chunks(empty):
            self._connection.execute(delete(self._table).where(self._table.c.account_id.in_(chunk)))
        values = [self._row(some) for some in lists.values() if some]
        if values:
            self._connection.execute(upsert(self._table, self._connection.dialect.name), values)

    def drop(self, account_id: str, sku: str) -> None:
        """One product of one account."""
        query = select(self._table).where(self._table.c.account_id == account_id).with_for_update()
        row = self._connection.execute(query).first()
        self.replace([account_id], [one for one in _made(row) if one.sku != sku])

    def of_account(self, account_id: str, limit: int = 100) -> list[Suggestion]:
        """By rank."""
        if self._foreseen is not None and account_id in self._foreseen:
            return _made(self._foreseen[account_id])[:limit]
        query = select(self._table).where(self._table.c.account_id == account_id)
        return _made(self._connection.execute(query).first())[:limit]

    def versions(self) -> set[str]:
        """Of all lists."""
        return set(self._connection.scalars(select(self._table.c.version).distinct()))

    @staticmethod
    def _row(some: list[Suggestion]) -> dict[str, Any]:
        some.sort(key=lambda one: one.rank)
        first = some[0]
        return {
            "account_id": first.account_id,
            "version": first.version,
            "as_of": first.as_of,
            "body": packed(some),
        }


def _made(row: Row[Any] | Sequence[Any] | None) -> list[Suggestion]:
    return [] if row is None else unpacked(row[0], row[1], row[2], bytes(row[3]))
