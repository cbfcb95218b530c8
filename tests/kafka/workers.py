"""Starts, stops, kills and freezes counting workers, and compares their state with the model."""

import asyncio
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ops.kafka_local import free_ports
from streams.microbatch.delivery import Connection, Delivery, partition_of
from streams.microbatch.ports import Output
from tests.kafka.cluster import PARTITIONS, Cluster
from tests.kafka.counting import EVERY, changelog_of

KEYS = 50


class Bench:
    """The topics of one test, its model, and its workers."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder
        self.log, self.raw, self.out = (cluster.name(short) for short in ("log", "raw", "out"))
        self.group, self.changelog = cluster.name("app"), changelog_of(cluster.prefix)
        self.model: defaultdict[bytes, bytes] = defaultdict(bytes)
        self.numbers = 0
        self.workers: list[Worker] = []

    def create_topics(self, out: bool = True) -> None:
        """Make every topic; without the output topic if told so."""
        self.cluster.create(self.log, self.raw, *([self.out] if out else []))
        self.cluster.create(self.changelog, **{"cleanup.policy": "compact"})

    def records(self, count: int, topic: str | None = None) -> list[Output]:
        """The next numbers, as records that the model knows."""
        made = [self._record(number, topic or self.log) for number in range(self.numbers, self.numbers + count)]
        self.numbers += count
        for record in made:
            self.model[record.key] += record.value
        return made

    def _record(self, number: int, topic: str) -> Output:
        return Output(topic, b"key-%d" % (number % KEYS), number.to_bytes(8))

    def produce(self, count: int) -> None:
        """Put the next numbers on the log."""
        self.cluster.produce(self.records(count))

    def produce_large(self, count: int, size_bytes: int) -> None:
        """Put records on the log whose values are that large; eight bytes of them count."""
        large = [
            Output(self.log, b"large-%d" % number, (self.numbers + number).to_bytes(8) * (size_bytes // 8))
            for number in range(count)
        ]
        self.numbers += count
        for record in large:
            self.cluster.produce([record])
            self.model[record.key] += record.value

    def produce_and_lose(self, count: int) -> None:
        """Put the next numbers on the raw topic, then delete what its first partition has."""
        records = self.records(count, self.raw)
        self.cluster.produce(records)
        self.cluster.delete_records(self.raw, {0: -1})
        for record in records:
            if partition_of(record, PARTITIONS) == 0:
                self.model[record.key] = self.model[record.key].replace(record.value, b"")

    @contextmanager
    def load(self, topic: str | None = None) -> Iterator[None]:
        """Produce some 1,000 records a second meanwhile."""
        ended = threading.Event()

        async def run() -> None:
            delivery = Delivery(Connection(self.cluster.bootstrap))
            while not ended.is_set():
                await delivery.deliver(self.records(100, topic))
                await asyncio.sleep(0.1)
            await delivery.stop()

        thread = threading.Thread(target=lambda: asyncio.run(run()))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def start(self, name: str = "a", *options: str) -> "Worker":
        """Start a worker with the data folder of that name, and options of `counting`."""
        worker = Worker(self, name, options)
        self.workers.append(worker)
        return worker

    def state(self) -> dict[bytes, bytes]:
        """What the changelog holds."""
        return self.cluster.table(self.changelog)

    def wait_until_equal(self, seconds: float = 120) -> None:
        """Wait until the state is the model's; fail with what differs."""
        deadline = time.monotonic() + seconds
        while (state := self.state()) != self.model:
            assert time.monotonic() < deadline, difference(self.model, state) + "\n" + self.said()
            time.sleep(0.5)

    def wait_until_progress(self, records: int = 300, seconds: float = 120) -> None:
        """Wait until that many more numbers are in the state."""
        deadline, before = time.monotonic() + seconds, self._folded()
        while self._folded() < before + records:
            assert time.monotonic() < deadline, "no progress\n" + self.said()
            time.sleep(0.2)

    def _folded(self) -> int:
        return sum(len(value) for value in self.state().values()) // 8

    def outputs(self) -> list[int]:
        """The numbers that came out, sorted."""
        return sorted(int.from_bytes(record.key) for record in self.cluster.read(self.out))

    def check_outputs(self) -> None:
        """Each expected output is there, once for whoever reads committed records."""
        numbers = {int.from_bytes(v[i : i + 8]) for v in self.model.values() for i in range(0, len(v), 8)}
        assert self.outputs() == sorted(number for number in numbers if number % EVERY == 0)

    def said(self) -> str:
        """What the workers said."""
        return "\n".join(f"--- {worker.name}\n{worker.said()[-3000:]}" for worker in self.workers)

    def end(self) -> None:
        """Kill what still runs."""
        for worker in self.workers:
            worker.kill()


