"""The metrics as Prometheus' text. Imports prometheus_client, so import this only when somebody asks for metrics."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.registry import Collector

from edgeagent.status.metrics import METRICS, Metric
from edgeagent.status.state import BoxStatus


class Exporter:
    """A registry of its own: what other libraries put into the global one stays out."""

    content_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._box = _BoxCollector()
        self._registry.register(self._box)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def text(self, status: BoxStatus) -> bytes:
        """The metrics of this snapshot, and those of the process as it is now."""
        self._box.status = status
        return generate_latest(self._registry)


class _BoxCollector(Collector):
    status: BoxStatus | None = None

    def collect(self) -> Iterable[Family]:
        return [] if self.status is None else [_family(metric, self.status) for metric in METRICS]


def _family(metric: Metric, status: BoxStatus) -> Family:
    make = CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily
    family = make(metric.name, metric.en, labels=metric.labels)
    for labels, value in metric.read(status):
        family.add_metric(labels, value)
    return family
