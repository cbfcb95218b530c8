"""Effects of the fold become standings, needs, tasks and reorders. Twice is once, and batches do not matter.

Repeats are recognised by what is kept: a need opens once and ends once, a standing only goes forward. What becomes of
an account's tasks depends on the order of its effects alone: all times are those of the effects.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from outreach.desk import hints, lines, merging, reorders, spacing, told
from outreach.desk.context import Context
from outreach.desk.ranking import ranked, value_edges
from outreach.desk.results import Applied
from outreach.desk.turns import KEPT
from outreach.desk.workspace import Trace, Workspace, carried
from outreach.kinds import urgency_of
from outreach.records import AskedOrder, Attempt, Need, NeedStatus, ProductCard
from outreach.task import TALKING, WAITING, TaskState
from schemas.decisions import Reason, TaskClass
from schemas.events.accounts import Channel, Purpose
from schemas.needs import (
    AccountEffect,
    AccountStanding,
    ClockMoved,
    Effect,
    OpenNeed,
    OrderAnswered,
    ProductTold,
    ProposeReorder,
    RefuseNeed,
    WithdrawNeed,
    WithdrawReorder,
)

FOLD = "fold"
LONGEST_SPACING = timedelta(days=30)
AccountWord = OpenNeed | WithdrawNeed | RefuseNeed | ProposeReorder | WithdrawReorder
CLASSES = tuple(TaskClass)


def apply_effects(context: Context, effects: Iterable[Effect], trace: Trace = carried) -> Applied:
    """Apply a batch, in order; see `Desk.apply_effects`."""
    batch = list(effects)
    application = _Application(context, trace)
    application.load(batch)
    repeated = sum(not application.apply(effect) for effect in batch)
    application.save()
    space = application.space
    hints.judge_new(context, space.new_tasks())
    return Applied(len(batch), repeated, space.opened, space.merged, space.closed)


class _Application:
    """One batch on its way."""

    def __init__(self, context: Context, trace: Trace) -> None:
        self.context = context
        self.trace = trace
        self.space = Workspace(context)
        self.reorders = reorders.Proposals(context, self.space)
        self.edges: Sequence[float] = ()
        self.standings: dict[str, AccountStanding] = {}
        self.fresh: dict[str, None] = {}
        self.merged: list[tuple[str, str]] = []
        self.clocks: list[ClockMoved] = []
        self.products: list[ProductCard] = []
        self.asked: dict[str, AskedOrder] = {}
        self.erased: frozenset[str] = frozenset()
        self.tried: dict[str, list[Attempt]] = {}

    def load(self, batch: Sequence[Effect]) -> None:
        """One statement for each kind of thing that the batch may touch."""
        tx = self.context.tx
        named = [effect for effect in batch if not isinstance(effect, ClockMoved | ProductTold)]
        accounts = sorted({account for effect in named for account in _accounts_of(effect)})
        about_needs = (OpenNeed, WithdrawNeed, RefuseNeed, ProposeReorder)
        need_ids = {effect.need_id for effect in named if isinstance(effect, about_needs)}
        if any(isinstance(effect, AccountStanding) and effect.merged_into for effect in named):
            tx.take_turns(KEPT)  # before any row is locked, as everybody who takes them does
        if accounts:
            self.edges = value_edges(tx)
            self.standings = {standing.account_id: standing for standing in tx.standings.many(accounts)}
            self.space.load(tx.tasks.open_of(accounts))
        if need_ids:
            self.space.load_needs(tx.needs.many(need_ids - self.space.needs.keys()))
        self._load_openings([effect for effect in named if isinstance(effect, OpenNeed | ProposeReorder)])
        answers = {effect.command_id for effect in named if isinstance(effect, OrderAnswered)}
        self.asked = {order.command_id: order for order in tx.asked_orders.many(answers)} if answers else {}
        self.reorders.load(e.need_id for e in named if isinstance(e, ProposeReorder | WithdrawReorder))

    def _load_openings(self, openings: Sequence[OpenNeed | ProposeReorder]) -> None:
        """Whose data are erased, and when the accounts were last tried."""
        if not openings:
            return
        accounts = sorted({effect.account_id for effect in openings})
        self.erased = frozenset(one.account_id for one in self.context.tx.erasures.many(accounts))
        since = min(effect.at for effect in openings) - LONGEST_SPACING
        for attempt in self.context.tx.attempts.of_accounts(accounts, since):
            self.tried.setdefault(attempt.account_id, []).append(attempt)

    def apply(self, effect: Effect) -> bool:
        """Whether it changed anything; False: it was known already."""
        came = effect.traceparent if isinstance(effect, AccountEffect) else None
        self.space.traceparent = None if came is None else self.trace(came)
        match effect:
            case AccountStanding():  # nine of ten, so it is asked for first
                self._expire(effect)
                return self._stand(effect)
            case ClockMoved():
                self.clocks.append(effect)
                return True
            case ProductTold():
                self.products.append(told.product(effect))
                return True
            case OrderAnswered():
                return self._answered(effect)
            case _:
                self._expire(effect)
                return self._about_account(effect)

    def _about_account(self, effect: AccountWord) -> bool:
        match effect:
            case OpenNeed():
                return self._open(effect)
            case WithdrawNeed():
                return self._withdraw(effect)
            case RefuseNeed():
                return self._refuse(effect)
            case ProposeReorder():
                self._put_products()  # what is sent at once is sent in the units of its product
                return effect.account_id not in self.erased and self.reorders.propose(effect)
            case WithdrawReorder():
                return self.reorders.withdraw(effect)

    def save(self) -> None:
        """Write everything that changed."""
        tx = self.context.tx
        if self.fresh:
            tx.standings.put([self.standings[account_id] for account_id in self.fresh])
        self.reorders.save()
        self.space.save()
        for loser, survivor in self.merged:
            merging.take_people(tx, loser, survivor)
        self._put_products()
        if self.clocks:
            tx.clocks.put(self.clocks)

    def _put_products(self) -> None:
        if self.products:
            self.context.tx.products.put(self.products)
            self.products = []

    def _expire(self, effect: AccountEffect) -> None:
        """Close first what upkeep would have closed by this effect's time: when it runs does not matter then."""
        for task_class in CLASSES:
            task = self.space.open_task(effect.account_id, task_class)
            if task is not None and task.state in WAITING and task.valid_until <= effect.at:
                lines.expire(self.space, task)

    def _open(self, effect: OpenNeed) -> bool:
        known = self.space.needs.get(effect.need_id)
        if known is not None and (known.status is not NeedStatus.REFUSED or not _is_newer(effect, known)):
            return False
        need = _need_of(effect)
        if effect.account_id in self.erased:
            self.space.put_need(replace(need, status=NeedStatus.REFUSED, reasons=(Reason.DATA_ERASED,)))
            return True
        standing = self.standings.get(effect.account_id)
        task = self.space.open_task(effect.account_id, effect.task_class)
        if task is None:
            lines.open_task(self.space, [need], standing, self.edges, FOLD, self._not_before(effect))
        else:
            lines.merge(self.space, task, need, standing, self.edges, FOLD)
        return True

    def _not_before(self, effect: OpenNeed) -> datetime | None:
        """The end of the time between two attempts, where the account was tried just now."""
        profile = self.context.cell(self.standings.get(effect.account_id))
        tried = self.tried.get(effect.account_id, [])
        return spacing.next_attempt(self.context, profile, tried, effect.task_class)

    def _answered(self, effect: OrderAnswered) -> bool:
        after = told.answered(self.space, self.asked.get(effect.command_id), effect)
        if after is None:
            return False
        self.asked[effect.command_id] = after
        self.context.tx.asked_orders.put([after])
        return True

    def _withdraw(self, effect: WithdrawNeed) -> bool:
        known = self.space.needs.get(effect.need_id)
        if known is not None and known.status is NeedStatus.ENDED:
            return False
        ended = replace(
            known or _unknown_need(effect),
            status=NeedStatus.ENDED,
            account_version=effect.account_version,
            at=effect.at,
            ended_at=effect.at,
            cause=effect.cause,
            order_id=effect.order_id,
        )
        self.space.put_need(ended)
        if known is not None and known.task_id is not None:
            lines.line_gone(self.space, ended, self.standings.get(effect.account_id), self.edges, FOLD)
        return True

    def _refuse(self, effect: RefuseNeed) -> bool:
        known = self.space.needs.get(effect.need_id)
        if known is not None:
            if known.status is NeedStatus.ENDED or not _is_newer(effect, known):
                return False
            self.space.put_need(
                replace(known, reasons=effect.reasons, account_version=effect.account_version, at=effect.at)
            )
            return True
        self.space.put_need(
            Need(
                need_id=effect.need_id,
                account_id=effect.account_id,
                account_version=effect.account_version,
                status=NeedStatus.REFUSED,
                group=effect.group,
                at=effect.at,
                group_name=effect.group_name,
                cycle=effect.cycle,
                kind=effect.kind,
                reasons=effect.reasons,
                evidence_json=effect.evidence.model_dump_json(exclude_none=True),
            )
        )
        return True

    def _stand(self, effect: AccountStanding) -> bool:
        known = self.standings.get(effect.account_id)
        if known is not None and known.account_version >= effect.account_version and not effect.anew:
            return False
        self.standings[effect.account_id] = effect
        self.fresh[effect.account_id] = None
        if effect.merged_into is not None and (known is None or known.merged_into is None):
            self.merged.append((effect.account_id, effect.merged_into))
        if effect.merged_into is not None:
            merging.rekey_all(self.space, effect.account_id, effect.merged_into, effect.at, FOLD)
            return True
        for task_class in CLASSES:
            task = self.space.open_task(effect.account_id, task_class)
            if task is not None:
                self._restand(task.task_id, known, effect)
        return True

    def _restand(self, task_id: str, known: AccountStanding | None, standing: AccountStanding) -> None:
        """A new standing acts on an open task at once."""
        task = self.space.tasks[task_id]
        consent = (Purpose(task.task_class.value), Channel.PHONE)
        if consent in standing.withdrawn and (known is None or consent not in known.withdrawn):
            lines.consent_withdrawn(self.space, task, standing.at, FOLD)
            task = self.space.tasks[task_id]
        if standing.closed:
            lines.account_closed(self.space, task, standing.at, FOLD)
            return
        if task.state in TALKING or task.state is TaskState.LEASED:
            return
        due = task.callback_at is not None and task.state is TaskState.READY
        fresh = ranked(task, standing, self.context, self.edges, callback_due=due)
        fresh = replace(fresh, eligible_from=None, eligible_until=None, hint_reason=None)
        if fresh != task:
            self.space.touch(fresh)


