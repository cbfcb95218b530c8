"""The due index against a plain dict."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streams.due import DueIndex

accounts = st.sampled_from([f"a{number}" for number in range(6)])
hours = st.integers(0, 8)


class AgainstADict(RuleBasedStateMachine):
    """Whatever is put where, the same accounts are due."""

    def __init__(self) -> None:
        super().__init__()
        self.index = DueIndex()
        self.model: dict[str, int] = {}

    @rule(account=accounts, hour=st.none() | hours)
    def put(self, account: str, hour: int | None) -> None:
        self.index.put(account, hour)
        if hour is None:
            self.model.pop(account, None)
        else:
            self.model[account] = hour

    @rule(hour=hours)
    def ask(self, hour: int) -> None:
        assert self.index.due(hour) == sorted(one for one, due in self.model.items() if due <= hour)

    @rule(hour=hours)
    def settle_all_that_is_due(self, hour: int) -> None:
        for account in self.index.due(hour):
            self.put(account, None)
        assert self.index.due(hour) == []

    @invariant()
    def counts(self) -> None:
        assert len(self.index) == len(self.model)


TestAgainstADict = AgainstADict.TestCase
TestAgainstADict.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_asking_takes_nothing_away() -> None:
    index = DueIndex()
    index.put("a", 3)
    assert index.due(3) == index.due(3) == ["a"]


@pytest.mark.parametrize("hour", [0, 2**31])
def test_an_hour_may_be_emptied_and_filled_again(hour: int) -> None:
    index = DueIndex()
    for account in ("a", "b", "a"):
        index.put(account, hour)
        index.put(account, None)
        assert index.due(hour) == []
    index.put("c", hour)
    assert index.due(hour) == ["c"]
    assert index.due(hour - 1) == []
