"""What an account may read and take with it: its events of the log, and one file of everything, by its link alone."""

import json
from collections.abc import Callable

import pytest

from console.ports import AdminCalls
from tests.console.conftest import Site
from tests.console.test_customer import ACCOUNT, SECRET, address

EVENT = {"specversion": "1.0", "type": "ringahead.OrderPlaced.v1", "subject": ACCOUNT, "data": {"order_id": "SO-1"}}


def log(asked: object) -> dict[str, object]:
    """The log of this one account."""
    assert isinstance(asked, dict)
    mine = asked["account_id"] == ACCOUNT
    told = [{"at": "2011-04-02T10:00:00+00:00", "type": "OrderPlaced", "says": "SO-1: 64 x <b>85123A</b>"}]
    return {"events": told if mine else [], "orders": [], "raw": [json.dumps(EVENT)] if mine and asked["whole"] else []}


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    calls: AdminCalls = {"account": log}
    return make_site(admin=calls, link_secret=SECRET)


def test_the_account_reads_what_the_log_has_of_it(site: Site) -> None:
    link = address(site)
    page = site.caller().get(f"{link}/data")
    assert page.status_code == 200
    assert "2 Apr 2011" in page.text
    assert "Ordered" in page.text
    assert "SO-1: 64 x &lt;b&gt;85123A" in page.text
    assert f"{link}/data.jsonl" in page.text


def test_the_file_has_everything_but_whole_numbers(site: Site) -> None:
    answer = site.caller().get(f"{address(site)}/data.jsonl")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="account-{ACCOUNT}.jsonl"'
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert {one["kind"] for one in told} == {"profile", "held", "contact", "need", "event"}
    assert [one["event"] for one in told if one["kind"] == "event"] == [EVENT]
    (contact,) = (one for one in told if one["kind"] == "contact")
    assert (contact["person"], contact["number_ends"]) == ("Ms. Harriet Cole", "118")
    assert "960 118" not in answer.text
    assert any(one["kind"] == "need" and one["evidence"]["sentence"] for one in told)
    with site.store.read() as tx:
        newest = tx.audit.about(account_id=ACCOUNT, limit=1)[0]
    assert newest.event == "fetched_own_data"
    assert newest.actor.startswith("customer:")


def test_a_link_of_another_account_shows_nothing_of_this_one(site: Site) -> None:
    other = address(site, "13047")
    page = site.caller().get(f"{other}/data")
    assert "Nothing has reached us from you yet." in page.text
    assert ACCOUNT not in site.caller().get(f"{other}/data.jsonl").text


def test_a_link_that_leads_nowhere_says_so(site: Site) -> None:
    for part in ("data", "data.jsonl"):
        assert site.caller().get(f"/my/nobody/{part}").status_code in {401, 404}
        assert site.caller().get(f"{address(site)}x/{part}").status_code in {401, 404}


def test_a_log_that_cannot_be_read_is_told_and_nothing_is_given(make_site: Callable[..., Site]) -> None:
    site = make_site(admin={}, link_secret=SECRET)
    link = address(site)
    assert "cannot be read just now" in site.caller().get(f"{link}/data").text
    answer = site.caller().get(f"{link}/data.jsonl")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{link}/data")
