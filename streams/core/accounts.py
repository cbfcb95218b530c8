"""Folding what is known of an account besides its orders: master data, complaints, credit, consent, its end."""

from base64 import b64decode, b64encode

from forecasting.marks import KEY, place_of
from forecasting.pair import add_order
from schemas.envelope import Event
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events.accounts import (
    AccountClosed,
    AccountMerged,
    AccountRegistered,
    ComplaintOpened,
    ComplaintResolved,
    ConsentGiven,
    ConsentWithdrawn,
    CreditChanged,
)
from schemas.events.ours import StateTransferred
from schemas.ids import stable_hash
from streams.codec import decode_account, encode_account
from streams.core.booking import take_orders
from streams.core.context import Folding
from streams.core.needs import Cause, end_need, next_cycle, reconsider
from streams.core.promises import take_promises
from streams.core.recording import SOURCE
from streams.core.recovery import close_recovery, open_recoveries, reopen_recovery
from streams.core.room import check_complaints
from streams.core.stock import take_meters
from streams.core.worth import merge_margins
from streams.state import Pair, seconds

REMEMBERED_ABSORBED = 100
"""Accounts that continue as another one and are known by name."""


def registered(folding: Folding, event: Event, fact: AccountRegistered) -> None:
    """Master data: a field that is left out is unchanged. Registered anew, a closed account is open again."""
    if type(fact) is AccountRegistered:
        _open_again(folding, seconds(event.time))
    about = folding.account.about
    for name in ("trade", "country", "region", "zone", "tier"):
        value = getattr(fact, name)
        if value is not None and name in fact.model_fields_set:
            setattr(about, name, value)
    for name in ("wallet_yearly", "acquisition_cost"):
        amount = getattr(fact, name)
        if amount is not None:
            setattr(about, name, float(amount))
    if "size" in fact.model_fields_set:
        about.size = None if fact.size is None else fact.size.value
    folding.look_again()


def complaint_opened(folding: Folding, event: Event, fact: ComplaintOpened) -> None:
    """Selling stops at once; somebody calls to mend."""
    del event
    if fact.complaint_id not in folding.account.complaints:
        check_complaints(folding.account)
        folding.account.complaints.append(fact.complaint_id)
        reopen_recovery(folding, fact.complaint_id)
    open_recoveries(folding)


def complaint_resolved(folding: Folding, event: Event, fact: ComplaintResolved) -> None:
    """Selling may go on; what was refused meanwhile is looked at again."""
    del event
    if fact.complaint_id in folding.account.complaints:
        folding.account.complaints.remove(fact.complaint_id)
    close_recovery(folding, fact.complaint_id)
    reconsider(folding)


def credit_changed(folding: Folding, event: Event, fact: CreditChanged) -> None:
    """Accounts receivable's word."""
    del event
    folding.account.credit_hold = fact.hold
    reconsider(folding)


def consent_withdrawn(folding: Folding, event: Event, fact: ConsentWithdrawn) -> None:
    """Nobody contacts the account for this purpose over this channel."""
    del event
    pair = (fact.purpose.value, fact.channel.value)
    folding.account.withdrawn = sorted({*map(tuple, folding.account.withdrawn), pair})  # type: ignore[arg-type]
    folding.account.given = [told for told in folding.account.given if tuple(told) != pair]


def consent_given(folding: Folding, event: Event, fact: ConsentGiven) -> None:
    """The account may be contacted again."""
    del event
    pair = (fact.purpose.value, fact.channel.value)
    folding.account.withdrawn = [told for told in folding.account.withdrawn if tuple(told) != pair]
    folding.account.given = sorted({*map(tuple, folding.account.given), pair})  # type: ignore[arg-type]
    reconsider(folding)


def closed(folding: Folding, event: Event, fact: AccountClosed) -> None:
    """Everything open ends."""
    del fact
    _end_everything(folding, "closed")
    folding.account.closed_at = seconds(event.time)


def merged(folding: Folding, event: Event, fact: AccountMerged) -> None:
    """The state goes to the survivor as an event of its own; this account is an alias from now on.

    Raises BadEvent where that account continues as this one: neither would be left.
    """
    account = folding.account
    if account.closed or fact.into_account_id == account.account_id:
        return
    if fact.into_account_id in account.absorbed:
        raise BadEvent(DeadLetterReason.BAD_DATA, "data.into_account_id: it was merged into this account; no way back")
    state = b64encode(encode_account(account, layout=folding.context.installation.state_layout)).decode()
    _end_everything(folding, "merged")
    account.merged_into = fact.into_account_id
    folding.recorded.append(
        Event(
            id=stable_hash("transfer", account.account_id, event.source, event.id).hex(),
            source=SOURCE,
            subject=fact.into_account_id,
            time=event.time,
            fact=StateTransferred(from_account_id=account.account_id, state=state),
        )
    )


