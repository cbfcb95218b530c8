"""A process that waits for something that never comes leaves all the same."""

import signal
import subprocess
import sys
import time

HANGS = """
import asyncio
from ops.leaving import stop_at_signal

async def main():
    stopped = asyncio.Event()
    stop_at_signal(stopped, within_seconds=0.5)
    print("ready", flush=True)
    await stopped.wait()
    {then}

asyncio.run(main())
print("left", flush=True)
"""


def left(then: str) -> tuple[int, str, float]:
    """Exit code, last words, and the seconds that it took, of a process that is told to stop."""
    with subprocess.Popen([sys.executable, "-c", HANGS.format(then=then)], stdout=subprocess.PIPE, text=True) as one:
        assert one.stdout
        assert one.stdout.readline() == "ready\n"
        one.send_signal(signal.SIGTERM)
        start = time.monotonic()
        words = one.stdout.read()
    return one.returncode, words, time.monotonic() - start


def test_who_can_leaves_in_order() -> None:
    assert left("pass")[:2] == (0, "left\n")


def test_who_hangs_is_ended() -> None:
    code, words, seconds = left("await asyncio.Event().wait()")
    assert (code, words) == (0, "")
    assert 0.4 < seconds < 30
