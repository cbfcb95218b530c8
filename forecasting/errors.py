"""Errors of the forecasting package; each says who must act."""


class ForecastingError(ValueError):
    """Base of everything this package raises on purpose."""


class ModelRefused(ForecastingError):
    """The artefact is not a model of ours: truncated, altered, or of another version. Publish a new one."""


class NotEnoughOrders(ForecastingError):
    """The population has too few repeat orders to fit anything; forecasts fall back to the shipped prior."""
