"""One record of one account, who may see which part of it, and that reading it is noted."""

import re
from datetime import timedelta

from console.history import Happening, paged
from tests.console.conftest import Site
from tests.console.seeds import NOW, standing


def test_the_record_shows_needs_tasks_suggestions_and_what_happened(site: Site) -> None:
    page = site.as_role("agent").get("/accounts/17850").text
    for said in (
        "Account 17850",
        "Florist",
        "Europe/London",
        "12 Nov 2011, 09:00",
        "White hanging heart T-light holder",
        "Expected to reorder",
        "Ms. Harriet Cole",
        "Task opened",
        "Set of 3 cake tins",
        "are generated",
    ):
        assert said in page, said


def test_a_refused_need_is_shown_with_its_reasons(site: Site) -> None:
    page = site.as_role("supervisor").get("/accounts/15100").text
    assert "Party bunting" in page
    assert "not acted on" in page
    assert "held out to measure the effect of calls" in page


def test_a_reorder_proposal_is_on_the_record(site: Site) -> None:
    page = site.as_role("agent").get("/accounts/16029").text
    assert "Paper chain kit" in page
    assert "480" in page
    assert "proposed" in page


def test_operators_do_not_see_contacts(site: Site) -> None:
    page = site.as_role("operator").get("/accounts/17850").text
    assert "Your role does not see contacts" in page
    assert "Harriet" not in page
    assert "1632" not in page


def test_consents_given_and_withdrawn_and_listed_numbers_are_told(site: Site) -> None:
    with site.store.begin() as tx:
        told = {"given": (("service", "text"),), "withdrawn": (("selling", "phone"),), "preferred_channel": "mail"}
        site.desk.apply_effects(tx, [standing("17850", 40, **told)])
        number = tx.contacts.of_accounts(["17850"])[0].number
        tx.do_not_call.add(number, NOW, "test")
    page = " ".join(re.sub("<[^>]*>", " ", site.as_role("agent").get("/accounts/17850").text).split())
    assert "Given service by text Withdrawn selling by phone Preferred channel mail Numbers not to be called 1" in page


def test_the_forecast_of_a_need_is_drawn_also_where_nobody_acts_on_it(site: Site) -> None:
    for account in ("17850", "15100"):
        page = site.as_role("agent").get(f"/accounts/{account}").text
        assert 'class="survival" role="img"' in page
        assert "the chance that they have not ordered yet falls to 22 % by 15 Dec 2011" in page


def test_who_read_the_record_is_in_the_audit(site: Site) -> None:
    site.as_role("agent").get("/accounts/17850")
    with site.store.read() as tx:
        seen = [entry for entry in tx.audit.about(account_id="17850") if entry.event == "seen"]
    assert [(entry.actor, entry.subject) for entry in seen] == [("agent-1", "account:17850")]


def test_an_unknown_account_is_said_to_be_unknown_and_leaves_no_trace(site: Site) -> None:
    answer = site.as_role("agent").get("/accounts/nobody/at/all")
    assert answer.status_code == 404
    assert "There is no account nobody/at/all here" in answer.text
    with site.store.read() as tx:
        assert tx.audit.about(account_id="nobody/at/all") == []


def test_the_search_leads_to_the_record(site: Site) -> None:
    agent = site.as_role("agent")
    assert "Find an account" in agent.get("/accounts").text
    assert agent.get("/accounts?account_id=%20a/b%20").headers["location"] == "/accounts/a%2Fb"


def test_the_timeline_is_narrowed_and_who_read_it_is_not_in_the_way(site: Site) -> None:
    agent = site.as_role("agent")
    everything = agent.get("/accounts/17850").text
    assert "Record read" not in everything
    assert "Events and consumption are being read" in everything
    assert "Record read" in agent.get("/accounts/17850?kind=reads").text
    forecasts = agent.get("/accounts/17850?kind=forecasts").text
    assert "2011-12-05" in forecasts
    assert "Task opened" not in forecasts
    assert "Party bunting: not acted on" in agent.get("/accounts/15100?kind=decisions").text


def test_events_and_consumption_come_from_the_log(site: Site) -> None:
    part = site.as_role("agent").get("/account-history?account_id=17850").text
    assert "SO-3: 64 x 85123A" in part
    assert "Consumption and what is expected" in part
    assert "White Hanging Heart" in part or "White hanging heart" in part
    assert "9 orders since 2 Apr 2011, the last of 40 on 12 Nov 2011. Expected between" in part
    assert "Nothing was forecast of it yet." in part
    assert part.count('class="range"') == 1
    assert site.as_role("agent").get("/account-history?account_id=nobody").status_code == 404


def test_today_is_the_accounts_own_in_its_consumption(site: Site) -> None:
    marks = {}
    for version, zone in enumerate(("Europe/London", "Pacific/Honolulu"), 9):  # 23:00 of the day before
        with site.store.begin() as tx:
            tx.standings.put([standing("17850", version, zone=zone)])
        part = site.as_role("agent").get("/account-history?account_id=17850").text
        marks[zone] = re.findall(r'class="now" x1="([\d.]+)%"', part)
    assert marks["Pacific/Honolulu"]
    assert marks["Pacific/Honolulu"] != marks["Europe/London"]


def test_a_long_timeline_has_pages() -> None:
    rows = [Happening(NOW - timedelta(hours=n), "events", f"event {n}", "") for n in range(95)]
    shown = paged(rows, "", 3)
    assert (shown.page, shown.pages, len(shown.rows), shown.rows[-1].what) == (3, 3, 15, "event 94")
    assert (paged(rows, "", 99).page, paged(rows, "", -1).page) == (3, 1)
    assert (paged(rows, "contacts", 1).rows, paged(rows, "nonsense", 1).kind) == ([], "")
