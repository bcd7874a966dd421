"""What passes from whoever hears a camera to whoever stores what it says, on every rung of the ladder."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from drivers.onvif.notifications import Notification


class Batch(NamedTuple):
    """What one message brought. `since`: nothing in it happened before this (the poll before was answered then)."""

    notifications: list[Notification]
    since: datetime | None


class Listener(Protocol):
    """Who takes what the camera tells."""

    async def deliver(self, batch: Batch) -> int:
        """Store it; returns how many changes it held."""

    def begin_sync(self) -> None:
        """The camera will now tell how everything stands."""

    async def synced(self) -> None:
        """It has."""
