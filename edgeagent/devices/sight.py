"""Since when a device is watched, and when nobody watched it; and the agent's own sign of life, for when it is killed.

What a `Sight` says is remembered in the transaction of the device event.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from edgeagent.driver import State
from edgeagent.outbox import Outbox

Blind = tuple[datetime, datetime]


class Sight(msgspec.Struct, frozen=True):
    """Last reported state, and since when nobody sees. `seen`: last sign of life of an agent that watched it."""

    state: str = ""
    reason: str = ""
    blind_since: datetime | None = None

    @classmethod
    def from_bytes(cls, saved: bytes | None) -> Sight:
        if saved is None:
            return cls()
        return msgspec.json.decode(saved, type=cls)

    def to_bytes(self) -> bytes:
        return msgspec.json.encode(self)

    def after(self, state: State, reason: str, last_seen: datetime, now: datetime) -> tuple[Sight, Blind | None]:
        """The sight after a report, and the blind interval that it ends."""
        if state == "down":
            return Sight(state, reason, self.blind_since or last_seen), None
        blind = (min(self.blind_since, now), now) if self.blind_since is not None else None
        return Sight(state, reason, None), blind

    def is_news(self, state: State, reason: str, blind: Blind | None) -> bool:
        """Whether a report deserves an event: another state, another reason, or an interval that nobody watched."""
        return blind is not None or (state, reason) != (self.state, self.reason)

    def interrupted(self, alive: datetime) -> Sight:
        """After the agent was gone: whoever was watched until `alive` has not been watched since."""
        if self.state in ("", "down") or self.blind_since is not None:
            return self
        return Sight(self.state, self.reason, alive)


ALIVE_EVERY_S = 60.0
_ALIVE = "alive"
_MARGIN = timedelta(seconds=5)
"""What a device said in the last seconds before the sign may not have been stored yet: count it as not seen."""


def surely_watched(now: datetime) -> datetime:
    """Until when everything that a device said has been stored, if it is watched now."""
    return now - _MARGIN


async def mark_alive(outbox: Outbox, now: datetime) -> None:
    """Leave a sign of life. Raises `OutboxFull`.

    Only once every device knows about the time before this process (`Supervisor.apply`): else a process that is killed
    before its devices are up again would hide the interval that its predecessor left.
    """
    await outbox.remember({_ALIVE: msgspec.json.encode(surely_watched(now))})


def last_alive(outbox: Outbox) -> datetime | None:
    """The last sign of life of this outbox's agent; None for a new one."""
    saved = outbox.recall(_ALIVE)
    return msgspec.json.decode(saved, type=datetime) if saved is not None else None
