"""Every metric: name, type, unit, help and labels. Nothing else is exported; docs/metrics.md is made from this list.

Names follow Prometheus: base units (seconds, bytes), `_total` for counters. Labels never hold an account, a person, a
number or a message; their values come from closed lists, topics, routes and partitions.
"""

from dataclasses import dataclass
from enum import StrEnum

PLACE = ("group", "topic", "partition")
LATENCY_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Kind(StrEnum):
    """Prometheus' own words."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class By(StrEnum):
    """Which process exports it."""

    CONSOLE = "console, serve"
    FOLD = "worker, serve"
    WORKER = "worker"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Metric:
    """One name."""

    name: str
    kind: Kind
    unit: str
    help: str
    by: By
    labels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.kind is Kind.COUNTER) is not self.name.endswith("_total"):
            raise ValueError(f"{self.name}: counters, and only they, end in _total")


def _gauge(name: str, unit: str, says: str, by: By, *labels: str) -> Metric:
    return Metric(f"ringahead_{name}", Kind.GAUGE, unit, says, by, labels)


def _counter(name: str, unit: str, says: str, by: By, *labels: str) -> Metric:
    return Metric(f"ringahead_{name}_total", Kind.COUNTER, unit, says, by, labels)


CATALOGUE: tuple[Metric, ...] = (
    # Lag: one sample of the brokers (or of the file), each ten seconds.
    _gauge("consumer_lag_events", "events", "Offsets behind; absent without commits, which is not 0.",
           By.CONSOLE, *PLACE),
    _gauge("consumer_lag_seconds", "seconds", "Record time at the committed offset against the newest record's.",
           By.CONSOLE, *PLACE),
    _gauge("consumer_committed_offset", "offset", "Next offset to be read; absent without commits.",
           By.CONSOLE, *PLACE),
    _gauge("consumer_end_offset", "offset", "Next offset to be written.", By.CONSOLE, *PLACE),
    _gauge("consumer_gone_events", "events", "Offsets that retention took before they were read.", By.CONSOLE, *PLACE),
    _gauge("consumer_catch_up_seconds", "seconds", "Until caught up at the window's pace; +Inf: it does not shrink.",
           By.CONSOLE, *PLACE),
    _gauge("consumer_status", "1", "1 for the status in force: ok, warn, stall, rewind, stop.",
           By.CONSOLE, *PLACE, "status"),
    _gauge("lag_sample_age_seconds", "seconds", "Since lag was last measured; grows while no broker answers.",
           By.CONSOLE),
    # The desk: read from the database when scraped.
    _gauge("business_time_timestamp_seconds", "seconds", "Business time of a partition, seconds since 1970.",
           By.CONSOLE, "partition"),
    _gauge("model_age_seconds", "seconds", "Business time since the oldest model in force was published.", By.CONSOLE),
    _gauge("forecast_age_seconds", "seconds", "Business time since the oldest forecast that an open need rests on.",
           By.CONSOLE),
    _gauge("tasks", "tasks", "Tasks by state.", By.CONSOLE, "state"),
    _gauge("needs_refused", "needs", "Needs that nobody acts on, by reason.", By.CONSOLE, "reason"),
    _gauge("outbox_waiting_messages", "messages", "Messages that have not left yet, by destination.",
           By.CONSOLE, "destination"),
    _gauge("dead_letters", "letters", "Dead letters that were neither replayed nor discarded, by reason.",
           By.CONSOLE, "reason"),
    _gauge("tasks_opened_last_day", "tasks", "Tasks opened in the last 24 hours of business time.", By.CONSOLE),
    _gauge("tasks_opened_normal", "tasks", "What is normal for 24 hours; absent until it is known.", By.CONSOLE),
    _gauge("kill_switch", "1", "1 while nobody is called.", By.CONSOLE),
    _gauge("rollout_accounts", "accounts", "Accounts judged anew by a new model or profiles (done), and all (total).",
           By.CONSOLE, "partition", "state"),
    _gauge("rollout_running", "1", "1 while a partition judges its accounts anew.", By.CONSOLE, "partition"),
    # The fold: since the start of the process.
    _counter("fold_events", "events", "Log records folded: folded, duplicate, late, broadcast.", By.FOLD, "outcome"),
    _counter("fold_judged_accounts", "accounts", "Accounts judged when time passed or something came into force.",
             By.FOLD),
    # Workers of the Kafka runtime.
    _counter("worker_batches", "batches", "Batches applied.", By.WORKER),
    _counter("worker_records", "records", "Records applied.", By.WORKER),
    _counter("worker_outputs", "records", "Outputs delivered.", By.WORKER),
    _counter("worker_refetches", "fetches", "Holes: fetched records that were thrown away and asked for again.",
             By.WORKER),
    _counter("worker_missing_offsets", "offsets", "Offsets of public topics that were gone before they were read.",
             By.WORKER),
    _counter("worker_retries", "retries", "Times a partition was suspended because something was unavailable.",
             By.WORKER),
    _counter("worker_restored_records", "records", "Changelog records read to restore state.", By.WORKER),
    _gauge("worker_partitions", "partitions", "Partitions by state: ready, recovering, waiting.", By.WORKER, "state"),
    _gauge("worker_recovery_remaining_offsets", "offsets", "Changelog offsets still to be read; 0 when done.",
           By.WORKER, "partition"),
    _gauge("worker_heartbeat_age_seconds", "seconds", "Since the group answered.", By.WORKER),
    _gauge("worker_loop_age_seconds", "seconds", "Since the event loop last ran.", By.WORKER),
    # The console.
    _counter("http_requests", "requests", "Requests by method, route (the pattern, not the path) and status.",
             By.CONSOLE, "method", "route", "status"),
    Metric("ringahead_http_request_duration_seconds", Kind.HISTOGRAM, "seconds",
           "Server time of requests, streams aside.", By.CONSOLE, ("method", "route")),
    _gauge("open_pages", "pages", "Open server-sent event streams.", By.CONSOLE),
    _gauge("scrape_failed", "1", "1 where a part could not be read for this scrape: lag, desk.", By.ALL, "part"),
    _gauge("build_info", "1", "Always 1; the version is a label.", By.ALL, "version"),
)  # fmt: skip
BY_NAME = {metric.name: metric for metric in CATALOGUE}
