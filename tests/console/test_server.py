"""The server as a process: it ends in order on SIGTERM, even while pages are open."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

pytestmark = pytest.mark.slow
END_SECONDS = 10.0
PROGRAM = """
from datetime import UTC, datetime
from console.access import add_user, one_time_link
from console.app import build
from console.ports import FixedLag
from console.server import ConsoleServer
from outreach.desk import Desk, DeskRules
from outreach.memory import MemoryStore
from schemas.settings import Settings

store = MemoryStore(lambda: datetime.now(UTC))
server = ConsoleServer(build(Settings(), store, FixedLag(), desk=Desk(DeskRules())), "127.0.0.1", 0)
with store.begin() as tx:
    add_user(tx, "anna", "agent", None)
    print(one_time_link(tx, "anna", server.url), flush=True)
server.run()
print("closed", flush=True)
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def test_sigterm_ends_it_in_order_while_a_page_is_open(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    link = process.stdout.readline().strip()
    with httpx.Client(base_url=link.split("/login")[0], timeout=END_SECONDS) as client:
        assert client.get(link).status_code == 303
        with client.stream("GET", "/stream?after=0") as page:
            assert next(page.iter_lines()).startswith("retry:")
            asked = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(END_SECONDS) == 0
            assert time.monotonic() - asked < END_SECONDS
    assert process.stdout.read() == "closed\n"
