"""The population's loop: fit on everybody's order days, publish what was learnt."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import msgspec

from forecasting.artefact import PopulationModel, loads
from forecasting.history import OrderDays
from forecasting.holdout import HoldOut, Worse, check, compare, hold_out
from forecasting.weather import Weather
from outreach.desk import policies
from outreach.ports import Transaction
from outreach.profiles import ProfileSet
from schemas.envelope import Event, broadcast
from schemas.errors import ArtefactRefused, Corrupt, Refused
from schemas.events.ours import ModelPublished, ProfilesChanged
from streams.rollouts import SLICE_ACCOUNTS

SOURCE = "ringahead/learn"
FEW_WINDOWS = 5
"""Weeks of late that a model without a check is learnt from."""
REFRESHED_DAYS = 21
"""How old the coefficients of a model without a check may be; until then only its products are made anew."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model, and the event that says so to every partition."""

    model: PopulationModel
    published: Event


def fit(
    history: OrderDays,
    at: datetime,
    in_force: PopulationModel | None = None,
    *,
    checked: bool = True,
    anyway: bool = False,
    holidays: Collection[int] = (),
    weather: Weather | None = None,
    told: Callable[[str], None] = lambda step: None,
) -> Learnt:
    """A model of what was known when the day of ``at`` began, and its scores on days that a candidate had not seen.

    Raises Refused ("worse_than_in_force") where that candidate does worse there than ``in_force``, unless ``anyway``.
    ``checked=False`` scores nothing: for plays of the past with many models. It fits once, on few windows, and for
    some weeks after that only makes the products of ``in_force`` anew. ``told`` is called with the name of each step
    before it. ``holidays``, ``weather``: see `forecasting.learn.fit_population`.
    """
    from forecasting.learn import fit_population  # statsmodels takes seconds to import, and only fitting needs it

    day, scores = at.toordinal(), dict[str, float]()
    fitted = partial(fit_population, holidays=holidays, weather=weather)
    if checked:
        told("keeping the newest days back")
        scores = _checked(history, day, in_force, anyway, told, fitted)
    told("fitting on everything")
    model = fitted(history, day) if checked else _quickly(history, day, in_force, fitted)
    record = msgspec.structs.replace(model.record, scores={**model.record.scores, **scores})
    model = loads(PopulationModel(record).artefact)  # what nobody could read must not be published
    return Learnt(model, published(model, at))


def _quickly(
    history: OrderDays, day: int, in_force: PopulationModel | None, fit_population: Callable[..., PopulationModel]
) -> PopulationModel:
    """A model for a play of the past: the one in force with new products, or a fit on few windows."""
    from forecasting.learn import FITTED_BEFORE, refresh_population

    if in_force is not None and in_force.record.often is not None:
        until = date.fromisoformat(in_force.record.until_day).toordinal()
        if 0 <= day - until + in_force.record.scores.get(FITTED_BEFORE, 0.0) <= REFRESHED_DAYS:
            return refresh_population(in_force, history, day)
    return fit_population(history, day, near_windows=FEW_WINDOWS)


def _checked(
    history: OrderDays,
    day: int,
    in_force: PopulationModel | None,
    anyway: bool,
    told: Callable[[str], None],
    fit_population: Callable[[OrderDays, int], PopulationModel],
) -> dict[str, float]:
    """Scores of a candidate on the hold-out. Raises Refused where it is worse than what is in force."""
    seen_until = None if in_force is None else date.fromisoformat(in_force.record.until_day).toordinal()
    held = hold_out(history, day, seen_until)
    if held is None:
        return {}
    told("fitting without them")
    candidate = fit_population(history, held.opened)
    told("scoring them")
    scores = check(candidate, held)
    if in_force is not None:
        beside, worse = compare(candidate, in_force, held)
        scores |= beside
        if worse and not anyway:
            raise Refused("worse_than_in_force", _refusal(worse, held, in_force))
    return scores


def _refusal(worse: list[Worse], held: HoldOut, in_force: PopulationModel) -> str:
    said = "; ".join(f"by {one.level} {one.candidate:.3f} against {one.in_force:.3f}" for one in worse)
    return (
        f"on the last {held.days} days, which it had not seen, the new model's ranked skill is lower: {said}. "
        f"{in_force.version} stays in force; look at the newest orders, or publish with `ringahead learn --anyway`"
    )


def model_in_force(tx: Transaction) -> PopulationModel | None:
    """What was published last; None where nothing was, or where it cannot be read: then a new one is the remedy."""
    current = tx.artefacts.current("models")
    try:
        raw = None if current is None else tx.artefacts.get(current[1])
        return None if raw is None else loads(raw)
    except (ArtefactRefused, Corrupt):
        return None


def published(model: PopulationModel, at: datetime) -> Event:
    """The event that puts a model in force."""
    fact = ModelPublished(version=model.version, digest=model.digest, slice_accounts=SLICE_ACCOUNTS)
    return broadcast(fact, source=SOURCE, id=f"model-{model.digest[:16]}-{at:%Y%m%dT%H%M}", time=at)


def profiles_event(profiles: ProfileSet, at: datetime) -> Event:
    """The event that puts profiles in force."""
    return stored_profiles_event(profiles.version, profiles.digest, at)


def stored_profiles_event(version: str, digest: str, at: datetime) -> Event:
    """The same for profiles that lie in the database under this digest."""
    fact = ProfilesChanged(version=version, digest=digest, slice_accounts=SLICE_ACCOUNTS)
    return broadcast(fact, source=SOURCE, id=f"profiles-{digest[:16]}-{at:%Y%m%dT%H%M}", time=at)


def store_model(tx: Transaction, learnt: Learnt, at: datetime) -> None:
    """Keep the artefact before the event says that it is in force."""
    digest = tx.artefacts.put(learnt.model.artefact)
    tx.artefacts.set_current("models", learnt.model.version, digest, at)


def store_profiles(tx: Transaction, profiles: ProfileSet, at: datetime) -> Event:
    """Keep the profiles, and return the event that puts them in force."""
    policies.publish_first(tx, profiles, at)
    return profiles_event(profiles, at)
