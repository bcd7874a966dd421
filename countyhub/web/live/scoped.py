"""What of a snapshot somebody sees: the boxes in his places, their numbers and their trouble, by queries.

Asked once for all who see the same, and again when the registry or the trouble has changed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Final, NamedTuple

from countyhub.overview import attention
from countyhub.sight import reach
from countyhub.sight.scope import Scope
from countyhub.web.live.snapshot import ENDED_SHOWN, Read, Snapshot, summary_of
from countyhub.web.live.today import Counts

KEPT: Final = 500


class _Part(NamedTuple):
    """Of one scope. `of`: the tick of the trouble, the registry's revision and the day that it was asked for."""

    of: tuple[int, int, date]
    boxes: frozenset[str]
    trouble: attention.Trouble


class ScopedSnapshots:
    def __init__(self, read: Read) -> None:
        self._read = read
        self._parts: dict[Scope, _Part] = {}

    async def seen(
        self, whole: Snapshot, scope: Scope, now: datetime, *, trouble_tick: int, revision: int, day: date
    ) -> Snapshot:
        """`whole` as this scope sees it. Raises one of `UNAVAILABLE`."""
        if scope.whole:
            return whole
        of, part = (trouble_tick, revision, day), self._parts.get(scope)
        if part is None or part.of != of:
            part = self._parts[scope] = await self._part(of, scope, now)
            while len(self._parts) > KEPT:
                del self._parts[next(iter(self._parts))]
        boxes = tuple(box for box in whole.boxes if box.id in part.boxes)
        today = _today(whole, part.boxes, scope.grids)
        trouble = attention.with_machines(part.trouble, boxes)
        return replace(whole, boxes=boxes, trouble=trouble, summary=summary_of(boxes, None, today))

    async def _part(self, of: tuple[int, int, date], scope: Scope, now: datetime) -> _Part:
        async with self._read() as connection:
            boxes = (await connection.execute(reach.boxes(scope, now))).scalars().all()
            trouble = await attention.trouble(connection, now - ENDED_SHOWN, of=boxes)
        return _Part(of, frozenset(boxes), trouble)


def _today(whole: Snapshot, boxes: Collection[str], grids: Collection[str]) -> Counts:
    seen = (counts for (box, grid), counts in whole.today.items() if box in boxes or grid in grids)
    return sum(seen, start=Counts())
