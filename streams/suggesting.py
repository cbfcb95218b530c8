"""Suggestions of the population's loop: learn a recommender, keep it as an artefact, rank accounts with it.

A full run ranks everybody after learning; a refresh ranks only the accounts that changed, with the artefact in force.
"""

import itertools
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from forecasting.history import OrderDays
from forecasting.similar import Catalogue, Ranked, Recommender, baskets_of, digest_of, dumps, fit_recommender, loads
from forecasting.similar.answered import Answer, answered, answers_of
from forecasting.similar.objectives import (
    EFFICIENCY,
    INNOVATION,
    OBJECTIVES,
    VARIETY,
    WIDE_LIST,
    Facets,
    facets_of,
    ranks,
)
from forecasting.similar.sentences import may_be_told, sentence
from outreach.desk.suggesting import rests_until
from outreach.ports import Transaction
from outreach.records import Showing, Suggestion
from schemas.envelope import Event
from schemas.errors import Refused
from schemas.events.accounts import AccountRegistered
from schemas.events.ours import ProductChanged, SuggestionWhy

NAME = "suggestions"
"""Of the artefact in force."""
REFRESHED = "suggestions_refreshed"
"""Fact of the desk: when accounts were last ranked, and with which version."""
ANSWERS_DAYS = 730
"""Older answers are not learnt from."""
SPARE = 3
"""More than a profile shows, for what may not be shown any more."""

KEPT_VERSIONS, GRACE_DAYS = 3, 30
"""Recommenders that are kept in any case, and how long each is kept after the next one came."""

Advance = Callable[[int], None]


@dataclass(slots=True)
class Known:
    """What the log says of products and accounts beside their orders."""

    products: dict[str, ProductChanged] = field(default_factory=dict)
    trades: dict[str, str] = field(default_factory=dict)

    def add(self, events: Iterable[Event]) -> None:
        """Take in what a suggestion needs."""
        for event in events:
            match event.fact:
                case ProductChanged():
                    self.products[event.fact.sku] = event.fact
                case AccountRegistered(trade=str(trade)):
                    self.trades[event.subject] = trade
                case _:
                    pass

    def groups(self) -> dict[str, list[ProductChanged]]:
        """Products of each group, the one that it is named after first."""
        found: dict[str, list[ProductChanged]] = {}
        for one in sorted(self.products.values(), key=lambda one: (one.sku != one.group, one.sku)):
            found.setdefault(one.group or one.sku, []).append(one)
        return found

    def catalogue(self) -> Catalogue:
        """By group: list price of a unit of the group, words, and what cannot be had."""
        price, words, gone = {}, {}, set()
        for group, some in self.groups().items():
            priced = [float(one.unit_price / one.unit_factor) for one in some if one.unit_price]
            if priced:
                price[group] = min(priced)
            words[group] = " ".join(f"{one.name} {one.category or ''}" for one in some)
            if not any(one.available for one in some):
                gone.add(group)
        return Catalogue(price, words, unavailable=frozenset(gone))

    def facets(self, recommender: Recommender) -> Facets:
        """What objectives need."""
        groups = self.groups()
        margin = {name: some[0].margin_share for name, some in groups.items()}
        category = {name: some[0].category for name, some in groups.items()}
        return facets_of(
            recommender,
            {name: share for name, share in margin.items() if share is not None},
            {name: word for name, word in category.items() if word is not None},
        )


@dataclass(frozen=True, slots=True)
class InForce:
    """A recommender with its version."""

    recommender: Recommender
    version: str


def learn(
    history: OrderDays, at: datetime, known: Known, advance: Advance | None = None, said: Iterable[Showing] = ()
) -> tuple[InForce, bytes]:
    """A recommender of what was known when the day of ``at`` began, and its artefact. said: answered suggestions."""
    answers = answers_of(answers_in(said), history.account_ids, history.skus)
    recommender = fit_recommender(history, at.toordinal(), known.catalogue(), answers=answers, advance=advance)
    raw = dumps(recommender)
    return InForce(recommender, f"{at:%Y-%m-%d}-{digest_of(raw)[:8]}"), raw


def store(tx: Transaction, learnt: InForce, raw: bytes, at: datetime) -> str:
    """Put the artefact in force; the digest."""
    digest = tx.artefacts.put(raw)
    tx.artefacts.set_current(NAME, learnt.version, digest, at)
    return digest


def forget_old(tx: Transaction, at: datetime) -> None:
    """Delete recommenders that nothing uses any more.

    Kept: the last KEPT_VERSIONS, what was in force within the last GRACE_DAYS, and whatever version a list of some
    account was made with. Models and profiles stay for ever: the log names them, and a replay reads them.
    """
    used, past = tx.suggestions.versions(), tx.artefacts.history(NAME)
    for number, (version, digest, _) in enumerate(past):
        ended = past[number - 1][2] if number else at  # it was in force until the next one came
        if number >= KEPT_VERSIONS and version not in used and ended < at - timedelta(days=GRACE_DAYS):
            tx.artefacts.forget(digest)


def in_force(tx: Transaction) -> InForce:
    """The recommender in force. Raises Refused where there is none, ArtefactRefused or Corrupt where it was altered."""
    current = tx.artefacts.current(NAME)
    raw = None if current is None else tx.artefacts.get(current[1])
    if current is None or raw is None:
        raise Refused("nothing_learnt", "no suggestions were learnt yet: `ringahead learn`")
    return InForce(loads(raw), current[0])


