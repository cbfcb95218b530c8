"""The interface that every model of order times fills, and that streams, outreach and the commands rely on.

A forecast is one survival curve for each pair: probabilities, quantiles, the chance of being alive and the day
on which a policy should act all come from it, so they cannot contradict each other. Silence needs no event: the
curve is conditioned on "no order from last_day until as_of_day".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from forecasting.columns import Floats, PairColumns

    Days = float | Floats | NDArray[np.int64]

MAX_AHEAD_DAYS = 60


class Forecaster(Protocol):
    """Answers for many pairs at once; results have shape (rows,), are never NaN, and row i depends on row i only.

    Days are local-day ordinals (`date.toordinal()`); as_of_day may be a number or one number a row.
    """

    @property
    def version(self) -> str:
        """Name of the model with the day its data end, e.g. 'gamma-renewal-1@2011-12-09'."""

    @property
    def digest(self) -> str:
        """sha256 (hex) of the artefact this model was read from."""

    def probability(self, columns: PairColumns, as_of_day: Days, horizon_days: Days) -> Floats:
        """P(an order day in [as_of, as_of + horizon) | none from last_day until as_of); rises with the horizon."""

    def alive(self, columns: PairColumns, as_of_day: Days) -> Floats:
        """P(the pair will ever order again | silence until as_of)."""

    def quantile_day(self, columns: PairColumns, as_of_day: Days, q: Days) -> Floats:
        """First day (ordinal) d with probability(columns, as_of, d + 1 - as_of) >= q; inf for never."""

    def due_in_days(
        self,
        columns: PairColumns,
        as_of_day: Days,
        lead_time_days: Days,
        service_level: Days,
        max_ahead_days: int = MAX_AHEAD_DAYS,
    ) -> Floats:
        """Whole days to the first day t >= as_of with P(order within lead_time of t | none until t) >= service level.

        Asked of the curve as it stands at as_of; a forecast made on day t may differ, so a policy looks again then.
        0 is now, inf is not within max_ahead_days.
        """


class Population(Protocol):
    """What `ringahead learn` publishes: one forecaster for pairs, one for whole accounts (SKU '*')."""

    @property
    def version(self) -> str:
        """As in Forecaster."""

    @property
    def digest(self) -> str:
        """As in Forecaster."""

    @property
    def pair(self) -> Forecaster:
        """Next order of a SKU group by an account."""

    @property
    def account(self) -> Forecaster:
        """Next order of anything by an account."""
