"""For tests of metrics: what Prometheus would read, and how names and texts are written on both sides."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def values(text: bytes) -> dict[tuple[str, ...], float]:
    """(name, labels…) -> value, of what Prometheus would read."""
    families = text_string_to_metric_families(text.decode())
    return {(it.name, *it.labels.values()): it.value for family in families for it in family.samples}


def follow_the_rules(metrics: Collection[Any], program: str) -> None:
    """Each name of a table once, of this program, words joined by underscores; texts are sentences."""
    names = [metric.name for metric in metrics]
    assert len(set(names)) == len(names)
    for metric in metrics:
        assert re.fullmatch(rf"{program}_[a-z]+(_[a-z]+)*", metric.name)
        assert metric.name.endswith("_total") == (metric.type == "counter"), metric.name
        assert all(re.fullmatch(r"[a-z]+", label) for label in metric.labels)
        assert metric.en.endswith(".")
        assert metric.zh.endswith("。")
