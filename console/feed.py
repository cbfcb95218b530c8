"""Server-sent events: one poller a process over the audit, fanned out to every open page.

The audit's ids are gapless and in the order of commits, so "everything after the last id" misses nothing, whichever
process wrote it, and a page that lost its connection resumes with Last-Event-ID.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence

from starlette.concurrency import run_in_threadpool

from outreach.records import AuditEntry
from schemas.errors import Unavailable

POLL_SECONDS = 0.25
KEEP_ALIVE_SECONDS = 15.0
STREAM_SECONDS = 900.0
"""A stream ends after this; the page comes again at once and shows that its session still holds."""
QUEUE_BATCHES = 200
RETRY_MILLISECONDS = 500

Changes = Callable[[int], Sequence[AuditEntry]]
"""Entries after an id, oldest first, at most a page of them; raises Unavailable."""
Batch = tuple[AuditEntry, ...]


class Feed:
    """Polls while at least one page listens."""

    def __init__(self, changes: Changes, *, poll_seconds: float = POLL_SECONDS) -> None:
        self._changes = changes
        self._poll_seconds = poll_seconds
        self._listeners: set[asyncio.Queue[Batch | None]] = set()
        self._last_id = 0
        self._poller: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def open_pages(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def stop(self) -> None:
        """Ends every stream, so that the process can end; call it in the loop's thread."""
        self._stopped = True
        if self._poller is not None:
            self._poller.cancel()
        for queue in self._listeners:
            _offer(queue, None)

    async def stream(self, after: int, user_id: str) -> AsyncIterator[bytes]:
        """What happened after this id, then what happens; ends by itself after a while."""
        queue: asyncio.Queue[Batch | None] = asyncio.Queue(QUEUE_BATCHES)
        yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
        self._listen(queue, after)
        try:
            async with asyncio.timeout(STREAM_SECONDS):
                async for chunk in self._chunks(queue, after, user_id):
                    yield chunk
        except TimeoutError:
            return
        finally:
            self._leave(queue)

    async def _chunks(self, queue: asyncio.Queue[Batch | None], after: int, user_id: str) -> AsyncIterator[bytes]:
        """The past from the database, then batches of the poller; an entry already told is left out."""
        for batch in await self._missed(after):
            after = batch[-1].audit_id
            yield encode(batch, user_id)
        while not self._stopped:
            try:
                live = await asyncio.wait_for(queue.get(), KEEP_ALIVE_SECONDS)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if live is None:
                return
            fresh = tuple(entry for entry in live if entry.audit_id > after)
            if fresh:
                after = fresh[-1].audit_id
                yield encode(fresh, user_id)

    async def _missed(self, after: int) -> list[Batch]:
        batches: list[Batch] = []
        while entries := tuple(await run_in_threadpool(self._changes, after)):
            batches.append(entries)
            after = entries[-1].audit_id
        return batches

    def _listen(self, queue: asyncio.Queue[Batch | None], after: int) -> None:
        if not self._listeners:
            self._last_id = after
        self._listeners.add(queue)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())

    def _leave(self, queue: asyncio.Queue[Batch | None]) -> None:
        self._listeners.discard(queue)
        if not self._listeners and self._poller is not None:
            self._poller.cancel()
            self._poller = None

    async def _poll(self) -> None:
        while True:
            with contextlib.suppress(Unavailable):  # the pages keep their place; the next poll tells them
                batch = tuple(await run_in_threadpool(self._changes, self._last_id))
                if batch:
                    self._last_id = batch[-1].audit_id
                    for queue in tuple(self._listeners):
                        _offer(queue, batch)
            await asyncio.sleep(self._poll_seconds)


def _offer(queue: asyncio.Queue[Batch | None], batch: Batch | None) -> None:
    """A page that does not read is dropped; it comes again with its last id."""
    try:
        queue.put_nowait(batch)
    except asyncio.QueueFull:
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)


def encode(batch: Batch, user_id: str) -> bytes:
    """Event-stream frames: ``task`` for each task that somebody else changed, then one ``changes``."""
    frames = [
        _frame(entry.audit_id, "task", {"task_id": entry.subject.removeprefix("task:"), "event": entry.event})
        for entry in batch
        if entry.subject.startswith("task:") and entry.actor != user_id
    ]
    frames.append(_frame(batch[-1].audit_id, "changes", {"count": len(batch)}))
    return "".join(frames).encode()


def _frame(event_id: int, name: str, data: dict[str, object]) -> str:
    return f"id: {event_id}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
