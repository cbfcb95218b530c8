"""A process of the product under a supervisor, as every deployment has one: what ends by itself is started again."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.installation import MAIN

RESTART_SECONDS = 1.0


class Supervised:
    """One process; `kill`, `freeze` and the like act on the one that runs now."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        *,
        prefix: Sequence[str] = (),
        main: Sequence[str] = MAIN,
        restarts: bool = True,
    ) -> None:
        self.name, self.log, self.restarts = name, log, restarts
        self._command = [*prefix, sys.executable, *main, *command]
        self._environment = {**os.environ, **environment}
        self._wanted, self._held = True, False
        self.exits: list[int] = []
        """Exit codes of those that ended without being told to by `stop`; -9 after a kill."""
        self._begins_at = log.stat().st_size if log.exists() else 0
        self.process = self._start()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as out:
            return subprocess.Popen(self._command, env=self._environment, stdout=out, stderr=out)

    def _watch(self) -> None:
        while True:
            code = self.process.wait()
            if not self._wanted:
                return
            self.exits.append(code)
            if not self.restarts:
                return
            time.sleep(RESTART_SECONDS)
            while self._held and self._wanted:
                time.sleep(RESTART_SECONDS / 10)
            if not self._wanted:
                return
            self.process = self._start()

    @property
    def running(self) -> bool:
        """Whether it runs at this moment."""
        return self.process.poll() is None

    @property
    def crashes(self) -> int:
        """How often it ended by itself: kills are not counted."""
        return sum(code != -signal.SIGKILL for code in self.exits)

    def said(self) -> str:
        """What all of its runs printed."""
        return self.log.read_bytes()[self._begins_at :].decode(errors="replace")

    def kill(self) -> None:
        """SIGKILL; the supervisor starts it again."""
        self.process.kill()

    def hold(self) -> None:
        """SIGKILL, and not started again before `go_on`."""
        self._held = True
        self.process.kill()
        self.process.wait()

    def go_on(self) -> None:
        """Let the supervisor start it again."""
        self._held = False

    def freeze(self) -> None:
        """SIGSTOP."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self, within: float = 30) -> tuple[int, float]:
        """SIGTERM, for good: exit code, and how many seconds it took; -9 where it had to be killed."""
        self._wanted = False
        start = time.monotonic()
        self.process.terminate()
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        return code, time.monotonic() - start

    def end(self) -> None:
        """Kill it for good."""
        self._wanted = False
        self.process.kill()
        self.process.wait()
        self._watcher.join(RESTART_SECONDS * 3)
        self.process.kill()  # the watcher may have started one in between
        self.process.wait()
