"""At which hour of a day an account's orders are looked at: not everybody's at the first tick of the UTC day."""

from zlib import crc32

from streams.state import hour_of_day

SPREAD_HOURS = 6
"""A day's looks are shared by its first hours: a sixth of the work at once, and before most people can be called."""


def look_hour_of(account_id: str, day: int) -> int:
    """Hour since 1970 at which the account's pairs are looked at on a day (ordinal, UTC)."""
    return hour_of_day(day) + spread_hours(account_id)


def spread_hours(account_id: str) -> int:
    """Hours into the UTC day; always the same for an account."""
    return crc32(account_id.encode()) % SPREAD_HOURS
