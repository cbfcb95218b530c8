"""A Kafka installation as the operator's page shows it: one partition stands still, one worker recovers."""

from collections.abc import Sequence

from console.ports import PartitionLag, WorkerSeen
from streams.lag.status import LagStatus, Rule

LOG, ORDERS = "ringahead.account-events", "ringahead.orders"
WORKER, DESK, ARCHIVE = "ringahead-worker", "ringahead-desk", "ringahead-archive"
WINDOW = 110.0
LAG = (
    PartitionLag(WORKER, LOG, 0, 98_310, 98_310, 0, 0.0, LagStatus.OK, Rule.WITHIN, 40.0, 40.0, WINDOW),
    PartitionLag(WORKER, LOG, 1, 91_100, 112_540, 21_440, 1920.0, LagStatus.STOP, Rule.SILENT, 39.0, 0.0, WINDOW),
    PartitionLag(WORKER, ORDERS, 0, 41_200, 41_200, 0, 0.0, LagStatus.OK, Rule.WITHIN, 12.0, 12.0, WINDOW),
    PartitionLag(WORKER, ORDERS, 1, 39_840, 39_990, 150, 3.0, LagStatus.OK, Rule.CAUGHT_UP, 14.0, 14.0, WINDOW),
    PartitionLag(DESK, "ringahead.dead-letters", 0, None, 40, None, None, LagStatus.OK, Rule.FEW),
    PartitionLag(DESK, "ringahead.needs", 0, 5_400, 5_512, 112, 60.0, LagStatus.OK, Rule.GOES_ON, 4.0, 9.5, WINDOW),
    PartitionLag(ARCHIVE, LOG, 0, 98_310, 98_310, 0, 0.0, LagStatus.OK, Rule.WITHIN, 40.0, 40.0, WINDOW),
)
SAYS = (
    "ringahead.account-events[1]: ringahead-worker-ringahead.account-events-changelog[1] 62 % recovered, "
    "48210 records, 31,400 a second, 18 MB, 29411 offsets to go"
)


class TwoWorkers:
    """One is ready, one is not yet."""

    configured = True

    def sample(self) -> Sequence[WorkerSeen]:
        """Both."""
        counts = {"folded": 189_532, "duplicate": 37, "late": 4, "broadcast": 96}
        return (
            WorkerSeen("worker-1:8081", answers=True, ready=True, partitions=2, counts=counts),
            WorkerSeen("worker-2:8081", answers=True, ready=False, says=(SAYS,), partitions=2),
        )
