"""Puts an observation's data into its CloudEvents envelope: the exact bytes that are stored, sent and never changed."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from edgeagent.clock import Clock, Stamp
from gridwire.codec import encode_event
from gridwire.events import LANE_OF, TYPE_OF, Data, Envelope, Gap, Lane, PictureRef
from gridwire.identifiers import new_ulid

BOX = "box"
"""Subject of events that are about the box itself."""


class Draft:
    """An event that has everything but its number."""

    def __init__(
        self,
        source: str,
        subject: str,
        data: Data,
        stamp: Stamp,
        *,
        time: datetime | None = None,
        grid: str | None = None,
    ) -> None:
        self.id = new_ulid()
        self.lane: Lane = LANE_OF[type(data)]
        self.data = data
        self._source, self._subject, self._grid = source, subject, grid
        self._stamp = stamp
        self._time = stamp.wall if time is None else time.astimezone(UTC)

    def build(self, stream: str, seq: int, pictures: tuple[PictureRef, ...] = ()) -> bytes:
        """The event's bytes under this number, naming these pictures. Raises `EventTooLarge`."""
        data = msgspec.structs.replace(self.data, pictures=pictures) if pictures else self.data
        return encode_event(
            Envelope(
                specversion="1.0",
                id=self.id,
                source=self._source,
                type=TYPE_OF[type(self.data)],
                subject=self._subject,
                time=self._time,
                recordedtime=self._stamp.wall,
                monotonic=f"{self._stamp.boottime_s:.3f}",
                clock=self._stamp.clock,
                stream=stream,
                lane=self.lane,
                seq=seq,
                grid=self._grid,
                data=data,
            )
        )


def gap_draft(source: str, clock: Clock, gap: Gap) -> Draft:
    """The event that declares lost numbers."""
    return Draft(source, BOX, gap, clock.stamp())
