"""What a method of the backtest is, and the table of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from schemas.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from forecasting.backtest.cases import Candidates, Prediction
    from forecasting.weather import Weather

EXTRA = "backtest"
OURS = "ringahead"
MEDIAN, PRODUCT = "median gap", "product's hazard"


class Predict(Protocol):
    """Forecasts of the candidates from their past. Raises MissingExtra where a library is not installed."""

    def __call__(self, candidates: Candidates) -> Prediction:
        """See the class."""


class MissingExtra(Exception):
    """A baseline's library is not installed; the backtest goes on without it."""

    def __init__(self, library: str) -> None:
        super().__init__(f"{library} is not installed; pip install 'ringahead[{EXTRA}]' brings it")


@dataclass(frozen=True, slots=True)
class Method:
    """A name for tables, and how to forecast. `says`: one line for the report."""

    name: str
    says: str
    predict: Predict


def all_methods(seed: int = 0, holidays: Collection[int] = (), weather: Weather | None = None) -> list[Method]:
    """Ours first, then the baselines from the plainest to the hardest to beat. holidays, weather: told to ours."""
    from forecasting.backtest.boosting import boosting_all, boosting_simple, splines
    from forecasting.backtest.intermittent import croston_sba, tsb
    from forecasting.backtest.ours import ours
    from forecasting.backtest.product_hazard import product_hazard
    from forecasting.backtest.simple import median_gap, poisson_gamma

    return [
        Method(OURS, "this project's model, fitted at each origin on the past alone", ours(seed, holidays, weather)),
        Method(MEDIAN, "due when the pair's median gap has passed", median_gap),
        Method(PRODUCT, "the product's hazard by days of silence, over everybody's gaps", product_hazard),
        Method("Poisson-gamma", "order rates, empirical Bayes over the population", poisson_gamma),
        Method("Croston-SBA", "statsforecast, daily order indicator", croston_sba),
        Method("TSB", "statsforecast, daily order indicator", tsb),
        Method(
            "boosting, simple", "scikit-learn, 15 features of the pair, its account and product", boosting_simple(seed)
        ),
        Method("boosting, all", "scikit-learn, 41 features: those, decayed rates, shares", boosting_all(seed)),
        Method("splines, all", "penalised logistic regression on cubic splines of the 41 features", splines()),
    ]


def chosen(methods: list[Method], names: Iterable[str]) -> list[Method]:
    """The named ones in their usual order; ours always. Raises BadInput for a name that is none."""
    wanted = {name.strip().lower() for name in names} - {"", "none"}
    known = {method.name.lower(): method for method in methods}
    unknown = sorted(wanted - set(known) - {"all"})
    if unknown:
        raise BadInput(f"no such baseline: {', '.join(unknown)}; there are: {'; '.join(list(known)[1:])}")
    return [method for method in methods if "all" in wanted or method.name == OURS or method.name.lower() in wanted]
