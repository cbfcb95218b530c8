"""The process: runs a `BatchApp` until SIGTERM, and leaves within a deadline whatever the brokers do.

Nothing is lost by leaving hard: state, outputs and position are committed together, and everything else is read again.
"""

import logging
import os
import threading
from typing import Any

from faust.worker import Worker

from streams.microbatch.app import BatchApp
from streams.microbatch.pages import Pages, PageServer, standard_pages
from streams.microbatch.watchdog import Watchdog

log = logging.getLogger(__name__)

STOP_SECONDS = 8.0
STOPPED, CRASHED = 0, 1


class BatchWorker(Worker):  # type: ignore[misc]  # Faust is not typed for us
    """Faust's worker with a deadline for stopping."""

    def __init__(self, app: BatchApp, **options: Any) -> None:
        super().__init__(app, **options)
        self.spinner = None

    def _on_sigterm(self) -> None:
        self._leave_within(STOPPED)
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self._leave_within(STOPPED)
        super()._on_sigint()

    def _crash(self, reason: BaseException) -> None:
        log.error("The worker ends: %s: %s", type(reason).__name__, reason)
        self._leave_within(CRASHED)
        super()._crash(reason)

    def _leave_within(self, code: int) -> None:
        """A thread of its own: the event loop may be waiting for a broker that is gone."""
        timer = threading.Timer(STOP_SECONDS, os._exit, [code])
        timer.daemon = True
        timer.start()


def run_worker(
    app: BatchApp, address: tuple[str, int] | None = None, pages: Pages | None = None, **options: Any
) -> None:
    """Run until stopped; ends in SystemExit with 0 after a signal, 1 after a crash.

    address: host and port for /livez, /readyz and `pages`; None: no HTTP. A partition that does not get on ends the
    process with 1, too (`watchdog`).
    """
    status, config = app.status, app.batch_config
    if address is not None:
        PageServer(*address, {**standard_pages(status, config.stall_seconds / 2), **(pages or {})}).start()
    join_seconds = config.session_timeout_seconds + config.rebalance_timeout_seconds
    Watchdog(config.connection, status, config.stall_seconds, join_seconds=join_seconds).start()
    BatchWorker(app, loglevel="WARNING", redirect_stdouts=False, **options).execute_from_commandline()
