"""From settings to what the fold goes by; apart, so that a worker starts without what only others need."""

from schemas.settings import Settings
from streams.codec import layout_to_write
from streams.core.context import Installation


def installation_of(settings: Settings) -> Installation:
    """What decisions depend on; the same in every process."""
    return Installation(
        default_zone=settings.default_zone or "UTC",
        holdout_salt=settings.holdout_salt,
        reporting_currency=settings.reporting_currency,
        state_layout=layout_to_write(settings.upgrade_from),
    )
