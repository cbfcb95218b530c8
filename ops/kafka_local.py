"""A real Apache Kafka on loopback, without Docker: `python -m ops.kafka_local start --data DIR`.

It needs Java 17 or newer, and Maven once, to bring the server's jars (54 MB) into a cache folder. For development,
tests and continuous integration: one node, or three with replication 3; plaintext, loopback only, nothing to secure.
"""

import shutil
import signal
import socket
import subprocess
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from types import TracebackType
from typing import Self
from uuid import uuid4

import click

TEMPLATES = Path(__file__).parent / "kafka_templates"
DEFAULT_CACHE = Path(__file__).parent.parent / ".cache" / "kafka"
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 20.0
READY = b"Kafka Server started"
QUICK = ("-XX:TieredStopAtLevel=1",)
"""The quick compiler alone."""


class KafkaLocalError(Exception):
    """The local server cannot be had; the message says why and what to do."""


def fetch_jars(cache: Path = DEFAULT_CACHE) -> Path:
    """Return the folder with the server's jars, downloading them with Maven the first time."""
    jars = cache / "jars"
    if (cache / "complete").exists():
        return jars
    maven = _tool("mvn", "install Maven (apt-get install maven, brew install maven)")
    cache.mkdir(parents=True, exist_ok=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
    done = subprocess.run(
        [maven, "-q", "-B", "-f", str(TEMPLATES / "pom.xml"), *goal], check=False, capture_output=True, text=True
    )
    if done.returncode:
        raise KafkaLocalError(f"Maven could not bring Kafka's jars:\n{(done.stdout + done.stderr)[-2000:]}")
    (cache / "complete").touch()
    return jars


def free_ports(count: int) -> list[int]:
    """Return free loopback ports, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def _tool(name: str, remedy: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise KafkaLocalError(f"{name} is not on the PATH: {remedy}")
    return found


@dataclass
class Node:
    """One server process and its folder."""

    node_id: int
    broker_port: int
    controller_port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """The file with what the server said."""
        return self.folder / "server.log"


class LocalKafka:
    """A cluster of one or three nodes in a data folder; a context manager, or start and stop.

    Stopping keeps the data; starting again in the same folder needs the same ports, so pass `ports` to come back.
    short_lived: up in a fraction of the processor's time, but slower in the long run; several nodes always are.
    """

    def __init__(
        self,
        data: Path,
        nodes: int = 1,
        ports: Sequence[int] = (),
        cache: Path = DEFAULT_CACHE,
        *,
        short_lived: bool = False,
    ) -> None:
        self.short_lived = short_lived or nodes > 1
        chosen = list(ports) or free_ports(2 * nodes)
        self.cache = cache
        self.nodes = [
            Node(index + 1, chosen[2 * index], chosen[2 * index + 1], data / f"node-{index + 1}")
            for index in range(nodes)
        ]

    @property
    def bootstrap(self) -> str:
        """The servers as host:port,host:port."""
        return ",".join(f"127.0.0.1:{node.broker_port}" for node in self.nodes)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Format what is new, start every node and wait until all of them serve."""
        jars = fetch_jars(self.cache)
        cluster_id = self._cluster_id()
        try:
            for node in self.nodes:
                self._configure(node)
                self._format(node, jars, cluster_id)
                self.start_node(node)
            for node in self.nodes:
                _wait_ready(node)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop every node, kindly at first."""
        for node in self.nodes:
            if node.process is not None:
                node.process.send_signal(signal.SIGTERM)
        for node in self.nodes:
            self.stop_node(node)

    def start_node(self, node: Node) -> None:
        """Start one node (again); does not wait."""
        # Several nodes on one machine are for faults, not for speed: the quick compiler takes a fraction of the CPU.
        sized = ["-Xmx1g"] if len(self.nodes) == 1 else ["-Xmx512m"]
        options = [
            *sized,
            *(QUICK if self.short_lived else ()),
            "-XX:+UseSerialGC",
            f"-Dlog4j2.configurationFile={TEMPLATES / 'log4j2.xml'}",
        ]
        with node.log.open("wb") as log:
            node.process = subprocess.Popen(
                [*_java(self.cache / "jars"), *options, "kafka.Kafka", str(node.folder / "server.properties")],
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def stop_node(self, node: Node, hard: bool = False) -> None:
        """Stop one node: SIGTERM, or SIGKILL when hard or when it does not leave."""
        if node.process is None:
            return
        node.process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
        try:
            node.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            node.process.kill()
            node.process.wait()
        node.process = None

    def _cluster_id(self) -> str:
        kept = self.nodes[0].folder / "cluster-id"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(_random_uuid())
        return kept.read_text()

    def _configure(self, node: Node) -> None:
        node.folder.mkdir(parents=True, exist_ok=True)
        many = len(self.nodes) > 1
        voters = ",".join(f"{n.node_id}@127.0.0.1:{n.controller_port}" for n in self.nodes)
        single = f"controller.quorum.bootstrap.servers=127.0.0.1:{node.controller_port}"
        text = Template((TEMPLATES / "server.properties").read_text()).substitute(
            node_id=node.node_id, broker_port=node.broker_port, controller_port=node.controller_port,
            log_dirs=node.folder / "log", quorum=f"controller.quorum.voters={voters}" if many else single,
            replication=3 if many else 1, min_isr=2 if many else 1,
        )  # fmt: skip
        (node.folder / "server.properties").write_text(text)

    def _format(self, node: Node, jars: Path, cluster_id: str) -> None:
        if (node.folder / "log" / "meta.properties").exists():
            return
        alone = [] if len(self.nodes) > 1 else ["--standalone"]
        config = str(node.folder / "server.properties")
        _run(jars, "kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", config, *alone)


def _random_uuid() -> str:
    """As `kafka-storage random-uuid` writes it; that takes a second of the processor."""
    while (made := urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made


def _java(jars: Path) -> list[str]:
    return [_tool("java", "install Java 17 or newer (apt-get install openjdk-17-jre-headless)"), "-cp", f"{jars}/*"]


def _run(jars: Path, *command: str) -> str:
    quiet = f"-Dlog4j2.configurationFile={TEMPLATES / 'log4j2.xml'}"
    java, *path = _java(jars)
    done = subprocess.run([java, quiet, *QUICK, *path, *command], check=False, capture_output=True, text=True)
    if done.returncode:
        raise KafkaLocalError(f"{command[0]} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def _wait_ready(node: Node) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while READY not in (said := node.log.read_bytes()):
        gone = node.process is None or node.process.poll() is not None
        if gone or time.monotonic() > deadline:
            why = "stopped" if gone else f"was not up after {START_TIMEOUT_SECONDS:.0f} s"
            raise KafkaLocalError(
                f"Kafka node {node.node_id} {why}: {node.log}\n{said[-2000:].decode(errors='replace')}"
            )
        time.sleep(0.1)


def wait_for_signal() -> None:
    """Return at SIGINT or SIGTERM."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


@click.group()
def main() -> None:
    """Run a real Kafka for development on this machine, without Docker."""


@main.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path("var/kafka"), show_default=True)
@click.option("--port", default=9092, show_default=True, help="First port; each node takes two in a row.")
@click.option("--nodes", type=click.Choice(["1", "3"]), default="1", show_default=True)
def start(data: Path, port: int, nodes: str) -> None:
    """Start it in the foreground; Ctrl-C stops it and keeps the data."""
    count = int(nodes)
    try:
        with LocalKafka(data, count, range(port, port + 2 * count)) as kafka:
            click.echo(f"Kafka serves at {kafka.bootstrap}, data in {data}; Ctrl-C stops it.")
            wait_for_signal()
    except KafkaLocalError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
