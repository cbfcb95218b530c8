"""Learning from the embedded log: incremental reading, so that a weekly or nightly fit reads only what is new."""

import threading
from datetime import datetime

from forecasting.artefact import PopulationModel
from ops.embedded.installation import Opened
from schemas.errors import Refused
from schemas.events.ours import ProductChanged
from streams import learning
from streams.history import OrderHistory


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

    def learn(self, at: datetime, *, suggest: bool = True) -> PopulationModel:
        """Fit on what was known when the day began, and publish; raises Refused while there is no order at all."""
        with self._one_at_a_time:
            return self._learn(at, suggest=suggest)

    def _learn(self, at: datetime, *, suggest: bool) -> PopulationModel:
        self.catch_up()
        if not len(self.history):
            raise Refused("nothing_to_learn", "the log holds no order yet; `ringahead import FILE` brings some in")
        learnt = learning.fit(self.history.order_days(), at)
        self._opened.publish_model(learnt, at)
        if suggest:
            self._opened.refresh_suggestions(self.history, at, self._names)
        return learnt.model