def changed_since(tx: Transaction, history: OrderDays) -> set[str] | None:
    """Accounts that ordered or refused something since they were last ranked; None: everybody."""
    said = tx.facts.get(REFRESHED)
    if said is None:
        return None
    last = datetime.fromisoformat(json.loads(said)["at"])
    places = np.unique(history.account[history.day >= last.toordinal() - 1])
    return {history.account_ids[one] for one in places} | {one.account_id for one in tx.showings.refused(last)}


def refreshed(tx: Transaction, at: datetime, version: str) -> None:
    """Remember when accounts were last ranked."""
    tx.facts.put(REFRESHED, json.dumps({"at": at.isoformat(), "version": version}))


def said_until(tx: Transaction, at: datetime) -> list[Showing]:
    """Suggestions that were shown in the ANSWERS_DAYS before, most of them answered."""
    return [one for one in tx.showings.shown(at - timedelta(days=ANSWERS_DAYS), at) if one.answer is not None]


def answers_in(said: Iterable[Showing]) -> Iterator[Answer]:
    """What was answered, as learning needs it."""
    for one in said:
        if one.answered_at is not None:
            ends = rests_until(one)
            rest_days = 0.0 if ends is None else (ends - one.answered_at).days
            lasting = one.why != SuggestionWhy.LATER
            yield Answer(one.account_id, one.sku, one.answered_at.toordinal(), rest_days, lasting)


def rows(
    used: InForce,
    history: OrderDays,
    at: datetime,
    known: Known,
    *,
    kept: int,
    accounts: Collection[str] | None = None,
    said: Iterable[Showing] = (),
    workers: int = 1,
) -> Iterator[tuple[list[str], list[Suggestion]]]:
    """In chunks, accounts and all that is suggested to them now: ``kept`` places under each objective.

    said: answered suggestions; what was refused and rests is left out. workers: threads; the answers are the same.
    """
    past = onto(_of(history, at, accounts), used.recommender.population.skus)
    facets = known.facets(used.recommender)
    gone = known.catalogue().unavailable
    barred = np.array([sku in gone for sku in past.skus], bool)
    names = {group: some[0].name for group, some in known.groups().items()}
    answers = answers_of(answers_in(said), past.account_ids, past.skus)
    carts = answered(baskets_of(past, at.toordinal()), answers, at.toordinal() + 1)
    for chunk in used.recommender.recommend(carts, WIDE_LIST, workers=workers):
        wide = _where(chunk, ~barred[chunk.sku])
        yield list(chunk.account_ids), list(_suggestions(wide, facets, kept, names, known.trades, used.version, at))


def _of(history: OrderDays, at: datetime, accounts: Collection[str] | None) -> OrderDays:
    """What was known when the day began, of the given accounts only."""
    known = history.day < at.toordinal()
    if accounts is not None:
        wanted = np.array([name in accounts for name in history.account_ids], bool)
        known &= wanted[history.account]
    return history if known.all() else history.where(known)


def onto(history: OrderDays, skus: Collection[str]) -> OrderDays:
    """The history over another list of SKUs; what is not on it is left out."""
    if list(history.skus) == list(skus):
        return history
    place = {sku: number for number, sku in enumerate(skus)}
    moved = np.array([place.get(sku, -1) for sku in history.skus], np.int64)[history.sku]
    order = np.lexsort((history.day, moved, history.account))
    order = order[moved[order] >= 0]
    return replace(
        history,
        skus=list(skus),
        account=history.account[order],
        sku=moved[order].astype(history.sku.dtype),
        day=history.day[order],
        quantity=history.quantity[order],
    )


def _where(wide: Ranked, keep: NDArray[np.bool_]) -> Ranked:
    """The given candidates only."""
    if keep.all():
        return wide
    columns = ("row", "sku", "rank", "score", "buyers", "neighbours", "base_rate")
    probability = None if wide.probability is None else wide.probability[keep]
    return replace(wide, **{name: getattr(wide, name)[keep] for name in columns}, probability=probability)


def _suggestions(
    wide: Ranked,
    facets: Facets,
    kept: int,
    names: Mapping[str, str],
    trades: Mapping[str, str],
    version: str,
    at: datetime,
) -> Iterator[Suggestion]:
    """Rows for the store; `rank` numbers an account's rows, those for efficiency first."""
    places = ranks(wide, facets, kept)
    late = [np.where(places[name] > 0, places[name], kept + 1) for name in OBJECTIVES]
    order = np.lexsort((*late[::-1], wide.row))
    order = order[np.any([places[name][order] > 0 for name in OBJECTIVES], axis=0)]
    row, sku = wide.row[order], wide.sku[order]
    chance = (
        itertools.repeat(None)
        if wide.probability is None
        else np.round(wide.probability[order].astype(float), 4).tolist()
    )
    columns = (
        row.tolist(),
        (np.arange(len(row)) - np.searchsorted(row, row) + 1).tolist(),
        sku.tolist(),
        *(places[name][order].tolist() for name in (EFFICIENCY, VARIETY, INNOVATION)),
        facets.new[sku].tolist(),
        wide.buyers[order].tolist(),
        wide.neighbours[order].tolist(),
        wide.base_rate[order].tolist(),
    )
    for who, rank, which, easy, varied, new_ones, new, buyers, alike, rate, likely in zip(
        *columns, chance, strict=False
    ):
        account, product, figures = wide.account_ids[who], wide.skus[which], (buyers, alike, rate)
        words = sentence(*figures, is_new=new, trade=trades.get(account))
        said = may_be_told(*figures)
        yield Suggestion(
            account,
            rank,
            product,
            names.get(product) or product,
            words,
            version,
            easy,
            varied,
            new_ones,
            new,
            likely,
            buyers if said else None,
            alike if said else None,
            rate if said else None,
            at,
        )
