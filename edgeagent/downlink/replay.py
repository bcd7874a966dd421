"""Sends again what the box still keeps, also what was acknowledged: by number, or everything since a time.
The uplink's queue says in which order.

For the hub (its database was restored from a backup) and for people on the box. A repeat does no harm: the hub knows
every event by its number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from edgeagent.clock import Clock
from edgeagent.outbox import Outbox
from edgeagent.outbox.since import PART_ROWS, Moments, Since
from edgeagent.uplink import Uplink
from gridwire.events import LANES, Lane
from gridwire.messages import Range
from gridwire.ranges import RangeSet


class ReplayArgs(msgspec.Struct, forbid_unknown_fields=False, kw_only=True):
    """`stream`, `lane` and `ranges`; or `since`, then the other two narrow it down."""

    stream: str | None = None
    lane: Lane | None = None
    ranges: tuple[Range, ...] | None = None
    since: Annotated[datetime, Meta(tz=True)] | None = None

    def __post_init__(self) -> None:
        if self.since is None and None in (self.stream, self.lane, self.ranges):
            raise ValueError("`stream`, `lane` and `ranges` are needed, or `since`")


class Replay:
    """Finds the rows and has the uplink send them."""

    def __init__(self, outbox: Outbox, uplink: Uplink, clock: Clock) -> None:
        self._outbox, self._uplink, self._clock = outbox, uplink, clock

    async def carry_out(self, args: object) -> dict[str, object]:
        """Gives `rows`: how many go again at most; for a time also how many of which lane, and how many of them

        are `unsure`: recorded nobody knows when.

        Raises msgspec.ValidationError for arguments that are none.
        """
        wanted = msgspec.convert(args, ReplayArgs)
        rows = 0
        if wanted.ranges and wanted.stream and wanted.lane:
            rows = self._uplink.replay(wanted.stream, wanted.lane, wanted.ranges)
        if wanted.since is None:
            return {"rows": rows}
        since = await self._look(wanted.since, wanted.lane, wanted.stream)
        lanes = {lane: count for lane in LANES if (count := self._again(lane, since.rows[lane]))}
        unsure = sum(self._settled(lane, rows).count() for lane, rows in since.unsure.items())
        return {"rows": rows + sum(lanes.values()), "lanes": lanes, "unsure": unsure}

    async def _look(self, time: datetime, lane: Lane | None, stream: str | None) -> Since:
        moments = Moments(self._clock.boot, self._clock.stamp())
        since = Since(time, moments, self._outbox.book, lane=lane, stream=stream)
        for each in since.lanes:
            for first, last in since.windows(each):
                found = await self._outbox.read(each, first, last, PART_ROWS)
                since.take(each, [(row.n, row.body) for row in found])
        return since

    def _again(self, lane: Lane, rows: RangeSet) -> int:
        return self._uplink.again(lane, self._settled(lane, rows))

    def _settled(self, lane: Lane, rows: RangeSet) -> RangeSet:
        """What is not settled is on its way already."""
        return rows.without(RangeSet(self._outbox.book.lanes[lane].unsettled()))
