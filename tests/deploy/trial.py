"""Alerts tried on a running installation: a real Prometheus with the shipped rules, their durations scaled down.

The rules stay as they are but for ``for:`` and the ranges in brackets, which are divided, so that a trial takes
minutes. Thresholds are what is shipped.
"""

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.kafka_local import free_ports
from tests.repo.sources import ROOT

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
FASTER = 60
FOR_SECONDS = (1, 8)
RANGE_SECONDS = (14, 30)
PATIENCE_SECONDS = 300.0
"""For what takes some seconds on a machine with nothing else to do."""


def seconds_of(duration: str) -> int:
    """``10m`` -> 600."""
    return int(duration[:-1]) * UNITS[duration[-1]]


def shorter(duration: str, bounds: tuple[int, int]) -> str:
    """The scaled duration, within bounds."""
    return f"{min(max(seconds_of(duration) // FASTER, bounds[0]), bounds[1])}s"


def scaled(rules: Mapping[str, Any]) -> Mapping[str, Any]:
    """A copy of the rules with shorter times; everything else as it is."""
    copy: Mapping[str, Any] = json.loads(json.dumps(rules))
    for rule in (rule for group in copy["groups"] for rule in group["rules"]):
        if "for" in rule:
            rule["for"] = shorter(rule["for"], FOR_SECONDS)
        rule["expr"] = re.sub(r"\[(\w+)\]", lambda found: f"[{shorter(found[1], RANGE_SECONDS)}]", rule["expr"])
    return copy


@dataclass
class Watch:
    """A Prometheus that scrapes the targets, and what it was seen to say."""

    url: str
    seen: list[str] = field(default_factory=list)

    def firing(self) -> set[str]:
        """Alerts that fire now."""
        alerts = self._ask("/api/v1/alerts")["alerts"]
        return {one["labels"]["alertname"] for one in alerts if one["state"] == "firing"}

    def value(self, expression: str) -> list[str]:
        """What an expression says now."""
        found = self._ask(f"/api/v1/query?query={urllib.parse.quote(expression)}")["result"]
        return [one["value"][1] for one in found]

    def fires(self, *alerts: str, within_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until all of these fire."""
        self.until(lambda: set(alerts) <= self.firing(), f"{', '.join(alerts)} to fire", within_seconds)
        self.seen += [f"{alert} fired" for alert in alerts]

    def resolves(self, *alerts: str, within_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until none of these fires."""
        self.until(lambda: not set(alerts) & self.firing(), f"{', '.join(alerts)} to resolve", within_seconds)
        self.seen += [f"{alert} resolved" for alert in alerts]

    def until(self, done: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until it is so; fails with what fires and what every group does."""
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}; {self._seen_now()}"
            time.sleep(0.5)

    def _seen_now(self) -> str:
        groups = self._ask(f"/api/v1/query?query={urllib.parse.quote('ringahead_consumer_status == 1')}")["result"]
        found = Counter((one["metric"]["group"], one["metric"]["status"]) for one in groups)
        return f"firing: {sorted(self.firing())}; partitions: {dict(found)}"

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.load(answer)["data"]


@contextmanager
def watching(folder: Path, targets: Mapping[str, Sequence[str]], key: str) -> Iterator[Watch]:
    """Prometheus over these targets (job -> host:port): scrapes every four seconds, judges every rule each second."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.fail("prometheus is missing: apt-get install prometheus")
    folder.mkdir()
    rules = yaml.safe_load(RULES.read_text("utf-8"))
    (folder / "alerts.yml").write_text(yaml.safe_dump(scaled(rules)))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(_config(folder, targets, key)))
    port = free_ports(1)[0]
    options = [f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
               f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]  # fmt: skip
    with subprocess.Popen([program, *options]) as process:
        try:
            _until_ready(f"http://127.0.0.1:{port}/-/ready")
            yield Watch(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


def _config(folder: Path, targets: Mapping[str, Sequence[str]], key: str) -> Mapping[str, Any]:
    console = {"authorization": {"type": "Bearer", "credentials": key}}
    jobs = [
        {"job_name": job, "static_configs": [{"targets": list(at)}], **(console if job.endswith("console") else {})}
        for job, at in targets.items()
    ]
    times = {"scrape_interval": "4s", "scrape_timeout": "4s", "evaluation_interval": "1s"}
    return {"global": times, "rule_files": [str(folder / "alerts.yml")], "scrape_configs": jobs}


def _until_ready(url: str, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            assert time.monotonic() < end, f"{url} does not answer"
            time.sleep(0.2)
