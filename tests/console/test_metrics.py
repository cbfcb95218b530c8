"""GET /metrics: for watchers, with what the page shows, and no account in it."""

from typing import Any

import pytest

from console.access import Access, add_user, new_api_key
from console.passwords import Passwords
from schemas.errors import Unavailable
from tests.console.conftest import Site
from tests.telemetry.test_metrics import samples


def test_a_scrape_has_lag_desk_and_requests(site: Site) -> None:
    caller = site.as_role("operator")
    caller.get("/operator")
    caller.get("/accounts/A1")
    found = samples(caller.get("/metrics").content)
    place = (("group", "worker"), ("partition", "1"), ("topic", "ringahead.account-events"))
    assert found["ringahead_consumer_lag_events", place] == 150
    assert found["ringahead_consumer_lag_seconds", place] == 192.0
    assert (
        "ringahead_consumer_lag_events",
        (("group", "desk"), ("partition", "0"), ("topic", "ringahead.needs")),
    ) not in found
    assert found["ringahead_model_age_seconds", ()] == pytest.approx(4.0 * 86_400)
    assert found["ringahead_dead_letters", (("reason", "negative_quantity"),)] == 1
    assert found["ringahead_kill_switch", ()] == 0
    assert found["ringahead_forecast_age_seconds", ()] >= 0
    labels = (("method", "GET"), ("route", "/operator"), ("status", "200"))
    assert found["ringahead_http_requests_total", labels] == 1
    routes = {dict(labels).get("route") for name, labels in found if name == "ringahead_http_requests_total"}
    assert "/accounts/{account_id:path}" in routes
    assert not [route for route in routes if route and "A1" in route], "the path names an account"


def test_who_may_scrape(site: Site) -> None:
    assert site.caller().get("/metrics").status_code == 401
    assert site.as_role("agent").get("/metrics").status_code == 403
    key = _key(site, "prometheus")
    assert site.caller().get("/metrics", headers={"authorization": f"Bearer {key}"}).status_code == 200


def test_lag_that_cannot_be_measured_is_told(site: Site) -> None:
    site.lag.failure = "no broker"
    found = samples(site.as_role("operator").get("/metrics").content)
    assert found["ringahead_scrape_failed", (("part", "lag"),)] == 1
    assert found["ringahead_scrape_failed", (("part", "desk"),)] == 0


class Away:
    """The site's store, while its database is away."""

    def begin(self) -> Any:
        raise Unavailable("away")

    read = begin


def test_while_the_database_is_away_a_key_that_is_known_opens_the_metrics_alone(site: Site) -> None:
    access, key = Access(site.store, Passwords(), session_hours=1), _key(site, "prometheus")
    unknown = _key(site, "newcomer")
    before = access.by_key(key)
    access._store = Away()
    during = access.by_key(key, or_known=True)
    with pytest.raises(Unavailable):
        access.by_key(key)
    assert before is not None
    assert during is not None
    assert (during.user_id, during.role, during.scopes) == (before.user_id, before.role, frozenset({"metrics:read"}))
    with pytest.raises(Unavailable):
        access.by_key(unknown, or_known=True)
    with pytest.raises(Unavailable):
        access.by_cookie(key)


def test_a_key_that_may_not_scrape_opens_nothing_while_the_database_is_away(site: Site) -> None:
    access = Access(site.store, Passwords(), session_hours=1)
    with site.store.begin() as tx:
        add_user(tx, "sap", "erp", None)
        key = new_api_key(tx, "sap", 1, ["events:write"])
    assert access.by_key(key) is not None
    access._store = Away()
    with pytest.raises(Unavailable):
        access.by_key(key, or_known=True)


def _key(site: Site, name: str) -> str:
    with site.store.begin() as tx:
        add_user(tx, name, "operator", None)
        return new_api_key(tx, name, 1)


def test_while_the_database_is_away_everything_else_is_answered_with_503_and_counted(site: Site) -> None:
    key = {"authorization": f"Bearer {_key(site, 'prometheus')}"}
    caller = site.as_role("operator")
    assert site.caller().get("/metrics", headers=key).status_code == 200
    site.store.begin = site.store.read = Away().begin  # type: ignore[method-assign]
    assert caller.get("/operator").status_code == 503
    answer = site.caller().get("/v1/outbox/commands", headers=key)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (503, "unavailable")
    found = samples(site.caller().get("/metrics", headers=key).content)
    counted = {labels: value for (name, labels), value in found.items() if name == "ringahead_http_requests_total"}
    assert sum(value for labels, value in counted.items() if ("status", "503") in labels) == 2
