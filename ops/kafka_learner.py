"""Learning in the Kafka runtime: the log is read from Kafka, artefacts and suggestions go into the database."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from ops import suggestions
from ops.embedded.writer import wall_hour
from ops.progress import progress
from ops.surroundings import surroundings
from outreach.desk import Desk, rules_from
from outreach.ports import Store
from outreach.profiles import standard_profiles
from outreach.store.migrate import require_current
from outreach.store.sql import store_for
from schemas.envelope import Event
from schemas.errors import Corrupt, Refused
from schemas.settings import Settings
from schemas.topics import Topic
from streams import learning, suggesting
from streams.history import OrderHistory
from streams.kafka.log import announce, append, read_all


async def learn_from_kafka(
    settings: Settings, at: datetime | None, *, anyway: bool = False, told: Callable[[str], None] = lambda step: None
) -> Mapping[str, Any]:
    """Fit, store, publish; the first run also puts the standard profiles in force.

    Raises Refused for a model that does worse than the one in force, unless ``anyway``.
    """
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        history, known = await _read(settings)
        if not len(history):
            raise Refused("nothing_to_learn", "the log holds no order yet; `ringahead import FILE` brings some in")
        now = at or _business_time(settings, store) or wall_hour()
        with store.read() as tx:
            in_force = learning.model_in_force(tx)
        around = surroundings(settings, history.follows, now)
        learnt = learning.fit(history.order_days(), now, in_force, anyway=anyway, told=told, **around)
        await append(settings, _keep(store, learnt, now))
        for topic, name in ((Topic.MODELS, "models"), (Topic.PROFILES, "profiles")):
            await announce(settings, topic, *_current(store, name))
        suggestions.learn(store, Desk(rules_from(settings)), history.order_days(), known, now, told)
        await announce(settings, Topic.MODELS, *_current(store, suggesting.NAME), key=suggesting.NAME)
    finally:
        store.close()
    return {"version": learnt.model.version, "digest": learnt.model.digest, "degraded": learnt.model.degraded}


async def refresh_from_kafka(settings: Settings, at: datetime | None) -> Mapping[str, Any]:
    """Rank the accounts that changed with the artefact in force; see `ops.suggestions.refresh`."""
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        history, known = await _read(settings)
        now = at or _business_time(settings, store) or wall_hour()
        done = suggestions.refresh(store, Desk(rules_from(settings)), history.order_days(), known, now)
    finally:
        store.close()
    return asdict(done)


async def _read(settings: Settings) -> tuple[OrderHistory, suggesting.Known]:
    history = OrderHistory(settings.default_zone or "UTC")
    known = suggesting.Known()
    with progress("Reading the log") as advance:
        async for events in read_all(settings):
            history.add(events)
            known.add(events)
            advance(len(events))
    return history, known


def _business_time(settings: Settings, store: Store) -> datetime | None:
    with store.read() as tx:
        return Desk(rules_from(settings)).business_time(tx)


def _keep(store: Store, learnt: learning.Learnt, at: datetime) -> list[Event]:
    """Artefacts first, then the events that name them.

    Profiles are named again each time: Kafka may have been gone when they were stored, and twice is harmless.
    """
    with store.begin() as tx:
        learning.store_model(tx, learnt, at)
        current = tx.artefacts.current("profiles")
        if current is None:
            return [learning.store_profiles(tx, standard_profiles("standard-1", at), at), learnt.published]
        return [learning.stored_profiles_event(*current, at), learnt.published]


def _current(store: Store, name: str) -> tuple[str, str]:
    """Version and digest of what was just kept."""
    with store.read() as tx:
        found = tx.artefacts.current(name)
    if found is None:
        raise Corrupt(f"{name} were stored and are gone; restore the database")
    return found
