"""Learning from the embedded log: incremental reading, so that a weekly or nightly fit reads only what is new."""

import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from forecasting.artefact import PopulationModel
from ops import suggestions
from ops.embedded.installation import Opened
from ops.surroundings import surroundings
from schemas.errors import Refused
from streams import learning, suggesting
from streams.history import OrderHistory

Told = Callable[[str], None]


def quiet(step: str) -> None:
    """Say nothing of the steps of learning."""


class Learner:
    """Keeps the order history of everybody in memory, as far as it was read."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._position = 0
        self._one_at_a_time = threading.Lock()
        self._known = suggesting.Known()
        self.history = OrderHistory(opened.settings.default_zone or "UTC")

    def catch_up(self) -> None:
        """Read the log to its end."""
        for position, events in self._opened.read_log(self._position):
            self.history.add(events)
            self._known.add(events)
            self._position = position

    def learn(
        self, at: datetime, *, suggest: bool = True, checked: bool = True, anyway: bool = False, told: Told = quiet
    ) -> PopulationModel:
        """Fit on what was known when the day began, and publish.

        Raises Refused while there is no order at all, and for a model that does worse than the one in force; see
        streams.learning.fit for the other arguments.
        """
        with self._one_at_a_time:
            return self._learn(at, suggest=suggest, checked=checked, anyway=anyway, told=told)

    def _learn(self, at: datetime, *, suggest: bool, checked: bool, anyway: bool, told: Told) -> PopulationModel:
        told("reading the log")
        self.catch_up()
        if not len(self.history):
            raise Refused("nothing_to_learn", "the log holds no order yet; `ringahead import FILE` brings some in")
        with self._opened.store.read() as tx:
            in_force = learning.model_in_force(tx)
        around = surroundings(self._opened.settings, self.history.follows, at)
        known = self.history.order_days()
        learnt = learning.fit(known, at, in_force, checked=checked, anyway=anyway, told=told, **around)
        self._opened.publish_model(learnt, at)
        if suggest:
            suggestions.learn(self._opened.store, self._opened.desk, self.history.order_days(), self._known, at, told)
        return learnt.model

    def refresh(self, at: datetime) -> dict[str, Any]:
        """Rank the accounts that changed with the artefact in force; see `ops.suggestions.refresh`."""
        with self._one_at_a_time:
            self.catch_up()
            opened = self._opened
            done = suggestions.refresh(opened.store, opened.desk, self.history.order_days(), self._known, at)
        return asdict(done)
