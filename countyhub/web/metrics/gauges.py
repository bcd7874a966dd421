"""The text of all metrics: the console's snapshot, what the database and the machine say, and those of the process.

However many ask, the database is asked at most every few seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from countyhub.config import Config
from countyhub.web.live.snapshot import Read
from countyhub.web.live.watch import Watch
from countyhub.web.metrics import figures, lags, places
from countyhub.web.metrics.boxrows import BOXES
from countyhub.web.metrics.rows import COUNTY
from countyhub.web.metrics.table import Metric, Scrape
from countyhub.web.metrics.vitals import Vitals
from countyhub.worktime.calendar import Calendar

METRICS: Final = (*COUNTY, *BOXES)
FRESH_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeParts:
    """What the hub gives; each may be missing where only the console runs. `calendar`: the one in force."""

    config: Config
    version: str = ""
    vitals: Vitals | None = None
    calendar: Callable[[], Calendar] | None = None


class Gauges:
    """`text()` whenever Prometheus asks."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, read: Read, watch: Watch, parts: GaugeParts) -> None:
        self._read, self._watch, self._parts = read, watch, parts
        self._zone = ZoneInfo(parts.config.web.timezone)
        self._asking = asyncio.Lock()
        self._text = b""
        self._made_s = -FRESH_S

    async def text(self) -> bytes:
        """All metrics, of this moment or some seconds ago. Raises one of `store.engine.UNAVAILABLE`."""
        async with self._asking:
            if time.monotonic() - self._made_s >= FRESH_S:
                scrape = await self._scrape(datetime.now(UTC))
                self._text = await asyncio.to_thread(_encoded, scrape)
                self._made_s = time.monotonic()
            return self._text

    async def _scrape(self, now: datetime) -> Scrape:
        config = self._parts.config
        snapshot = await self._watch.look()
        async with self._read() as connection:
            found = await figures.gather(connection, config, now.astimezone(self._zone).date(), now)
        return Scrape(
            version=self._parts.version,
            snapshot=snapshot,
            figures=found,
            places=await asyncio.to_thread(places.look, config, now),
            vitals=self._parts.vitals,
            years=self._years(now),
            channels=lags.channels(config),
            streams=self._watch.streams,
        )

    def _years(self, now: datetime) -> dict[str, bool]:
        if self._parts.calendar is None:
            return {}
        known, year = self._parts.calendar().years, now.astimezone(self._zone).year
        return {"this": year in known, "next": year + 1 in known}


class _Once(Collector):
    def __init__(self, scrape: Scrape) -> None:
        self._scrape = scrape

    def collect(self) -> Iterator[Family]:
        for metric in METRICS:
            yield _family(metric, self._scrape)


def _family(metric: Metric, scrape: Scrape) -> Family:
    make = CounterMetricFamily if metric.type == "counter" else GaugeMetricFamily
    family = make(metric.name, metric.en, labels=metric.labels)
    for labels, value in metric.read(scrape):
        family.add_metric(labels, value)
    return family


def _encoded(scrape: Scrape) -> bytes:
    own = CollectorRegistry()
    own.register(_Once(scrape))
    return generate_latest(REGISTRY) + generate_latest(own)
