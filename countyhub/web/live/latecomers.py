"""Which rows of the list look different now because a picture has come after its event, by either of two ways.

A picture event names the event that it belongs to as `owner`; and the bytes of a picture come after whoever names it.
"""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.overview import arrivals
from countyhub.overview.arrivals import EventView, Filter, MediaKey

RECENT_MAX = 2000
AWAITED_MAX = 500
_FIRST = 200
Key = TypeVar("Key")


class Latecomers:
    """Remembers the recent rows, and the pictures that they wait for; both are bounded, the oldest are forgotten."""

    def __init__(self) -> None:
        self._recent: dict[str, int] = {}
        self._awaited: dict[MediaKey, int] = {}
        self._through: int | None = None

    async def find(self, connection: AsyncConnection, last_id: int) -> set[int]:
        """The rows that changed since the last call, among those the browsers may have; `last_id` as of now."""
        if self._through is None:
            for view in await arrivals.newest(connection, Filter(), _FIRST):
                self._note(view)
            self._through = last_id
            return set()
        changed = await self._arrived(connection)
        if last_id > self._through:
            changed |= await self._owned(connection, self._through)
            for view in await arrivals.newest(connection, Filter(), _FIRST, after=self._through):
                self._note(view)
            self._through = last_id
        return changed

    def _note(self, view: EventView) -> None:
        self._recent[view.event_id] = view.id
        for picture in view.pictures:
            if not picture.stored:
                self._awaited[picture.box, picture.stream, picture.seq] = view.id
        _forget(self._recent, RECENT_MAX)
        _forget(self._awaited, AWAITED_MAX)

    async def _arrived(self, connection: AsyncConnection) -> set[int]:
        """Rows whose picture has been stored."""
        arrived = await arrivals.stored_of(connection, list(self._awaited))
        return {self._awaited.pop(key) for key in arrived}

    async def _owned(self, connection: AsyncConnection, after: int) -> set[int]:
        """Rows that a picture event after row `after` names as owner."""
        changed = set()
        for box, picture in await arrivals.picture_events(connection, after):
            row = self._recent.get(picture.owner)
            if row is not None:
                changed.add(row)
                self._awaited.update({(box, ref.stream, ref.seq): row for ref in picture.pictures})
        return changed


def _forget(some: dict[Key, int], limit: int) -> None:
    while len(some) > limit:
        del some[next(iter(some))]