def _accounts_of(effect: AccountEffect) -> tuple[str, ...]:
    """The effect's own account, and the one that it continues as."""
    into = effect.merged_into if isinstance(effect, AccountStanding) else None
    return (effect.account_id,) if into is None else (effect.account_id, into)


def _is_newer(effect: AccountEffect, known: Need) -> bool:
    """Whether it was said after what is known; by business time, too, as another generation may count lower."""
    return effect.account_version > known.account_version or effect.at > known.at


def _need_of(effect: OpenNeed) -> Need:
    return Need(
        need_id=effect.need_id,
        account_id=effect.account_id,
        account_version=effect.account_version,
        status=NeedStatus.OPEN,
        group=effect.group,
        at=effect.at,
        group_name=effect.group_name,
        cycle=effect.cycle,
        kind=effect.kind,
        task_class=effect.task_class,
        quantity_units=effect.quantity_units,
        p_due=urgency_of(effect.kind, effect.evidence.p_due),
        valid_until=effect.valid_until,
        opened_at=effect.at,
        evidence_json=effect.evidence.model_dump_json(exclude_none=True),
    )


def _unknown_need(effect: WithdrawNeed) -> Need:
    """Its end is kept, so that an opening that comes late opens nothing."""
    return Need(
        need_id=effect.need_id,
        account_id=effect.account_id,
        account_version=effect.account_version,
        status=NeedStatus.ENDED,
        group=effect.group,
        at=effect.at,
    )
