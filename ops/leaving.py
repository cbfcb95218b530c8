"""Leaving when told to, within a deadline: a broker that is gone must not keep a process."""

import asyncio
import os
import signal
import threading

STOP_SECONDS = 8.0


def stop_at_signal(stopped: asyncio.Event, within_seconds: float = STOP_SECONDS) -> None:
    """SIGTERM and SIGINT set the event; whoever has not left by then is ended with exit code 0.

    For processes that lose nothing by it: what they consume and send is noted in the database, in its transactions.
    Call it in the running event loop.
    """

    def leave() -> None:
        stopped.set()
        # A thread of its own: the event loop may be waiting for a client that waits for a broker.
        deadline = threading.Timer(within_seconds, os._exit, [0])
        deadline.daemon = True
        deadline.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, leave)
