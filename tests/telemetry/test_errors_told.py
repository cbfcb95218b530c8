"""Of our own errors the log keeps the message, as it says what to do; of others only the type."""

import pytest

from schemas.errors import Unavailable
from streams.microbatch.errors import ChangelogCut, Damaged, HistoryMissing, StateAhead
from streams.microbatch.ports import Unavailable as Waiting
from streams.telemetry.logs import says_of


@pytest.mark.parametrize("kind", [Unavailable, Waiting, Damaged, StateAhead, HistoryMissing, ChangelogCut])
def test_what_to_do_is_told(kind: type[Exception]) -> None:
    assert says_of(kind("remove that folder")).endswith(f"{kind.__name__}: remove that folder")


def test_what_a_library_says_is_not() -> None:
    assert says_of(ValueError("ann@example.org")) == "ValueError"
