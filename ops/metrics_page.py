"""docs/metrics.md, from the catalogue."""

from streams.telemetry.catalogue import CATALOGUE, Metric

HEAD = """\
# Metrics

Prometheus' text format. The console answers `GET /metrics` to an operator's, supervisor's or admin's session or API key
(`Authorization: Bearer KEY`); a worker at `RINGAHEAD_WORKER_PORT`, without a login: keep that port where only your
monitoring reaches it. What is not known is absent, never 0: a group without commits has no lag. Several consoles tell
the same of lag and the desk; take `max by (...)` over them.

No label holds an account, a person, a number or a message. Rules and a dashboard that use these names are in
[deploy/prometheus/alerts.yml](../deploy/prometheus/alerts.yml) and
[deploy/grafana/dashboards/ringahead.json](../deploy/grafana/dashboards/ringahead.json); what each alert asks for is in
[runbook.md](runbook.md).

This page is generated from `streams/telemetry/catalogue.py` by `python -m ops.published write`.

| Name | Type | Unit | Labels | Exported by | |
|---|---|---|---|---|---|
"""


def metrics_page() -> str:
    """Every metric, in Markdown."""
    return HEAD + "".join(f"{_row(metric)}\n" for metric in CATALOGUE)


def _row(metric: Metric) -> str:
    labels = ", ".join(metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {metric.unit} | {labels} | {metric.by} | {metric.help} |"
