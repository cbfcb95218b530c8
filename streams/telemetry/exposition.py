"""Metrics in Prometheus' text format: counts kept by this process, and readings taken when it is scraped.

A name that is not in the catalogue, or comes with other labels, is a KeyError: what is exported and what is documented
cannot differ.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from schemas.errors import Unavailable
from streams.telemetry.catalogue import BY_NAME, CATALOGUE, LATENCY_BUCKETS_SECONDS, Kind, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
KEPT = frozenset({"ringahead_http_requests_total", "ringahead_http_request_duration_seconds"})
"""Counted here; all others are read from whoever knows them."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One value, now."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


Read = Callable[[], Iterable[Reading]]
"""Takes readings; raises Unavailable where its source does not answer: the scrape goes on without it, and says so."""


class Exposition:
    """The metrics of one process. ``parts``: where readings come from, by a name that tells which part failed."""

    def __init__(self, parts: Mapping[str, Read]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry()
        self._registry.register(_Readings(parts))
        self._counters = {metric.name: _counter(metric, self._registry) for metric in _kept(Kind.COUNTER)}
        self._histograms = {metric.name: _histogram(metric, self._registry) for metric in _kept(Kind.HISTOGRAM)}

    def count(self, name: str, **labels: str) -> None:
        """One more."""
        self._counters[name].labels(**_checked(name, labels)).inc()

    def observe(self, name: str, value: float, **labels: str) -> None:
        """One observation."""
        self._histograms[name].labels(**_checked(name, labels)).observe(value)

    def text(self) -> bytes:
        """What a scrape gets."""
        return generate_latest(self._registry)


class _Readings(Collector):
    """Asks every part when it is scraped."""

    def __init__(self, parts: Mapping[str, Read]) -> None:
        self._parts = parts

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is read when the registry is built."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Families in the order of the catalogue."""
        found: defaultdict[str, list[Reading]] = defaultdict(list)
        for reading in self._all():
            _checked(reading.name, reading.labels)
            found[reading.name].append(reading)
        for metric in CATALOGUE:
            if metric.name in found:
                yield _family(metric, found[metric.name])

    def _all(self) -> Iterator[Reading]:
        yield Reading("ringahead_build_info", 1, {"version": _version()})
        for part, read in self._parts.items():
            try:
                readings = list(read())
            except Unavailable:
                readings = []
                failed = 1
            else:
                failed = 0
            yield from readings
            yield Reading("ringahead_scrape_failed", failed, {"part": part})


def _family(metric: Metric, readings: Iterable[Reading]) -> GaugeMetricFamily | CounterMetricFamily:
    kind = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = kind(metric.name.removesuffix("_total"), metric.help, labels=metric.labels)
    for reading in readings:
        family.add_metric([reading.labels[label] for label in metric.labels], reading.value)
    return family


def _checked(name: str, labels: Mapping[str, str]) -> Mapping[str, str]:
    if set(BY_NAME[name].labels) != set(labels):
        raise KeyError(f"{name} has the labels {BY_NAME[name].labels}, not {tuple(labels)}")
    return labels


def _kept(kind: Kind) -> Iterator[Metric]:
    return (metric for metric in CATALOGUE if metric.kind is kind and metric.name in KEPT)


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.labels, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=LATENCY_BUCKETS_SECONDS)


def _version() -> str:
    try:
        return version("ringahead")
    except PackageNotFoundError:
        return "unknown"
