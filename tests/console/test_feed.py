"""The live feed: nothing is missed between a page and its stream, everybody is told, own deeds are not repeated."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from console.feed import Feed, encode
from outreach.records import AuditEntry
from schemas.errors import Unavailable
from tests.console.conftest import Site

AT = datetime(2011, 12, 9, tzinfo=UTC)


def entry(audit_id: int, actor: str = "fold", event: str = "covered") -> AuditEntry:
    return AuditEntry(audit_id, AT, f"task:t{audit_id}", "a", actor, event, None, None, 1)


class Log:
    """An audit in memory, which can be out of reach."""

    def __init__(self, *entries: AuditEntry) -> None:
        self.entries = list(entries)
        self.down = False
        self.reads = 0

    def after(self, audit_id: int) -> list[AuditEntry]:
        self.reads += 1
        if self.down:
            raise Unavailable("down")
        return [one for one in self.entries if one.audit_id > audit_id][:2]


async def told(stream: AsyncIterator[bytes], count: int) -> list[int]:
    """Ids of the first so many tasks that a page hears of."""
    heard: list[int] = []
    async with asyncio.timeout(5):
        async for chunk in stream:
            frames = [frame.split("\n") for frame in chunk.decode().split("\n\n") if "event: task" in frame]
            heard += [int(frame[0].removeprefix("id: ")) for frame in frames]
            if len(heard) >= count:
                break
    return heard


def test_a_page_hears_what_it_missed_and_then_what_happens(runner: asyncio.Runner) -> None:
    async def scenario() -> list[int]:
        log = Log(*(entry(number) for number in range(1, 8)))
        feed = Feed(log.after, poll_seconds=0.01)
        page = asyncio.create_task(told(feed.stream(3, "anna"), 6))
        await asyncio.sleep(0.05)
        log.entries += [entry(8), entry(9)]
        return await page

    assert runner.run(scenario()) == [4, 5, 6, 7, 8, 9]


def test_every_open_page_is_told_by_one_poller(runner: asyncio.Runner) -> None:
    async def scenario() -> tuple[list[list[int]], int]:
        log = Log()
        feed = Feed(log.after, poll_seconds=0.01)
        pages = [asyncio.create_task(told(feed.stream(0, "anna"), 2)) for _ in range(20)]
        await asyncio.sleep(0.05)
        log.entries += [entry(1), entry(2)]
        reads = log.reads
        heard = await asyncio.gather(*pages)
        return heard, log.reads - reads

    heard, reads = runner.run(scenario())
    assert heard == [[1, 2]] * 20
    assert reads < 20


def test_an_unreachable_database_delays_and_loses_nothing(runner: asyncio.Runner) -> None:
    async def scenario() -> list[int]:
        log = Log()
        feed = Feed(log.after, poll_seconds=0.01)
        page = asyncio.create_task(told(feed.stream(0, "anna"), 1))
        await asyncio.sleep(0.05)
        log.down = True
        log.entries.append(entry(1))
        await asyncio.sleep(0.05)
        log.down = False
        return await page

    assert runner.run(scenario()) == [1]


def test_stopping_ends_every_stream(runner: asyncio.Runner) -> None:
    async def scenario() -> list[list[int]]:
        feed = Feed(Log().after, poll_seconds=0.01)
        pages = [asyncio.create_task(told(feed.stream(0, "anna"), 1)) for _ in range(3)]
        await asyncio.sleep(0.05)
        feed.stop()
        return await asyncio.gather(*pages)

    assert runner.run(scenario()) == [[], [], []]


def test_nobody_is_told_of_his_own_deeds_but_the_counts_move() -> None:
    frames = encode((entry(1, actor="anna"), entry(2)), "anna").decode()
    assert '"t1"' not in frames
    assert '"t2"' in frames
    assert frames.endswith('id: 2\nevent: changes\ndata: {"count": 2}\n\n')


def test_the_frames_are_lines_of_json_whatever_the_task_is_called() -> None:
    odd = AuditEntry(1, AT, "task:a\nb", "a", "fold", "covered", None, None, 1)
    data = [line for line in encode((odd,), "anna").decode().split("\n") if line.startswith("data: ")]
    assert json.loads(data[0].removeprefix("data: "))["task_id"] == "a\nb"


def test_the_page_names_the_entry_that_it_was_made_at(site: Site) -> None:
    with site.store.read() as tx:
        newest = tx.audit.newest()
    assert f'data-after="{newest}"' in site.as_role("agent").get("/agent").text
