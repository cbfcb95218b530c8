"""What stops a worker: somebody must look before it goes on. `ports.Unavailable` is the other kind: wait and retry."""

from streams.microbatch.ports import Unavailable


class Damaged(Unavailable):
    """The local state cannot be read; the partition is opened again, with a copy made anew from the changelog."""


class Stopped(Exception):
    """The worker cannot go on without losing or doubling something; the message says what to do."""


class HistoryMissing(Stopped):
    """Records that were never applied are no longer in the log."""


class LogReplaced(Stopped):
    """The log ends before what was already applied: it was deleted and made anew, or truncated."""


class StoreInUse(Stopped):
    """Another process has the local state open."""


class StateAhead(Stopped):
    """The local state has seen more of the changelog than there is."""


class ChangelogCut(Stopped):
    """Records of the changelog were deleted that no local copy has: what is left is only a part of the state."""


class WrongPartitions(Stopped):
    """The changelog and the log do not have the same number of partitions."""


class ForeignChangelog(Stopped):
    """The changelog holds something that this release did not write and cannot read."""
