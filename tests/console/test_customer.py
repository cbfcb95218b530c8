"""The page that an account sees of itself: the right link shows one account, every wish takes effect once."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from console.app import build
from console.links import LEAST_SECRET, Signer, new_link, revoke
from console.rates import CUSTOMERS as RATE
from console.roles import CUSTOMERS, ENDPOINTS, OPEN
from outreach.access import AccountLink
from outreach.records import AskedOrder
from outreach.task import TaskState
from schemas.envelope import decode
from schemas.errors import Misconfigured, NotFound
from schemas.events.accounts import AccountChanged, ComplaintOpened, ConsentWithdrawn, ContactChanged
from schemas.needs import ExpectedOrder
from schemas.settings import Settings
from tests.console.caller import Caller
from tests.console.conftest import Site
from tests.console.seeds import EVIL, NOW, standing
from tests.console.test_roles import example

SECRET = "s" * LEAST_SECRET
ACCOUNT = "17850"


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site(link_secret=SECRET)


def address(site: Site, account_id: str = ACCOUNT, days: int = 30) -> str:
    with site.store.begin() as tx:
        return "/my/" + Signer(SECRET).token(new_link(tx, account_id, days))


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found
    return found.group(1)


def facts(site: Site) -> list[object]:
    return [decode(raw).fact for raw in site.taken]


class Visitor:
    """Somebody with a link and a browser without scripts."""

    def __init__(self, site: Site, link: str) -> None:
        self.caller, self.link = site.caller(), link
        self.form = ""

    def page(self) -> str:
        answer = self.caller.get(self.link)
        assert answer.status_code == 200, answer.text
        self.form = form_of(answer.text)
        return answer.text

    def ask(self, wish: str, **fields: str):
        return self.caller.post(f"{self.link}/{wish}", data={"form": self.form, **fields})


@pytest.fixture
def visitor(site: Site) -> Visitor:
    made = Visitor(site, address(site))
    made.page()
    return made


def test_the_page_answers_the_questions_of_one_account(site: Site) -> None:
    with site.store.begin() as tx:
        expected = (
            ExpectedOrder(order_id="o-1", promised_at=NOW + timedelta(days=3), shipped=True),
            ExpectedOrder(order_id="o-2", promised_at=NOW - timedelta(days=3)),
        )
        tx.standings.put([standing(ACCOUNT, 9, expected_orders=expected)])
        tx.asked_orders.put([AskedOrder("c1", ACCOUNT, "t1", "anna", "GBP", "[]", NOW - timedelta(days=1))])
    page = Visitor(site, address(site)).page()
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    for said in (
        "o-1 On its way To arrive by 12 Dec 2011.",
        "o-2 Late It was promised for 6 Dec 2011",
        "Being booked You ordered on the phone on 8 Dec 2011.",
        "White hanging heart T-light holder Likely around 11 Dec 2011 (in 8 of 10 cases between 9 Dec 2011 and 22 Dec",
        "You usually order it every 28 days. Last time it was 12 Nov 2011.",
        "Trade Florist",
        "number ends in 118",
    ):
        assert said in words, said
    assert "960 118" not in page
    assert "960118" not in page
    for other in ("13047", "12583", "Bello", "C-118", "Renaud"):
        assert other not in page


@pytest.mark.parametrize(("zone", "late", "ordered"), [("America/Los_Angeles", 6, 7), ("Pacific/Auckland", 7, 8)])
def test_days_are_those_of_the_account(site: Site, zone: str, late: int, ordered: int) -> None:
    evening = NOW.replace(hour=23) - timedelta(days=3)  # of the 6th in UTC; in Auckland it is the 7th
    night = NOW.replace(hour=2) - timedelta(days=1)  # of the 8th; in Los Angeles it is still the 7th
    with site.store.begin() as tx:
        expected = (ExpectedOrder(order_id="o-2", promised_at=evening),)
        tx.standings.put([standing(ACCOUNT, 9, expected_orders=expected, zone=zone)])
        tx.asked_orders.put([AskedOrder("c1", ACCOUNT, "t1", "anna", "GBP", "[]", night)])
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", Visitor(site, address(site)).page()))
    assert f"It was promised for {late} Dec 2011" in page
    assert f"You ordered on the phone on {ordered} Dec 2011" in page


def test_no_link_no_page(site: Site) -> None:
    good = address(site)
    account, ends, link_id, signature = good.removeprefix("/my/").split(".")
    strange = Signer("x" * LEAST_SECRET)
    with site.store.read() as tx:
        known = tx.account_links.get(link_id)
    other = Signer(SECRET).token(replace(known, account_id="13047")).split(".")
    forged = [
        ".".join((account, ends, link_id, signature[:-1] + ("A" if signature[-1] != "A" else "B"))),
        ".".join((other[0], ends, link_id, signature)),
        ".".join((account, str(int(ends) + 1), link_id, signature)),
        ".".join((account, ends, "0" * 16, signature)),
        strange.token(known),
        strange.token(AccountLink("l", "nobody", NOW, NOW)),
        "none",
        "....",
        "a" * 5000,
        "%00.1.2.3",
        "é.1.2.3",
    ]
    answers = {site.caller().get(f"/my/{token}").text for token in forged}
    assert len(answers) == 1, "all the same: nothing is told of any account"
    assert "not complete, or not one of ours" in answers.pop()
    assert all(site.caller().post(f"/my/{token}/stop").status_code in {404, 429} for token in forged)
    assert site.taken == []


def test_a_signed_link_to_another_account_with_this_links_id(site: Site) -> None:
    with site.store.begin() as tx:
        mine = new_link(tx, ACCOUNT, 30)
    token = Signer(SECRET).token(replace(mine, account_id="13047"))
    assert site.caller().get(f"/my/{token}").status_code == 410


def test_a_link_ends_and_is_revoked(site: Site) -> None:
    short, long_ = address(site, days=1), address(site, days=30)
    site.clock.pass_(days=2)
    ended = site.caller().get(short)
    assert (ended.status_code, "has ended" in ended.text) == (410, True)
    assert site.caller().get(long_).status_code == 200
    with site.store.begin() as tx:
        assert revoke(tx, ACCOUNT) == 1
    gone = site.caller().get(long_)
    assert (gone.status_code, "no longer in force" in gone.text) == (410, True)


def test_an_erased_or_closed_account_says_so(site: Site) -> None:
    erased, closed = address(site), address(site, "13047")
    with site.store.begin() as tx:
        site.desk.erase_account(tx, ACCOUNT, "sue")
        tx.standings.put([standing("13047", 9, closed=True)])
        for account in (ACCOUNT, "13047", "nobody"):
            with pytest.raises(NotFound):
                new_link(tx, account)
    answers = [site.caller().get(link) for link in (erased, closed)]
    assert [answer.status_code for answer in answers] == [410, 410]
    assert "were erased" in answers[0].text
    assert "is closed" in answers[1].text


def test_stop_calling_me_is_at_once_and_once(site: Site, visitor: Visitor) -> None:
    with site.store.read() as tx:
        (task,) = tx.tasks.open_of([ACCOUNT])
    answer = visitor.ask("stop")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{visitor.link}?done=stop")
    with site.store.read() as tx:
        assert tx.tasks.get(task.task_id).state is TaskState.CANCELLED
        assert tx.do_not_call.counted() == 1
        history = [(entry.event, entry.actor.split(":")[0]) for entry in tx.audit.about(account_id=ACCOUNT)]
    assert ("asked_not_to_be_called", "customer") in history
    (fact,) = facts(site)
    assert isinstance(fact, ConsentWithdrawn)
    assert (fact.purpose, fact.channel) == ("selling", "phone")
    assert "Nobody calls you to sell any more. To change" in visitor.caller.get(visitor.link).text
    again = visitor.ask("stop")
    assert again.headers["location"].endswith("?done=again")
    assert len(site.taken) == 1


def test_prefer_a_channel(site: Site, visitor: Visitor) -> None:
    assert visitor.ask("channel", channel="mail").status_code == 303
    assert facts(site) == [AccountChanged(preferred_channel="mail")]
    visitor.page()
    bad = visitor.ask("channel", channel="pigeon' OR 1=1 --")
    assert (bad.status_code, len(site.taken)) == (422, 1)
    assert "pigeon" not in bad.text


@pytest.mark.parametrize("person", [EVIL[:200], "Robert'); DROP TABLE contacts;--", "O'Brien & Søn"])
def test_a_contact_is_corrected_and_what_is_written_stays_text(site: Site, visitor: Visitor, person: str) -> None:
    answer = visitor.ask("contact", contact_id=f"{ACCOUNT}-c1", person=person, number="+44 1632 960 999")
    assert answer.status_code == 303, answer.text
    with site.store.read() as tx:
        (known,) = tx.contacts.of_accounts([ACCOUNT])
    assert (known.person, known.number, known.valid) == (person, "+441632960999", True)
    page = visitor.page()
    assert "<script>alert" not in page
    assert "<img" not in page
    (fact,) = facts(site)
    assert fact == ContactChanged(contact_id=f"{ACCOUNT}-c1", channels=("phone",), valid=True)
    assert person not in site.taken[0].decode()


@pytest.mark.parametrize(
    "fields",
    [
        {"contact_id": "13047-c1", "person": "Me"},
        {"contact_id": f"{ACCOUNT}-c1", "person": ""},
        {"contact_id": f"{ACCOUNT}-c1", "person": "x" * 201},
        {"contact_id": f"{ACCOUNT}-c1", "person": "a\nb"},
        {"contact_id": f"{ACCOUNT}-c1", "person": "Me", "number": "call me"},
        {"contact_id": f"{ACCOUNT}-c1", "person": "Me", "number": "+" + "1" * 30},
        {},
    ],
)
def test_what_cannot_be_changes_nothing(site: Site, visitor: Visitor, fields: dict[str, str]) -> None:
    with site.store.read() as tx:
        before = tx.contacts.of_accounts([ACCOUNT, "13047"])
    assert visitor.ask("contact", **fields).status_code == 422
    with site.store.read() as tx:
        assert tx.contacts.of_accounts([ACCOUNT, "13047"]) == before
    assert site.taken == []


def test_somebody_looks_at_what_is_wrong(site: Site, visitor: Visitor) -> None:
    assert visitor.ask("wrong", topic="trade").status_code == 303
    (fact,) = facts(site)
    assert isinstance(fact, ComplaintOpened)
    assert fact.category == "correction_trade"
    visitor.page()
    assert visitor.ask("wrong", topic=EVIL).status_code == 422
    assert visitor.ask("nonsense").status_code == 404


def test_a_form_is_this_pages_and_of_today(site: Site, visitor: Visitor) -> None:
    other = Visitor(site, address(site, "13047"))
    other.page()
    for form in ("", "1.2.3", other.form, visitor.form + "x", visitor.form.replace(".", "..")):
        answer = visitor.caller.post(f"{visitor.link}/stop", data={"form": form})
        assert (answer.status_code, "open for too long" in answer.text) == (403, True)
    site.clock.pass_(hours=3)
    assert visitor.ask("stop").status_code == 403
    assert site.taken == []


def test_what_cannot_be_stored_changes_nothing(site: Site) -> None:
    app = build(Settings(link_secret=SECRET), site.store, site.lag, desk=site.desk)
    caller = Caller(app, site.runner)
    link = address(site)
    form = form_of(caller.get(link).text)
    assert caller.post(f"{link}/stop", data={"form": form}).status_code == 503
    with site.store.read() as tx:
        assert tx.tasks.open_of([ACCOUNT])
        assert tx.do_not_call.counted() == 0
    caller.close()


def test_a_link_opens_its_own_page_alone(site: Site) -> None:
    link = address(site)
    token = link.removeprefix("/my/")
    for (method, path), allowed in ENDPOINTS.items():
        if path == "/stream":
            continue
        wanted = example(path) if not path.startswith("/my/") else path.replace("{token}", token).replace("{wish}", "x")
        bearer = {"authorization": f"Bearer {token}", "cookie": f"ringahead={token}"} if allowed != OPEN else {}
        status = site.caller().send(method, wanted, headers=bearer).status_code
        if allowed == CUSTOMERS:
            assert status == (200 if method == "GET" else 403), (method, path, status)
        elif allowed != OPEN:
            assert status in {303, 401, 429}, (method, path, status)


def test_no_role_enters_without_a_link(site: Site) -> None:
    for role in ("agent", "supervisor", "operator", "erp", "admin"):
        assert site.as_role(role).get("/my/none").status_code == 404


def test_too_much_of_one_link_is_slowed_down(site: Site) -> None:
    link = address(site)
    caller = site.caller()
    statuses = [caller.get(link).status_code for _ in range(RATE.burst + 2)]
    assert (statuses[0], statuses[-1]) == (200, 429)


def test_without_a_secret_there_are_no_links(make_site: Callable[..., Site]) -> None:
    site = make_site()
    assert site.caller().get(address(site)).status_code == 404
    with pytest.raises(Misconfigured):
        Signer("short")


def test_the_page_needs_no_script_and_is_in_the_history_once(site: Site) -> None:
    visitor = Visitor(site, address(site))
    for _ in range(3):
        page = visitor.page()
    assert re.findall(r"<script[^>]*>", page) == ['<script src="/static/theme.js">']
    assert "hx-" not in page
    with site.store.read() as tx:
        events = [entry.event for entry in tx.audit.about(account_id=ACCOUNT)]
    assert events.count("opened_own_page") == 1
    assert json.dumps(events).count("seen") == 0
