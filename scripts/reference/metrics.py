"""The page of all metrics, from the tables that also make them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from countyhub.web.metrics.gauges import METRICS as HUB
from edgeagent.status.metrics import METRICS as BOX

_HEAD = """\
# Metrics

Generated from the code; do not edit. In the text format of Prometheus, with the process and platform metrics of
prometheus-client beside them. Alert rules, dashboards and how to set them up: [docs/monitoring.md](../monitoring.md).

"""
_COLUMNS = """\
| metric | type | labels | what it says | 含义 |
|---|---|---|---|---|
"""
_BOX = """\
## Agent

Served by each box at `/metrics` of its local status page.

"""
_HUB = """\
## Hub

Served by the hub at `/metrics` of the console; worked out at most every five seconds. What is of “this process” is not
told by further processes (`countyhub run --worker`), which have no console; everything else is the whole county's.
Metrics `countyhub_box_…` are what the boxes tell the hub in their health messages, each box once.

"""


class _Row(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def labels(self) -> tuple[str, ...]: ...
    @property
    def en(self) -> str: ...
    @property
    def zh(self) -> str: ...


def text() -> str:
    return f"{_HEAD}{_BOX}{_COLUMNS}{_rows(BOX)}\n{_HUB}{_COLUMNS}{_rows(HUB)}"


def _rows(metrics: Iterable[_Row]) -> str:
    return "".join(
        f"| `{metric.name}` | {metric.type} | {', '.join(metric.labels)} | {metric.en} | {metric.zh} |\n"
        for metric in metrics
    )