class Worker:
    """A worker process."""

    def __init__(self, bench: Bench, name: str, options: Sequence[str]) -> None:
        self.name, self.data = name, bench.folder / name
        self._log = bench.folder / f"{name}-{len(bench.workers)}.txt"
        self.port = free_ports(1)[0]
        command = ["-m", "tests.kafka.counting", "--bootstrap", bench.cluster.bootstrap]
        options = ["--prefix", bench.cluster.prefix, "--data", str(self.data), "--port", str(self.port), *options]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen([sys.executable, *command, *options], stdout=log, stderr=log)

    def said(self) -> str:
        """Its output so far."""
        return self._log.read_text(errors="replace")

    def ask(self, path: str) -> tuple[int, str]:
        """What it answers over HTTP; (0, "") where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_until(self, path: str, status: int, says: str = "", seconds: float = 60) -> None:
        """Wait until it answers like this."""
        deadline = time.monotonic() + seconds
        while (answer := self.ask(path))[0] != status or says not in answer[1]:
            assert time.monotonic() < deadline, f"{path}: {answer}\n{self.said()[-3000:]}"
            time.sleep(0.1)

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Meanwhile a file tells it to misbehave: hang (the processor), block (the event loop)."""
        file = self.data.parent / f"{what}-{self.name}"
        file.touch()
        try:
            yield
        finally:
            file.unlink()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Let it stop itself (SIGSTOP) after the fold of a batch, before anything of it is sent."""
        wanted = self.data.parent / f"freeze-{self.name}"
        wanted.touch()
        while Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.05)
        wanted.unlink()

    def thaw(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self, within: float = 10) -> int:
        """SIGTERM; the exit code, which must come in time."""
        self.process.terminate()
        return self.process.wait(within)

    def wait(self, within: float) -> int:
        """The exit code of a worker that ends by itself."""
        return self.process.wait(within)

    def forget(self) -> None:
        """Remove its local state."""
        shutil.rmtree(self.data, ignore_errors=True)

    @property
    def stores(self) -> Sequence[Path]:
        """The folders of its local state."""
        return sorted((self.data / "state").iterdir())


def difference(model: dict[bytes, bytes], state: dict[bytes, bytes]) -> str:
    """Lost, repeated and disordered numbers, in short."""
    lines = []
    for key in sorted(model.keys() | state.keys()):
        wanted, found = _numbers(model.get(key, b"")), _numbers(state.get(key, b""))
        if wanted != found:
            lost, more = set(wanted) - set(found), set(found) - set(wanted)
            again = len(found) - len(set(found))
            lines.append(f"{key!r}: lost {_few(lost)}, unknown {_few(more)}, repeated {again}")
    return "\n".join(lines[:10])


def _numbers(value: bytes) -> list[int]:
    return [int.from_bytes(value[i : i + 8]) for i in range(0, len(value), 8)]


def _few(numbers: Iterable[int]) -> str:
    found = sorted(numbers)
    return f"{len(found)} {found[:5]}"
