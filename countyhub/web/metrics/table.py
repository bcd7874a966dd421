"""Every metric of the hub, once: name, type, labels, meaning, and how it is read; the reference is made of it.

Names follow Prometheus' rules (base units, `_total` for counters, moments instead of ages); the values of labels are
all known beforehand, or are the county's boxes. What is unknown is absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

from countyhub.overview.boxviews import BoxView
from countyhub.web.live.snapshot import Snapshot
from countyhub.web.metrics.figures import Figures
from countyhub.web.metrics.places import Places
from countyhub.web.metrics.vitals import Vitals

Sample: TypeAlias = tuple[tuple[str, ...], float]
"""Values of the labels, in their order, and the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """All that is known at a moment. `vitals`: None where only the console runs. `years`: this year and the next, and
    whether the calendar knows them; `channels`: how many ways to tell people are set up."""

    version: str
    snapshot: Snapshot
    figures: Figures
    places: Places
    vitals: Vitals | None
    years: Mapping[str, bool]
    channels: int
    streams: int

    @property
    def boxes(self) -> tuple[BoxView, ...]:
        return self.snapshot.boxes


Read: TypeAlias = Callable[[Scrape], Iterable[Sample]]


class Metric(NamedTuple):
    """One family. `en` is also the HELP text."""

    name: str
    type: Literal["counter", "gauge"]
    zh: str
    en: str
    read: Read
    labels: tuple[str, ...] = ()


def one(read: Callable[[Scrape], float | None]) -> Read:
    """Without labels; absent while the value is unknown."""

    def samples(scrape: Scrape) -> Iterable[Sample]:
        value = read(scrape)
        return [] if value is None else [((), value)]

    return samples


def each(read: Callable[[Scrape], Mapping[str, float]], known: Iterable[str] = ()) -> Read:
    """One label; what is known and does not occur is 0, so that its first increase is seen."""
    zeros = dict.fromkeys(known, 0.0)
    return lambda scrape: [((value,), number) for value, number in {**zeros, **read(scrape)}.items()]


def moment(read: Callable[[Scrape], datetime | None]) -> Read:
    """A moment, in seconds since 1970."""
    return one(lambda scrape: at.timestamp() if (at := read(scrape)) is not None else None)


def moments(read: Callable[[Scrape], Mapping[str, datetime | None]]) -> Read:
    """Moments by one label; unknown ones are left out."""
    return lambda scrape: [((name,), at.timestamp()) for name, at in read(scrape).items() if at is not None]
