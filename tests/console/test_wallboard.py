"""The wallboard, the waiting tasks, and who they are given to."""

from datetime import timedelta

from console.wallboard import Wall, queue_rows, wall_figures
from outreach.ports import FirstCall, Handled, QueueLine
from outreach.records import Agent, Queue
from schemas.decisions import TaskClass
from schemas.events.ours import Disposition
from tests.console.conftest import Site
from tests.console.seeds import NOW
from tests.console.test_agent import claimed, in_call

SELLING, SERVICE = TaskClass.SELLING, TaskClass.SERVICE
MINUTE = timedelta(minutes=1)


def test_the_board_says_what_waits_who_talks_and_since_when(site: Site) -> None:
    in_call(site)
    page = site.as_role("supervisor").get("/team").text
    assert "shared by all" in page
    assert "the oldest for" in page
    assert "without an outcome yet" in page
    assert "in call" in page
    assert "Account 17850" in page
    assert "9 Dec 2011, 09:00 UTC" in page
    assert "always" in page


def test_service_is_in_time_late_or_not_yet_due() -> None:
    opened = NOW - 90 * MINUTE
    service = [
        FirstCall(opened, opened + 10 * MINUTE, open=False),
        FirstCall(opened, opened + 70 * MINUTE, open=False),
        FirstCall(opened, None, open=True),
        FirstCall(NOW - 5 * MINUTE, None, open=True),
        FirstCall(opened, None, open=False),
    ]
    wall = Wall(NOW, [], [Handled("anna", SELLING, Disposition.NO_ANSWER, 3)], service)
    waiting, handled, level = wall_figures(wall, 60)
    assert (waiting.value, handled.value, handled.note) == ("0", "3", "3 no answer")
    assert (level.value, level.note) == ("33%", "1 of 3 service tasks of the last 24 hours")
    assert wall_figures(wall, 80)[2].value == "67%"


def test_queues_count_who_works_in_them_now() -> None:
    wall = Wall(NOW, [QueueLine("uk", SELLING, 7, NOW - 30 * MINUTE), QueueLine("", SERVICE, 1, NOW)], [], [])
    agents = [
        Agent("anna", queues=("uk",)),
        Agent("ben"),
        Agent("cleo", state="break", queues=("uk",)),
        Agent("dan", queues=("uk",), shifts=("mon 08:00-09:00",)),
    ]
    rows = {row.name: (row.waiting, row.oldest, row.agents) for row in queue_rows(wall, agents, {"uk": "UK", "de": ""})}
    assert rows == {"UK": (7, "30 min", 1), "shared by all": (1, "0 s", 2), "de": (0, "", 0)}


def test_a_waiting_task_is_given_to_an_agent_and_back_to_the_team(site: Site) -> None:
    site.as_role("agent", "/agent").post("/agent/next")
    with site.store.begin() as tx:
        site.desk.set_agent(tx, "ben", "available")
    sue = site.as_role("supervisor", "/team")
    page = sue.get("/team/waiting").text
    assert "whoever is free" in page
    task_id = page.split('hx-post="/team/tasks/')[1].split("/")[0]
    given = sue.post(f"/team/tasks/{task_id}/reassign", data={"to": "agent:ben", "back": "waiting"}).text
    assert "given to ben" in given
    assert '<option value="agent:ben" selected>ben</option>' in given
    back = sue.post(f"/team/tasks/{task_id}/reassign", data={}).text
    assert "given to the team" in back
    assert owner_of(site, task_id) is None


def test_a_waiting_task_is_given_to_a_queue_and_back_to_the_one_that_takes_it(site: Site) -> None:
    with site.store.begin() as tx:
        site.desk.put_queues(tx, [Queue("north", "The north", countries=("NO",))], "sue")
        task_id = tx.tasks.open_of(["17850"])[0].task_id
    sue = site.as_role("supervisor", "/team")
    given = sue.post(f"/team/tasks/{task_id}/reassign", data={"to": "queue:north", "back": "waiting"}).text
    assert "given to the queue north" in given
    assert "north (by hand)" in given
    assert '<option value="queue:north" selected>The north</option>' in given
    assert "no such queue" in sue.post(f"/team/tasks/{task_id}/reassign", data={"to": "queue:moon"}).text
    back = sue.post(f"/team/tasks/{task_id}/reassign", data={"to": "queue:", "back": "waiting"}).text
    assert "given to the queue that takes it" in back
    assert "by hand" not in back


def test_a_held_task_is_taken_back_and_a_call_is_not(site: Site) -> None:
    _, task_id, _, _ = claimed(site)
    sue = site.as_role("supervisor", "/team")
    assert "given to the team" in sue.post(f"/team/tasks/{task_id}/reassign", data={}).text
    _, talking, _ = in_call(site)
    assert "The rules do not allow it" in sue.post(f"/team/tasks/{talking}/reassign", data={"to": "agent:agent-1"}).text


def test_promises_are_passed_on(site: Site) -> None:
    with site.store.begin() as tx:
        for name in ("ben", "cleo"):
            site.desk.set_agent(tx, name, "available")
        tx.queues.put([Queue("uk", "UK")])
    sue = site.as_role("supervisor", "/team")
    task_id = sue.get("/team/waiting").text.split('hx-post="/team/tasks/')[1].split("/")[0]
    sue.post(f"/team/tasks/{task_id}/reassign", data={"to": "agent:ben"})
    assert "1 promised tasks passed on" in sue.post("/team/agents/ben/hand-over", data={"agent_id": "cleo"}).text
    assert owner_of(site, task_id) == "cleo"


def owner_of(site: Site, task_id: str) -> str | None:
    with site.store.read() as tx:
        task = tx.tasks.get(task_id)
    assert task is not None
    return task.owner_id
