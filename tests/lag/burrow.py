"""Burrow's own published cases (`core/internal/evaluator/caching_test.go`, Apache-2.0), in its numbering.

Each: commits as (offset, time in ms, lag or None), recent end offsets of the broker, lag now, the time now in seconds,
and the status that Burrow gives.
"""

from typing import NamedTuple


class Case(NamedTuple):
    """One of Burrow's test sets."""

    number: int
    commits: list[tuple[int, int, int | None]]
    ends: list[int]
    lag: int
    now: int
    status: str


def _rising(lags: list[int], offsets: tuple[int, ...] = (1000, 2000, 3000, 4000, 5000)):
    return [
        (offset, 100_000 * number, lag) for number, (offset, lag) in enumerate(zip(offsets, lags, strict=True), start=1)
    ]


_BUSY_MS = (618356, 619362, 620366, 621367, 622370, 623373, 624378, 625379, 626383, 627383, 628383, 629388, 630391,
            631394, 632397)  # fmt: skip
_BUSY = [(792_748_079 + number, 1_512_224_000_000 + at, 0) for number, at in enumerate(_BUSY_MS)]
_SAME = (1000,) * 5
_GAPS: list[tuple[int, int, int | None]] = [
    (1000 + 500 * number, 100_000 + 50_000 * number, None if number % 2 else 25 * number) for number in range(10)
]

CASES = [
    Case(0, _rising([0, 50, 100, 150, 200]), [5200], 200, 600, "ok"),
    Case(1, _rising([0, 50, 100, 150, 200]), [5200], 200, 900, "ok"),
    Case(2, _rising([0, 50, 100, 150, 200]), [5200], 200, 1000, "stop"),
    Case(3, _rising([50, 100, 150, 200, 250]), [5250], 250, 1000, "stop"),
    Case(4, _rising([0, 50, 100, 150, 200], _SAME), [1200], 200, 600, "ok"),
    Case(5, _rising([100, 150, 200, 250, 300], _SAME), [1300], 300, 600, "stall"),
    Case(6, _rising([100] * 5, _SAME), [1100], 100, 600, "stall"),
    Case(7, _rising([100, 150, 200, 1250, 300], (1000, 2000, 3000, 2000, 4000)), [4300], 300, 600, "rewind"),
    Case(8, _rising([50, 100, 150, 200, 250]), [5250], 0, 1000, "ok"),
    Case(9, _BUSY, [792_749_024, 792_749_000, 792_748_800, 792_748_600, 792_748_500], 931, 1_512_224_650, "stop"),
    Case(10, _BUSY, [792_748_094, 792_748_093, 792_748_093, 792_748_093], 1, 1_512_224_650, "ok"),
    Case(11, _GAPS, [5700], 200, 600, "ok"),
]
