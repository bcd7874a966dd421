"""Which boxes and cameras have been away for long enough that a person is told: as long as for a case (R-CORR-03).

A line that is cut for seconds is no work for anybody: what a box or camera is at this moment its light says, at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from countyhub.correlate.matter import Limits
from countyhub.overview.boxviews import BoxView

HOLD: Final = timedelta(microseconds=Limits().hold_down_us)
Machine = tuple[str, str]
"""A box and its device; of the box itself without one."""


class Absences:
    """Remembers since when it has seen each absence: whatever its box tells of it anew, by whatever clock, what is away
    is told in the end."""

    def __init__(self) -> None:
        self._since: dict[Machine, datetime] = {}

    def lasting(self, boxes: Iterable[BoxView], now: datetime) -> frozenset[Machine]:
        """Those that are away now and have been for `HOLD`."""
        seen = self._since
        self._since = {
            machine: min(seen.get(machine, now), now if since is None else since) for machine, since in _away(boxes)
        }
        return frozenset(machine for machine, since in self._since.items() if now - since >= HOLD)


def _away(boxes: Iterable[BoxView]) -> Iterator[tuple[Machine, datetime | None]]:
    """Boxes that were there once and are not now, whether they took their leave or not; cameras that do not answer, of
    boxes that are there: those of the others are told with their box."""
    for box in boxes:
        if box.link in ("lost", "offline"):
            yield (box.id, ""), box.since
        elif box.link == "online":
            yield from (((box.id, each.id), each.since) for each in box.cameras_bad if not each.is_online)
