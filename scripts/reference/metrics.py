"""The page of the agent's metrics, from the one table that also makes them."""

from __future__ import annotations

from edgeagent.status.metrics import METRICS

_HEAD = """\
# Metrics of the agent

Generated from the code; do not edit. Served at `/metrics` of the local status page, in the text format of
Prometheus, with the process and platform metrics of prometheus-client beside them.

| metric | type | labels | what it says | 含义 |
|---|---|---|---|---|
"""


def text() -> str:
    rows = (
        f"| `{metric.name}` | {metric.type} | {', '.join(metric.labels)} | {metric.en} | {metric.zh} |"
        for metric in METRICS
    )
    return _HEAD + "\n".join(rows) + "\n"
