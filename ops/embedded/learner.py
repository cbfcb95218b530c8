"""Learning from the embedded log: incremental reading, so that a weekly or nightly fit reads only what is new."""

import threading
from collections.abc import Callable
from datetime import datetime

from forecasting.artefact import PopulationModel
from ops.embedded.installation import Opened
from schemas.errors import Refused
from schemas.events.ours import ProductChanged
from streams import learning
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
        self._names: learning.Names = {}
        self.history = OrderHistory(opened.settings.default_zone or "UTC")

    def catch_up(self) -> None:
        """Read the log to its end."""
        for position, events in self._opened.read_log(self._position):
            self.history.add(events)
            self._names |= {one.fact.sku: one.fact.name for one in events if isinstance(one.fact, ProductChanged)}
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
            in_force = learning.model_in_force(tx) if checked else None
        learnt = learning.fit(self.history.order_days(), at, in_force, checked=checked, anyway=anyway, told=told)
        self._opened.publish_model(learnt, at)
        if suggest:
            told("suggestions from similar customers")
            self._opened.refresh_suggestions(self.history, at, self._names)
        return learnt.model