def transferred(folding: Folding, event: Event, fact: StateTransferred) -> None:
    """The loser's recent orders, spend, meters, complaints, withdrawn consents and cool-down become the survivor's."""
    del event
    survivor, loser = folding.account, decode_account(b64decode(fact.state))
    absorbed = dict.fromkeys((*survivor.absorbed, *loser.absorbed, fact.from_account_id))
    survivor.absorbed = list(absorbed)[-REMEMBERED_ABSORBED:]
    for group, theirs in sorted(loser.pairs.items()):
        _take_pair(folding, group, theirs)
    take_orders(survivor, loser)
    merge_margins(folding, loser.margin_cents)
    survivor.settled_orders = loser.settled_orders | survivor.settled_orders
    survivor.assets = loser.assets | survivor.assets
    take_promises(survivor.relation, loser.relation)
    survivor.complaints = sorted({*survivor.complaints, *loser.complaints})
    survivor.withdrawn = sorted({*map(tuple, survivor.withdrawn), *map(tuple, loser.withdrawn)})  # type: ignore[arg-type]
    no = set(map(tuple, survivor.withdrawn))
    survivor.given = [told for told in survivor.given if tuple(told) not in no]
    survivor.attempts = max(survivor.attempts, loser.attempts)
    survivor.cool_down_until = max(survivor.cool_down_until or 0, loser.cool_down_until or 0) or None
    folding.look_again()


def goes_on(folding: Folding, fact: object) -> bool:
    """Whether what is said of an alias is said of the account that it continues as.

    Raises BadEvent for a merge into yet another one: handed on, it would merge an account of which nobody spoke.
    """
    if isinstance(fact, AccountMerged):
        if fact.into_account_id != folding.account.merged_into:
            detail = "data.into_account_id: the account continues as another one already"
            raise BadEvent(DeadLetterReason.BAD_DATA, detail)
        return False
    return not _opened_by_return(folding, fact)


def _opened_by_return(folding: Folding, fact: object) -> bool:
    """Whether this is the alias's own state, which merges that were told at once sent round in a circle.

    Then nobody is left but itself: it is open again, and takes what it has handed on since, which comes round, too.
    """
    account = folding.account
    if not isinstance(fact, StateTransferred) or fact.from_account_id != account.account_id:
        return False
    account.seen = _seen_until_merged(account.seen, decode_account(b64decode(fact.state)).seen)
    account.merged_into = None
    _open(folding, "merged")
    folding.look_again()
    return True


def _seen_until_merged(now: bytes, before: bytes) -> bytes:
    """Ids seen before the merge, and the merge itself, the one after them, where it is still known."""
    place = place_of(now, before[-KEY.size :]) if before else -1
    if before and place < 0:
        return before
    return before + now[(place + 1) * KEY.size : (place + 2) * KEY.size]


def _take_pair(folding: Folding, group: str, theirs: Pair) -> None:
    ours = folding.account.pairs.get(group)
    if ours is None:
        theirs.need = theirs.refusal = None
        theirs.cycle = max(theirs.cycle, folding.account.cycle_floor)
        folding.account.pairs[group] = ours = theirs
    else:
        for mark in theirs.orders.ring:
            add_order(ours.orders, mark)
        take_meters(ours, theirs)
        ours.hold_until = max(ours.hold_until or 0, theirs.hold_until or 0) or None
    next_cycle(folding, group, ours, "merged")


def _open_again(folding: Folding, at: int) -> None:
    """A registration after the closing: what was ended has ended for ever, and needs begin anew."""
    account = folding.account
    if not account.closed or (account.closed_at is not None and at <= account.closed_at):
        return
    _open(folding, "policy")


def _open(folding: Folding, cause: Cause) -> None:
    account = folding.account
    account.closed, account.closed_at = False, None
    for group, pair in sorted(account.pairs.items()):
        next_cycle(folding, group, pair, cause)


def _end_everything(folding: Folding, cause: Cause) -> None:
    account = folding.account
    for group, pair in sorted(account.pairs.items()):
        end_need(folding, group, pair, cause)
        pair.due_hour = None
    account.closed = True
    account.check_hour = None
