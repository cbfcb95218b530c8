"""Alert rules and dashboards: every metric and label they use is exported, every alert is in the runbook."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.telemetry.catalogue import BY_NAME, Kind
from tests.repo.sources import ROOT

FOLDER = ROOT / "deploy" / "prometheus"
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]  # fmt: skip
BOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/dashboards/ringahead.json").read_text("utf-8"))
QUERIES = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})")
METRIC = re.compile(r"\bringahead_\w+")
BY = re.compile(r"\b(?:by|on|without)\s*\(([^)]*)\)")
OF_PROMETHEUS = {"instance", "job", "le"}


def metric_of(name: str) -> str:
    """A histogram's series belong to it."""
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    return base if base in BY_NAME and BY_NAME[base].kind is Kind.HISTOGRAM else name


def faults(expression: str) -> list[str]:
    """Metrics that are not exported, and labels that none of the expression's metrics has."""
    used = {metric_of(name) for name in METRIC.findall(expression)}
    wrong = [name for name in used if name not in BY_NAME]
    known = {label for name in used if name in BY_NAME for label in BY_NAME[name].labels} | OF_PROMETHEUS
    for name, body in SELECTOR.findall(expression):
        own = set(BY_NAME[metric_of(name)].labels) if metric_of(name) in BY_NAME else set()
        asked = set(re.findall(r"(\w+)\s*[=!]~?", body))
        wrong += [f"{name}{{{label}}}" for label in asked - own - OF_PROMETHEUS]
    grouped = {label.strip() for names in BY.findall(expression) for label in names.split(",") if label.strip()}
    return wrong + sorted(grouped - known)


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("max(ringahead_unheard_of) > 1", ["ringahead_unheard_of"]),
        ('ringahead_tasks{colour="red"}', ["ringahead_tasks{colour}"]),
        ("sum by (colour) (ringahead_tasks)", ["colour"]),
        ("rate(ringahead_http_request_duration_seconds_bucket[5m])", []),
        ("ringahead_tasks_sum", ["ringahead_tasks_sum"]),
    ],
)
def test_the_check_sees_what_is_wrong(expression: str, wrong: list[str]) -> None:
    assert faults(expression) == wrong


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_uses_what_is_exported_and_stands_in_the_runbook(rule: dict[str, Any]) -> None:
    assert faults(rule["expr"]) == []
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    assert f"### {rule['alert']}\n" in RUNBOOK
    entry = RUNBOOK.split(f"### {rule['alert']}\n")[1].split("\n#")[0]
    for said in ("Means", "Do", "Tried"):
        assert f"**{said}**" in entry, f"{rule['alert']}: {said}"
    labels = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert all(label in rule["expr"] or label in OF_PROMETHEUS for label in labels)


def test_the_runbook_speaks_of_no_alert_that_is_gone() -> None:
    assert set(re.findall(r"^### (Ringahead\w+)$", RUNBOOK, re.M)) == {rule["alert"] for rule in RULES}


@pytest.mark.parametrize("expression", QUERIES)
def test_a_panel_shows_what_is_exported(expression: str) -> None:
    assert faults(expression) == []
    assert METRIC.search(expression)


def test_the_dashboard_is_complete() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert all(panel["title"] and panel["datasource"]["uid"] == "ringahead" for panel in BOARD["panels"])
    assert BOARD["uid"] == "ringahead"
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml").read_text("utf-8"))
    assert source["datasources"][0]["uid"] == "ringahead"


def test_every_metric_is_watched_or_drawn() -> None:
    used = {metric_of(name) for text in (*QUERIES, *(rule["expr"] for rule in RULES)) for name in METRIC.findall(text)}
    assert set(BY_NAME) - used <= {"ringahead_build_info", "ringahead_worker_outputs_total",
                                   "ringahead_worker_restored_records_total", "ringahead_worker_heartbeat_age_seconds",
                                   "ringahead_worker_loop_age_seconds"}  # fmt: skip


@pytest.mark.slow
def test_promtool_accepts_rules_and_their_tests(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.fail("promtool is missing: apt-get install prometheus")
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))
    config["rule_files"] = [str(FOLDER / "alerts.yml")]
    for job in config["scrape_configs"]:
        if "authorization" in job:
            job["authorization"]["credentials_file"] = str(tmp_path / "key")
    (tmp_path / "key").write_text("a-key")
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    for command in (["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"],
                    ["check", "config", str(tmp_path / "prometheus.yml")]):  # fmt: skip
        done = subprocess.run([promtool, *command], cwd=FOLDER, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


TRIALS = "\n".join((ROOT / f"tests/deploy/test_trial_{name}.py").read_text("utf-8") for name in ("embedded", "kafka"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_the_runbook_says_of_each_alert_whether_a_trial_broke_it(rule: dict[str, Any]) -> None:
    entry = RUNBOOK.split(f"### {rule['alert']}\n")[1].split("\n#")[0]
    assert (f'"{rule["alert"]}"' in TRIALS) == (" trial:" in entry)
