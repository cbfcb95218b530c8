"""Asking too often is answered with how long to wait."""

from console.rates import CALLERS_KEPT, LOGINS, Rate, RateLimit
from tests.console.conftest import Site


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_then_the_rate_holds() -> None:
    clock = Clock()
    limit = RateLimit(Rate(per_second=2, burst=3), clock)
    assert [limit.wait_seconds("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limit.wait_seconds("b") == 0
    clock.now += 0.5
    assert limit.wait_seconds("a") == 0
    assert limit.wait_seconds("a") > 0
    clock.now += 1000
    assert [limit.wait_seconds("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_it_forgets_who_was_silent_longest() -> None:
    limit = RateLimit(Rate(per_second=0.001, burst=1), Clock())
    for number in range(CALLERS_KEPT + 1):
        limit.wait_seconds(str(number))
    assert limit.wait_seconds("0") == 0
    assert limit.wait_seconds(str(CALLERS_KEPT)) > 0


def test_guessing_passwords_of_many_users_from_one_address_is_slowed(site: Site) -> None:
    caller = site.caller()
    answers = [caller.post("/login", data={"name": f"u{n}", "password": "x"}) for n in range(LOGINS.burst + 1)]
    assert [answer.status_code for answer in answers] == [403] * LOGINS.burst + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
