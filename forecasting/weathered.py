"""The renewal in degree days: gaps and silence counted by a product's own clock, days ahead by its climatology."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecasting.columns import DECAY, GAP_FLOOR_DAYS
from forecasting.renewal import RenewalCurve, renewal_curve

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.columns import Floats, PairColumns
    from forecasting.curve import Rows
    from forecasting.model import Days
    from forecasting.renewal import RenewalParameters
    from forecasting.weather import RowWeather


@dataclass(frozen=True, slots=True)
class WeatherRenewal:
    """inner: the renewal in operational days; begun: the moment it was made for (ordinal), shape (rows,)."""

    inner: RenewalCurve
    begun: Floats
    weather: RowWeather

    @property
    def known(self) -> NDArray[np.bool_]:
        """See RenewalCurve."""
        return self.inner.known

    @property
    def silence(self) -> Floats:
        """See RenewalCurve; in operational days."""
        return self.inner.silence

    def take(self, rows: Rows) -> WeatherRenewal:
        """See Curve."""
        return WeatherRenewal(self.inner.take(rows), self.begun[rows], self.weather.take(rows))

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """See Curve."""
        end = self._passed(np.asarray(ahead_days + horizon_days, float))
        if isinstance(ahead_days, float) and ahead_days == 0.0:
            return self.inner.window(0.0, end)
        begin = self._passed(ahead_days)
        return self.inner.window(begin, end - begin)

    def ever(self) -> Floats:
        """See Curve."""
        return self.inner.ever()

    def _passed(self, days: Days) -> Floats:
        shape = np.broadcast_shapes(np.shape(days), self.begun.shape)
        usual = np.broadcast_to(np.asarray(days, float), shape)
        return self.weather.between(self.begun, self.begun + usual, usual)


def weather_renewal(
    parameters: RenewalParameters, columns: PairColumns, as_of_day: Days, weather: RowWeather | None
) -> RenewalCurve | WeatherRenewal:
    """`renewal_curve`, by the clocks of the rows that have one."""
    if weather is None:
        return renewal_curve(parameters, columns, as_of_day)
    begun = np.broadcast_to(np.asarray(as_of_day, float), len(columns)).astype(float)
    silence = np.maximum(begun - columns.last_day, 0.0)
    passed = np.maximum(weather.between(columns.last_day, np.maximum(begun, columns.last_day), silence), 0.0)
    timed = _in_degree_days(replace(columns, last_day=begun - passed), columns, weather)
    return WeatherRenewal(renewal_curve(parameters, timed, begun), begun, weather)


def _in_degree_days(timed: PairColumns, columns: PairColumns, weather: RowWeather) -> PairColumns:
    """n, S and D of rows with a clock, from the order days that are remembered; older ones are left out."""
    rows = np.flatnonzero(weather.place >= 0)
    some, days = weather.take(rows), columns.recent[rows]
    n, total, logs = (np.zeros(len(rows)) for _ in range(3))
    for place in range(days.shape[1] - 1):
        gap = days[:, place] - days[:, place + 1]
        known = (days[:, place + 1] > 0).astype(float)
        gap = np.maximum(some.between(days[:, place + 1], days[:, place], gap), GAP_FLOOR_DAYS)
        weight = DECAY**place * known
        n, total, logs = n + weight, total + weight * gap, logs + weight * np.log(gap)
    kept = [one.copy() for one in (timed.n, timed.S, timed.D)]
    for column, values in zip(kept, (n, total, logs), strict=True):
        column[rows] = values
    return replace(timed, n=kept[0], S=kept[1], D=kept[2])
