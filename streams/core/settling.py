"""What settles a matter with the account as a whole: master data, credit, visits, calls."""

from outreach.kinds import ACCOUNT_WIDE, kind_of
from schemas.decisions import NeedKind
from schemas.envelope import Event
from schemas.events.accounts import AccountRegistered, CreditChanged, PartnerTouchpoint
from schemas.events.ours import CallEnded, Disposition
from streams.core.context import Folding
from streams.core.needs import end_need
from streams.core.whole import GROUPS, rest, settled


def registered(folding: Folding, event: Event, fact: AccountRegistered) -> None:
    """Channel, account manager, connection; a field that is left out is unchanged."""
    del event
    relation, told = folding.account.relation, fact.model_fields_set
    if "preferred_channel" in told:
        relation.channel = None if fact.preferred_channel is None else fact.preferred_channel.value
    if "account_manager" in told:
        relation.manager = fact.account_manager
    if "edi_connected" in told:
        relation.edi = bool(fact.edi_connected)
    for is_settled, kind in (
        (relation.channel, NeedKind.CHANNEL_PREFERENCE),
        (relation.manager, NeedKind.ACCOUNT_MANAGER),
        (relation.edi, NeedKind.EDI_CONNECTION),
    ):
        if is_settled:
            settled(folding, kind)


def credit_changed(folding: Folding, event: Event, fact: CreditChanged) -> None:
    """With a limit or terms the account has credit."""
    del event
    if fact.limit is None and fact.terms_days is None:
        return
    folding.account.relation.credit = bool(fact.limit) or fact.terms_days is not None
    if folding.account.relation.credit:
        settled(folding, NeedKind.CREDIT_TERMS)


def touched(folding: Folding, event: Event, fact: PartnerTouchpoint) -> None:
    """Somebody was in touch about the matter: nobody else need call about it."""
    kind = next((one for one in ACCOUNT_WIDE if one == fact.kind), None)
    if kind is NeedKind.INNOVATION_DAY:
        _joint_day(folding, folding.local_day(event.time))
    elif kind is not None:
        pair = folding.account.pair(GROUPS[kind])
        end_need(folding, GROUPS[kind], pair, "resolved")
        pair.done_cycle = pair.cycle
        rest(folding, GROUPS[kind], pair)


def talked_about(folding: Folding, event: Event, fact: CallEnded) -> None:
    """A call that ended a need while its cause stands: it rests."""
    account = folding.account
    for group in fact.groups:
        kind, pair = kind_of(group), account.pairs.get(group)
        if kind not in ACCOUNT_WIDE or pair is None or pair.done_cycle != pair.cycle:
            continue
        if kind is NeedKind.INNOVATION_DAY and fact.disposition is Disposition.RESOLVED:
            _joint_day(folding, folding.local_day(event.time))
        elif pair.hold_until is None:
            rest(folding, group, pair)


def _joint_day(folding: Folding, day: int) -> None:
    relation = folding.account.relation
    relation.joint_day = max(relation.joint_day or 0, day)
    settled(folding, NeedKind.INNOVATION_DAY)
    settled(folding, NeedKind.NEW_PARTNERSHIP)
    folding.look_again()
