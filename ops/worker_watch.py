"""What the workers tell of themselves over HTTP, for the operator's page; asked at most every few seconds."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from console.ports import WorkerSeen

KEPT_SECONDS = 4.0
ANSWER_SECONDS = 1.0
EVENTS = "ringahead_fold_events_total"


class WorkerPages:
    """Reads /readyz and /metrics of each address."""

    def __init__(self, addresses: str, client: httpx.Client | None = None) -> None:
        self._addresses = [one.strip().rstrip("/") for one in addresses.split(",") if one.strip()]
        self._client = client or httpx.Client(timeout=ANSWER_SECONDS)
        self._lock = threading.Lock()
        self._seen: tuple[float, Sequence[WorkerSeen]] = (-KEPT_SECONDS, ())
        self.configured = bool(self._addresses)

    def sample(self) -> Sequence[WorkerSeen]:
        """Each worker, as of a few seconds ago."""
        with self._lock:
            at, seen = self._seen
            if time.monotonic() - at >= KEPT_SECONDS:
                seen = [self._ask(address) for address in self._addresses]
                self._seen = (time.monotonic(), seen)
            return seen

    def _ask(self, address: str) -> WorkerSeen:
        name = address.partition("//")[2] or address
        try:
            told: Mapping[str, Any] = self._client.get(f"{address}/readyz").json()
            metrics = self._client.get(f"{address}/metrics").text
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return WorkerSeen(name, answers=False)
        reasons = tuple(str(reason)[:300] for reason in told.get("reasons", ()))
        count = len(told.get("partitions", ()))
        return WorkerSeen(name, True, bool(told.get("ready")), reasons, count, _counts(metrics))


def _counts(text: str) -> Mapping[str, int]:
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {sample.labels["outcome"]: int(sample.value) for sample in samples if sample.name == EVENTS}


class OwnFold:
    """The embedded runtime: this process folds itself."""

    configured = True

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts

    def sample(self) -> Sequence[WorkerSeen]:
        """One, which is here."""
        return [WorkerSeen("embedded", True, True, (), 1, dict(self._counts))]
