"""What the desk must hear when a rebuilt state takes the place of the live one: only what it does not know already.

The desk's own books are compared with what the log says at the same watermark, not with the live state: that may be
wrong about what was told. Need ids follow from account, group and cycle, so a need that both know is the same need. The
desk opens an id once and ends it once, for ever: what people settled meanwhile stays settled.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar

from sqlalchemy import select

from outreach.records import Need, NeedStatus, ReorderState
from outreach.store import schema
from outreach.store.sql import SqlTransaction
from schemas.decisions import Reason
from schemas.ids import reorder_id
from schemas.needs import (
    AccountStanding,
    Effect,
    OpenNeed,
    Place,
    ProposeReorder,
    RefuseNeed,
    WithdrawNeed,
    WithdrawReorder,
    decode_effect,
)
from streams.generations.building import NEEDS, holds, standing_key
from streams.generations.files import GenerationFile

T = TypeVar("T")
CHUNK = 500
NeedWord = OpenNeed | ProposeReorder | RefuseNeed


class Where(NamedTuple):
    """The partition that is told of, and whose accounts these are."""

    place: Place
    at: datetime
    """Its business time."""
    is_ours: Callable[[str], bool]


def effects(tx: SqlTransaction, file: GenerationFile, accounts: Iterable[str], where: Where) -> Iterator[Effect]:
    """Standings of accounts that differ, withdrawals with the cause ``corrected``, then what is open or refused."""
    yield from _standings(tx, file, accounts)
    yield from _withdrawals(tx, file, where)
    for chunk in _chunks(file.told_items(NEEDS)):
        words = [word for _, raw in chunk if isinstance(word := decode_effect(raw), NeedWord)]
        yield from (word for word in _needs(tx, words, where.place) if holds(file, word))


def _standings(tx: SqlTransaction, file: GenerationFile, accounts: Iterable[str]) -> Iterator[Effect]:
    """Told also where the version fell: the desk would pass over the account's next standings."""
    for chunk in _chunks(sorted(accounts)):
        known = {one.account_id: one for one in tx.standings.many(chunk)}
        for account_id in chunk:
            raw = file.told(standing_key(account_id))
            word = None if raw is None else decode_effect(raw)
            if isinstance(word, AccountStanding) and _is_news(known.get(account_id), word):
                yield word.model_copy(update={"anew": True})


def _is_news(known: AccountStanding | None, word: AccountStanding) -> bool:
    if known is None or known.account_version > word.account_version:
        return True
    same = {"place": word.place, "at": word.at, "account_version": word.account_version, "anew": None}
    return known.model_copy(update=same) != word


def _withdrawals(tx: SqlTransaction, file: GenerationFile, where: Where) -> Iterator[Effect]:
    """What the desk has open or refused, and the log does not."""
    needs, own = schema.needs.c, schema.reorders.c
    waiting = select(needs.need_id, needs.account_id, needs.group, needs.account_version)
    waiting = waiting.where(needs.status.in_((NeedStatus.OPEN, NeedStatus.REFUSED))).order_by(needs.need_id)
    proposed = select(own.need_id, own.account_id, own.group, own.account_version)
    proposed = proposed.where(own.state.in_((ReorderState.PROPOSED, ReorderState.APPROVED))).order_by(own.need_id)
    for query, kind in ((waiting, WithdrawNeed), (proposed, WithdrawReorder)):
        for need, account_id, group, version in tx.connection.execute(query).all():
            if where.is_ours(account_id) and not _stands(file, need):
                yield kind(
                    account_id=account_id,
                    account_version=version + 1,
                    at=where.at,
                    place=where.place,
                    need_id=need,
                    group=group,
                    cause="corrected",
                )


def _stands(file: GenerationFile, need: str) -> bool:
    """Whether the log has the need still. What a call settles the fold forgets without a word, as the desk ends it in
    the same transaction that tells of the call: only a desk that was restored to before the call has it open.
    """
    raw = file.told(NEEDS + need.encode())
    word = None if raw is None else decode_effect(raw)
    return word is not None and (not isinstance(word, OpenNeed | ProposeReorder) or holds(file, word))


def _needs(tx: SqlTransaction, words: Sequence[NeedWord], place: Place) -> Iterator[NeedWord]:
    known = {need.need_id: need for need in tx.needs.many([word.need_id for word in words])}
    proposals = [reorder_id(word.need_id) for word in words if isinstance(word, ProposeReorder)]
    proposed = {row.need_id for row in tx.reorders.many(proposals)}
    erased = {one.account_id for one in tx.erasures.many({word.account_id for word in words})}
    for word in words:
        need = known.get(word.need_id)
        if word.need_id not in proposed and word.account_id not in erased and _is_unknown(need, word):
            version = word.account_version if need is None else max(word.account_version, need.account_version + 1)
            yield word.model_copy(update={"account_version": version, "place": place})


def _is_unknown(need: Need | None, word: NeedWord) -> bool:
    """Whether the desk would learn something."""
    if need is None:
        return True
    if need.status is not NeedStatus.REFUSED or Reason.DATA_ERASED in need.reasons:
        return False
    return not isinstance(word, RefuseNeed) or need.reasons != word.reasons


def _chunks(rows: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
