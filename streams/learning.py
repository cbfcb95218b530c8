"""The population's loop: fit on everybody's order days, publish what was learnt, refresh the suggestions."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec

from forecasting.artefact import PopulationModel
from forecasting.explain import suggestion_sentence
from forecasting.history import OrderDays
from forecasting.similar import AccountSuggestions, baskets_of, recommend
from outreach.desk import policies
from outreach.ports import Transaction
from outreach.profiles import ProfileSet
from outreach.records import Suggestion
from schemas.envelope import Event, broadcast
from schemas.events.ours import ModelPublished, ProfilesChanged

SOURCE = "ringahead/learn"
SUGGESTIONS = 3
"""Kept for each account; a profile may show fewer."""

Names = dict[str, str]


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model, and the event that says so to every partition."""

    model: PopulationModel
    published: Event


def fit(history: OrderDays, at: datetime) -> Learnt:
    """A model of what was known when the day of ``at`` began."""
    from forecasting.learn import fit_population  # statsmodels takes seconds to import, and only fitting needs it

    model = fit_population(history, at.toordinal())
    return Learnt(model, published(model, at))


def published(model: PopulationModel, at: datetime) -> Event:
    """The event that puts a model in force."""
    fact = ModelPublished(version=model.version, digest=model.digest)
    return broadcast(fact, source=SOURCE, id=f"model-{model.digest[:16]}-{at:%Y%m%dT%H%M}", time=at)


def profiles_event(profiles: ProfileSet, at: datetime) -> Event:
    """The event that puts profiles in force."""
    return stored_profiles_event(profiles.version, profiles.digest, at)


def stored_profiles_event(version: str, digest: str, at: datetime) -> Event:
    """The same for profiles that lie in the database under this digest."""
    fact = ProfilesChanged(version=version, digest=digest)
    return broadcast(fact, source=SOURCE, id=f"profiles-{digest[:16]}-{at:%Y%m%dT%H%M}", time=at)


def store_model(tx: Transaction, learnt: Learnt, at: datetime) -> None:
    """Keep the artefact before the event says that it is in force."""
    digest = tx.artefacts.put(learnt.model.artefact)
    tx.artefacts.set_current("models", learnt.model.version, digest, at)


def store_profiles(tx: Transaction, profiles: ProfileSet, at: datetime) -> Event:
    """Keep the profiles, and return the event that puts them in force."""
    policies.publish_first(tx, profiles, at)
    return profiles_event(profiles, at)


def suggestions(history: OrderDays, at: datetime, names: Names) -> Iterator[list[Suggestion]]:
    """New products for every account that ever bought, in chunks of accounts."""
    version = hashlib.sha256(msgspec.json.encode([str(at), len(history)])).hexdigest()[:12]
    for chunk in recommend(baskets_of(history, at.toordinal()), SUGGESTIONS):
        yield [row for account in chunk for row in _rows(account, names, version)]


def _rows(account: AccountSuggestions, names: Names, version: str) -> Iterator[Suggestion]:
    for one in account.suggestions:
        name = names.get(one.sku, one.sku)
        sentence = suggestion_sentence(one, name) or ""
        yield Suggestion(account.account_id, one.rank, one.sku, name, sentence, version)
