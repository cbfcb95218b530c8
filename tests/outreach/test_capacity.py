"""How much of the queue the people who are there can call, and what a normal day is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.capacity import Window, calls_until_next, pace, window

SALES, KEYS = "sales", "key_accounts"


def queue(skills: str) -> list[tuple[str, tuple[int, str]]]:
    """``s`` and ``k`` in order of rank."""
    return [({"s": SALES, "k": KEYS}[one], (place, f"t{place}")) for place, one in enumerate(skills)]


def inside(skills: str, crew: dict[frozenset[str], int], calls: int) -> str:
    """Which of the queue is offered, as a string of the same length."""
    found = window(queue(skills), crew, calls)
    return "".join("+" if found.holds(skill, place) else "-" for skill, place in queue(skills))


ALL, ONLY_S, ONLY_K = frozenset({SALES, KEYS}), frozenset({SALES}), frozenset({KEYS})


@pytest.mark.parametrize(
    ("skills", "crew", "calls", "offered"),
    [
        ("ssss", {ONLY_S: 1}, 3, "+++-"),
        ("ssss", {}, 3, "----"),
        ("ssss", {ONLY_K: 5}, 3, "----"),
        ("sksk", {ALL: 1}, 2, "++--"),
        ("sskk", {ALL: 1, ONLY_K: 1}, 2, "++++"),
        ("ssskk", {ALL: 1, ONLY_K: 1}, 2, "++-++"),
        ("kkkss", {ALL: 1, ONLY_S: 1}, 1, "+--+-"),
        ("", {ALL: 1}, 2, ""),
    ],
)
def test_window(skills: str, crew: dict[frozenset[str], int], calls: int, offered: str) -> None:
    assert inside(skills, crew, calls) == offered


def test_calls_of_all() -> None:
    assert calls_until_next({ALL: 2, ONLY_S: 1}, 12) == 36


def test_ties_of_rank_are_cut_by_id() -> None:
    found = window([(SALES, (7, "a")), (SALES, (7, "b")), (SALES, (7, "c"))], {ONLY_S: 1}, 2)
    assert [found.holds(SALES, (7, one)) for one in "abc"] == [True, True, False]


def test_a_window_moves_only_forward() -> None:
    found = Window({SALES: (5, "m")})
    assert found.moved_to(SALES, (4, "z")) is found
    assert found.moved_to(SALES, (6, "a")).holds(SALES, (6, "a"))
    assert found.moved_to(KEYS, (1, "a")).holds(KEYS, (1, "a"))


crews = st.dictionaries(st.sets(st.sampled_from("abc"), min_size=1).map(frozenset), st.integers(0, 3), max_size=4)
queues = st.lists(st.sampled_from("abc"), max_size=40).map(
    lambda skills: [(skill, (place, "")) for place, skill in enumerate(skills)]
)


@given(queues, crews, st.integers(1, 4))
def test_what_is_offered_can_be_called(
    line: list[tuple[str, tuple[int, str]]], crew: dict[frozenset[str], int], calls: int
) -> None:
    """Given out in order, each task finds an agent: checked by augmenting paths, which the code does not use."""
    found = window(line, crew, calls)
    taken = [skill for skill, place in line if found.holds(skill, place)]
    slots = [held for held, agents in crew.items() for _ in range(agents * calls)]
    assert _matched(taken, slots) == len(taken)


@given(queues, crews, st.integers(1, 4))
def test_what_is_behind_the_window_could_not_be_called_too(
    line: list[tuple[str, tuple[int, str]]], crew: dict[frozenset[str], int], calls: int
) -> None:
    found = window(line, crew, calls)
    taken = [skill for skill, place in line if found.holds(skill, place)]
    slots = [held for held, agents in crew.items() for _ in range(agents * calls)]
    for skill in {skill for skill, place in line if not found.holds(skill, place)}:
        assert _matched([*taken, skill], slots) == len(taken)


def _matched(tasks: list[str], slots: list[frozenset[str]]) -> int:
    owner: dict[int, int] = {}

    def place(task: int, seen: set[int]) -> bool:
        for slot, held in enumerate(slots):
            if tasks[task] in held and slot not in seen:
                seen.add(slot)
                if slot not in owner or place(owner[slot], seen):
                    owner[slot] = task
                    return True
        return False

    return sum(place(task, set()) for task in range(len(tasks)))


@pytest.mark.parametrize(
    ("opened", "before", "verdict"),
    [
        (100, [100] * 6, "unknown"),
        (100, [100] * 7, "normal"),
        (301, [100] * 28, "high"),
        (300, [100] * 28, "normal"),
        (33, [100] * 28, "low"),
        (34, [100] * 28, "normal"),
        (5, [0] * 28, "high"),
        (3, [0] * 28, "normal"),
        (0, [2] * 28, "normal"),
        (1000, [5] * 50 + [900] * 28, "normal"),
    ],
)
def test_pace(opened: int, before: list[int], verdict: str) -> None:
    assert pace(opened, before).verdict == verdict


def test_more_is_never_lower() -> None:
    order = ("low", "normal", "high")
    told = [order.index(pace(opened, [50] * 28).verdict) for opened in range(400)]
    assert all(first <= second for first, second in pairwise(told))
