"""`ringahead serve`: the writer's loop and the console in one process, until it is told to stop."""

import itertools
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic_core import from_json

from console.app import build
from console.ports import AdminCalls, EventOutcome
from console.server import ConsoleServer
from ops import account_log, letter_desk
from ops.contacts_in import keep_asked
from ops.embedded import rebuilding
from ops.embedded.installation import Opened
from ops.embedded.lag import EmbeddedLag
from ops.embedded.learner import Learner
from ops.embedded.profiles import FilePlace
from ops.embedded.writer import BusinessTime, Writer, tick_event, wall_hour
from ops.lag_sampler import SampledLag
from ops.letter_places import in_file
from ops.profile_desk import answer
from ops.reports.told import told
from ops.team_file import parsed, put_team
from ops.worker_watch import OwnFold
from schemas.base import as_utc
from schemas.errors import BadInput, RingaheadError
from streams.embedded.lock import DataFolderLock, Owner
from streams.ingest import IngestRules
from streams.microbatch.ports import Record
from streams.telemetry.readings import fold_readings

HTTP_SOURCE = "http"


class WriterFailed(RingaheadError):
    """The writer's loop ended; the process ends with it, and a supervisor starts it again."""


class EmbeddedServer:
    """Bound when it is made, so that its address is known; serves when ``run`` is called."""

    def __init__(self, opened: Opened, host: str, port: int, business_time: BusinessTime) -> None:
        self._token = secrets.token_urlsafe(32)
        self._writer = Writer(opened, business_time, self._end)
        self._lag = SampledLag(EmbeddedLag(opened.store))
        app = build(
            opened.settings,
            opened.store,
            self._lag,
            desk=opened.desk,
            accept_events=acceptor(opened, self._writer.wake),
            admin=_admin(opened, self._writer, business_time),
            admin_token=self._token,
            letters=in_file(opened, self._writer.wake),
            workers=OwnFold(opened.runtime.figures.counts),
            more_metrics={"fold": lambda: fold_readings(opened.runtime.figures.counts)},
        )
        self._web = ConsoleServer(app, host, port)

    @property
    def url(self) -> str:
        """Where a browser on this machine finds it."""
        return self._web.url

    def _end(self) -> None:
        self._web.stop()

    def run(self, lock: DataFolderLock, command: str) -> None:
        """Serve until SIGTERM or SIGINT; raises WriterFailed where the writer's loop ended by itself."""
        lock.announce(Owner(os.getpid(), command, self.url, self._token))
        self._writer.start()
        try:
            with self._lag:
                self._web.run()
        finally:
            self._writer.stop()
        failure = self._writer.failure
        if failure is not None:
            raise WriterFailed(f"the writer ended: {failure!r}; what it was doing was rolled back, start it again")


def acceptor(opened: Opened, wake: Callable[[], None]) -> Callable[[Sequence[bytes]], list[EventOutcome]]:
    """What POST /v1/events calls: durable in the log, or a letter, when it returns."""
    rules = IngestRules(max_bytes=opened.settings.max_event_bytes, key_required=False)
    numbers = itertools.count(time.time_ns() // 1000)

    def accept(raws: Sequence[bytes]) -> list[EventOutcome]:
        now_ms = time.time_ns() // 1_000_000
        records = [Record(HTTP_SOURCE, 0, next(numbers), now_ms, None, raw) for raw in raws]
        taken = opened.runtime.take(records, rules)
        wake()
        return [
            EventOutcome("accepted", str(from_json(raw)["id"]))
            if letter is None
            else EventOutcome("refused", reason=letter.reason.value, detail=letter.detail)
            for raw, letter in zip(raws, taken.letters, strict=True)
        ]

    return accept


def _admin(opened: Opened, writer: Writer, business_time: BusinessTime) -> AdminCalls:
    """What other commands of this installation ask of the running process."""
    learner = Learner(opened)

    def tick(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        at = _moment(asked.get("as_of")) or business_time() or wall_hour()
        opened.runtime.append([tick_event(at)])
        writer.wake()
        return {"as_of": at.isoformat()}

    def learn(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        with opened.store.read() as tx:
            now = opened.desk.business_time(tx)
        model = learner.learn(_moment(asked.get("as_of")) or now or wall_hour(), anyway=bool(asked.get("anyway")))
        writer.wake()
        return {"version": model.version, "digest": model.digest, "degraded": model.degraded}

    def suggest(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        with opened.store.read() as tx:
            now = opened.desk.business_time(tx)
        return learner.refresh(_moment(asked.get("as_of")) or now or wall_hour())

    def contacts(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return keep_asked(opened.store, opened.desk, asked)

    def team(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        with opened.store.begin() as tx:
            queues, agents = put_team(tx, opened.desk, parsed(asked), "ringahead team")
        return {"queues": queues, "agents": agents}

    def letters(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return letter_desk.answer(in_file(opened, writer.wake), asked)

    place = FilePlace(opened, writer.wake)

    def profiles(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return answer(place, asked)

    def rebuild(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        done = rebuilding.switch(opened, asked)
        writer.wake()
        return done

    return {
        "account": lambda asked: _account(opened, asked),
        "reports": lambda _: told(opened.settings, opened.store),
        "rebuild": rebuild,
        "tick": tick,
        "learn": learn,
        "suggest": suggest,
        "profiles": profiles,
        "contacts": contacts,
        "team": team,
        "letters": letters,
    }


def _account(opened: Opened, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the log holds of an account."""
    with opened.store.read() as tx:
        return account_log.answered(opened.settings, tx, asked)


def _moment(told: object) -> datetime | None:
    if told is None:
        return None
    try:
        return as_utc(datetime.fromisoformat(str(told)))
    except ValueError as error:
        raise BadInput(f"as_of is no instant: {error}") from None
