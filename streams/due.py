"""When does which account need a decision next: buckets of hours, so that passing time looks only at what is due."""

import heapq
from collections.abc import Iterator


class DueIndex:
    """Accounts by the hour at which they are due. Memory: one entry an account; every operation O(log hours)."""

    def __init__(self) -> None:
        self._hour_of: dict[str, int] = {}
        self._buckets: dict[int, set[str]] = {}
        self._hours: list[int] = []

    def __len__(self) -> int:
        return len(self._hour_of)

    def put(self, account_id: str, hour: int | None) -> None:
        """The account is due at this hour, and at no other; None: not due."""
        before = self._hour_of.get(account_id)
        if before == hour:
            return
        if before is not None:
            self._buckets[before].discard(account_id)
            del self._hour_of[account_id]
        if hour is None:
            return
        self._hour_of[account_id] = hour
        bucket = self._buckets.get(hour)
        if bucket is None:
            bucket = self._buckets[hour] = set()
            heapq.heappush(self._hours, hour)
        bucket.add(account_id)

    def hour_of(self, account_id: str) -> int | None:
        """The hour at which the account is due; None: it is not."""
        return self._hour_of.get(account_id)

    def due(self, hour: int) -> list[str]:
        """Accounts due at this hour or before, sorted; they stay until they are put elsewhere."""
        return sorted(account for bucket in self._due_buckets(hour) for account in bucket)

    def _due_buckets(self, hour: int) -> Iterator[set[str]]:
        while self._hours and not self._buckets.get(self._hours[0]):
            self._buckets.pop(heapq.heappop(self._hours), None)
        for due_hour in self._hours:
            if due_hour <= hour:
                yield self._buckets[due_hour]
