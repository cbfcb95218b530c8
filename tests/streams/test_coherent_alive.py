"""An account is at least as alive as each of its pairs that is due."""

from dataclasses import replace

from streams.core.context import Context, Folding, Installation
from streams.core.due_pairs import DuePairs, raise_alive
from streams.core.outlook import Outlook
from streams.state import Account, Pair, Partition
from tests.streams.harness import START

PAIR = Outlook(0.8, 0.0, 0.9, 1.0, 2.0, 3.0, 5, 1, 7.0, 2.0)


def folding(p_alive: float | None) -> Folding:
    """One account, judged already or not."""
    context = Context(Installation(), 0, Partition())
    return Folding(Account("acme", p_alive=p_alive), context, 0, START)


def raised(p_alive: float | None, *pairs: Outlook) -> float | None:
    one = folding(p_alive)
    due = DuePairs(pairs=[Pair() for _ in pairs], groups=["gas"] * len(pairs), account_row=[0] * len(pairs))
    raise_alive([one], due, dict(enumerate(pairs)))
    return one.account.p_alive


def test_the_liveliest_pair_counts() -> None:
    assert raised(0.5, PAIR, replace(PAIR, p_alive=0.7)) == 0.9


def test_an_account_that_is_more_alive_than_its_pairs_stays_so() -> None:
    assert raised(0.95, PAIR) == 0.95


def test_an_account_that_was_never_judged_stays_unknown() -> None:
    assert raised(None, PAIR) is None
