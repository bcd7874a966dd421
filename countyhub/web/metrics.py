"""The hub's numbers for Prometheus: what the console shows, beside the counters that the hub registers itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from countyhub.web.snapshot import Snapshot


class _Console(Collector):
    def __init__(self, snapshot: Snapshot, streams: int) -> None:
        self._snapshot, self._streams = snapshot, streams

    def collect(self) -> Iterator[Metric]:
        s = self._snapshot.summary
        boxes = GaugeMetricFamily("countyhub_boxes", "Boxes by link state", labels=["state"])
        for state in ("online", "offline", "lost", "unknown"):
            boxes.add_metric([state], getattr(s, state))
        yield boxes
        today = GaugeMetricFamily("countyhub_today", "Events of the local day, drills not counted", labels=["type"])
        today.add_metric(["alarm"], s.today.alarms)
        today.add_metric(["alarm_critical"], s.today.critical)
        today.add_metric(["checkin"], s.today.checkins)
        yield today
        cameras = GaugeMetricFamily("countyhub_cameras", "Cameras: all, online, intact", labels=["state"])
        for state, count in (("all", s.cameras), ("online", s.cameras_online), ("intact", s.cameras_intact)):
            cameras.add_metric([state], count)
        yield cameras
        yield from _gauges(
            ("countyhub_missing_numbers", "Numbers that are due and that boxes still keep", s.missing),
            ("countyhub_dead_letters", "Letters that could not be read and wait to be tried again", s.dead_letters),
            ("countyhub_last_event_id", "Newest event", self._snapshot.last_id),
            ("countyhub_console_streams", "Browsers that watch live", self._streams),
        )


def _gauges(*gauges: tuple[str, str, float]) -> Iterable[Metric]:
    return [GaugeMetricFamily(name, description, value=value) for name, description, value in gauges]


def render(snapshot: Snapshot, streams: int) -> tuple[bytes, str]:
    """The text of the exposition, and its content type."""
    own = CollectorRegistry()
    own.register(_Console(snapshot, streams))
    return generate_latest(REGISTRY) + generate_latest(own), CONTENT_TYPE_LATEST
