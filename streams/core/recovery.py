"""What went wrong for an account: complaints, late deliveries, disputed invoices. Mend before selling.

Each has one service need; while it lasts nothing is sold. How long it took is told when it is over.
"""

from datetime import date

from forecasting.pair import order_key
from outreach.kinds import KINDS, MENDING, group_of, kind_of
from outreach.wording import Spoken
from schemas.decisions import NeedKind
from schemas.envelope import Event
from schemas.events.accounts import InvoiceCorrected, InvoiceDisputed, InvoiceIssued, InvoicePaid
from schemas.events.ours import CallEnded, Disposition, RecoveryEnded
from streams.core.context import Folding
from streams.core.facts import event_evidence
from streams.core.needs import end_need, open_need, reconsider
from streams.core.recording import record
from streams.state import moment, seconds

REMEMBERED_TROUBLES = 64
REMEMBERED_INVOICES = 16


def go_wrong(folding: Folding, kind: NeedKind, reference: str, since: int) -> None:
    """From now on nothing is sold; told anew after it was mended it is another need."""
    troubles, group = folding.account.relation.troubles, group_of(kind, reference)
    if group in troubles:
        return
    troubles[group] = since
    while len(troubles) > REMEMBERED_TROUBLES:
        del troubles[min(troubles, key=lambda one: (troubles[one], one))]
    pair = folding.account.pairs.get(group)
    if pair is not None and pair.done_cycle == pair.cycle:
        pair.cycle += 1


def mend(folding: Folding, kind: NeedKind, reference: str, how: str) -> None:
    """It is over: the need ends, the time it took is recorded, and selling may go on."""
    account, group = folding.account, group_of(kind, reference)
    since = account.relation.troubles.pop(group, None)
    pair = account.pairs.get(group)
    if since is None and pair is None:
        return
    if pair is not None:
        end_need(folding, group, pair, "resolved")
        pair.done_cycle = pair.cycle
        pair.due_hour = None
    if since is not None:
        _measure(folding, kind, reference, since, how)
    reconsider(folding)


def give_up(folding: Folding, kind: NeedKind, reference: str) -> None:
    """Nothing was heard of it for too long: it blocks nothing any more, and counts as mended nowhere."""
    group = group_of(kind, reference)
    pair = folding.account.pairs.get(group)
    if pair is not None:
        end_need(folding, group, pair, "expired")
        pair.done_cycle = pair.cycle
    folding.account.relation.troubles.pop(group, None)
    reconsider(folding)


def open_recoveries(folding: Folding) -> None:
    """One service need for each thing to be mended, once decisions are taken at all."""
    profile, account = folding.profile, folding.account
    if profile is None or account.closed or not (account.complaints or account.relation.troubles):
        return
    groups = [group_of(NeedKind.RECOVERY, complaint) for complaint in account.complaints]
    for group in dict.fromkeys((*groups, *sorted(account.relation.troubles))):
        kind = kind_of(group)
        if kind in profile.opens and kind in MENDING:
            _open(folding, kind, group)


def reopen_recovery(folding: Folding, complaint_id: str) -> None:
    """A complaint, told for the first time or anew."""
    go_wrong(folding, NeedKind.RECOVERY, complaint_id, seconds(folding.event_time))


def close_recovery(folding: Folding, complaint_id: str) -> None:
    """The complaint is mended."""
    mend(folding, NeedKind.RECOVERY, complaint_id, "resolved")


def invoice_disputed(folding: Folding, event: Event, fact: InvoiceDisputed) -> None:
    """Somebody calls to mend it, at once; unless it was paid or corrected after that, and the word came late."""
    if seconds(event.time) < folding.account.relation.invoices.get(order_key(fact.invoice_id), 0):
        return
    go_wrong(folding, NeedKind.DISPUTED_INVOICE, fact.invoice_id, seconds(event.time))
    open_recoveries(folding)


def invoice_settled(folding: Folding, event: Event, fact: InvoiceIssued | InvoiceCorrected | InvoicePaid) -> None:
    """Issued anew, corrected or paid: a dispute about it is over."""
    if not isinstance(fact, InvoiceIssued):
        _remember(folding.account.relation.invoices, order_key(fact.invoice_id), seconds(event.time))
    if group_of(NeedKind.DISPUTED_INVOICE, fact.invoice_id) in folding.account.relation.troubles:
        how = event.type.split(".")[1].removeprefix("Invoice").lower()
        mend(folding, NeedKind.DISPUTED_INVOICE, fact.invoice_id, how)


def _remember(invoices: dict[int, int], key: int, at: int) -> None:
    invoices[key] = max(at, invoices.get(key, 0))
    while len(invoices) > REMEMBERED_INVOICES:
        del invoices[min(invoices, key=lambda one: (invoices[one], one))]


def talked_about(folding: Folding, event: Event, fact: CallEnded) -> None:
    """A call that settled it mends it, whatever the systems say later."""
    del event
    if fact.disposition is not Disposition.RESOLVED:
        return
    account = folding.account
    for group in fact.groups:
        kind, pair, reference = kind_of(group), account.pairs.get(group), group.partition(":")[2]
        if kind not in MENDING or pair is None or pair.done_cycle != pair.cycle:
            continue
        if reference in account.complaints and kind is NeedKind.RECOVERY:
            account.complaints.remove(reference)
        if kind is NeedKind.LATE_DELIVERY:
            account.relation.promises.pop(order_key(reference), None)
        mend(folding, kind, reference, "call")


def _open(folding: Folding, kind: NeedKind, group: str) -> None:
    account = folding.account
    pair = account.pair(group)
    if pair.need is not None or pair.done_cycle == pair.cycle:
        return
    since = account.relation.troubles.get(group)
    told = Spoken(
        today=_date(folding, folding.now),
        reference=group.partition(":")[2],
        since=None if since is None else _date(folding, since),
    )
    until = folding.now + KINDS[kind].valid_days * 86_400
    open_need(folding, group, pair, kind, event_evidence(folding, kind, told), 0.0, until)


def _measure(folding: Folding, kind: NeedKind, reference: str, since: int, how: str) -> None:
    ended = seconds(folding.event_time)
    fact = RecoveryEnded(
        kind=kind.value,
        reference=reference,
        opened_at=moment(since),
        hours=round(max(ended - since, 0) / 3600, 3),
        how=how,
    )
    record(folding, fact, folding.event_time, kind.value, reference)


def _date(folding: Folding, at: int) -> date:
    return date.fromordinal(folding.local_day(moment(at)))
