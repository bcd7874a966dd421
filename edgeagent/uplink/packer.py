"""Makes the next message: live rows or backlog of the first lane that has any, as many as one message takes; a picture.

Rows that the file no longer has are dropped from the queue on the way; what is lost is given up, with a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from edgeagent.driver import OutboxFull
from edgeagent.outbox import Outbox, Row
from edgeagent.uplink.ahead import READ_BYTES, READ_ROWS, Ahead
from edgeagent.uplink.message import Message
from edgeagent.uplink.queue import Queue
from edgeagent.uplink.unheard import Unheard
from gridwire import topics
from gridwire.codec import PackLimits, pack
from gridwire.events import LANES, Lane
from gridwire.limits import MAX_BATCH_EVENTS, MAX_PACKED_BYTES
from gridwire.ranges import RangeSet

log = logging.getLogger(__name__)


class Packer:
    """Takes from the queue, reads from the outbox. `begin` with each connection, `forget` now and then."""

    def __init__(self, outbox: Outbox, queue: Queue, unheard: Unheard, county: str, box: str) -> None:
        self._outbox, self._queue, self._unheard = outbox, queue, unheard
        self._county, self._box = county, box
        self._ahead = Ahead()
        self._limits = PackLimits()
        self._single: dict[Lane, RangeSet] = {lane: RangeSet() for lane in LANES}

    def begin(self, payload_max_bytes: int) -> None:
        """A connection on which no payload may be larger."""
        self._limits = PackLimits(payload_bytes=min(MAX_PACKED_BYTES, payload_max_bytes))
        self._ahead.clear()

    def forget(self) -> None:
        """What was read ahead is read again."""
        self._ahead.clear()

    def send_singly(self, lane: Lane, rows: RangeSet) -> None:
        """Rows that go once more, each in a message of its own."""
        self._single[lane].merge(rows)
        self._queue.again(lane, rows.runs())

    def has_any(self, lanes: Sequence[Lane], *, picture: bool) -> bool:
        """Whether something of these lanes waits, or a picture where one may go."""
        return self._queue.next(lanes) is not None or (picture and bool(self._queue.todo["media"]))

    async def next(self, lanes: Sequence[Lane]) -> Message | None:
        """The next message of what `has_any` has found; None when that has gone meanwhile: then ask again."""
        turn = self._queue.next(lanes)
        if turn is None:
            return await self._picture()
        lane, live = turn
        return self._live(lane) if live else await self._backlog(lane)

    def _live(self, lane: Lane) -> Message:
        live = self._queue.live[lane]
        rows = [live.popleft() for _ in range(min(len(live), MAX_BATCH_EVENTS))]
        message = self._packed(lane, rows)
        live.extendleft(reversed(rows[len(message.rows) :]))
        return message

    async def _backlog(self, lane: Lane) -> Message | None:
        """A batch from the lowest run; None when the file no longer has any of it."""
        todo = self._queue.todo[lane]
        first, last = next(todo.runs())
        limit = 1 if first in self._single[lane] else MAX_BATCH_EVENTS
        rows = self._ahead.take(lane, first, last, limit)
        if not rows:
            self._ahead.keep(first, await self._outbox.read(lane, first, last, READ_ROWS, READ_BYTES))
            rows = self._ahead.take(lane, first, last, limit)
        if not rows:
            todo.remove_range(first, last)
            return None
        message = self._packed(lane, rows)
        self._ahead.give_back(rows[len(message.rows) :])
        todo.remove_range(first, message.rows[-1].n)
        return message

    async def _picture(self) -> Message | None:
        """The next one behind those that nobody hears; None when it is gone."""
        todo = self._queue.todo["media"]
        behind = ((max(first, self._unheard.after + 1), last) for first, last in todo.runs())
        first, last = next((run for run in behind if run[0] <= run[1]), None) or next(todo.runs())
        rows = await self._outbox.read("media", first, last, 1)
        if not rows:
            todo.remove_range(first, last)
            return None
        (row,) = rows
        todo.remove_range(first, row.n)
        if row.n <= self._unheard.after:
            self._unheard.after = 0
        jpeg = await self._outbox.jpeg(row)
        if jpeg is None:
            await self._give_up_picture(row.n)
            return None
        topic = topics.media_topic(self._county, self._box, row.stream, row.seq)
        return Message("media", [row], topic, jpeg, topics.content_type("media"))

    async def _give_up_picture(self, n: int) -> None:
        """Its file is gone. Without room for the gap it stays as it is, until the next connection."""
        try:
            await self._outbox.give_up("media", [(n, n)], "picture_lost")
        except OutboxFull as problem:
            log.error("a picture that is gone is not declared yet: %s", problem)
        else:
            self._queue.settled("media", n, n)

    def _packed(self, lane: Lane, rows: list[Row]) -> Message:
        payload, count = pack([row.body for row in rows], self._limits)
        name = "event" if count == 1 else "batch"
        topic = topics.topic(self._county, self._box, name)
        return Message(lane, rows[:count], topic, payload, topics.content_type(name))
