"""Finds the message that the broker ends the connection over, where no limit on size is told (MQTT 3.1.1). Pure.

Such a broker closes as soon as it reads the length, and without this the next connection would begin with the same
message, for ever. Two breaks in a row right after the same largest message make it suspect: on the next connection it
waits until that one has stood for a while, so that all else goes first, and is then tried once more. A third break is
proof. Times are seconds, monotonic; a message is known again by its lane and first row.
"""

from __future__ import annotations

from edgeagent.uplink.message import Message
from gridwire.events import Lane

BREAKS = 3
SOON_S = 15.0
"""A break that comes later after the sending has another cause."""
STANDS_S = 3.0
"""A connection that has stood so long without the suspect is a good one."""
MIN_BYTES = 1024
"""No broker is set to take less: what is smaller is never suspected."""


_Key = tuple[Lane, int]


class Suspect:
    """`connected`, `sent`, `answered` and `broke` as it happens; `forgive` before ending the connection oneself."""

    def __init__(self) -> None:
        self.too_large_bytes: int | None = None
        """Size of a payload that was proven too large; None while nothing was."""
        self._unanswered: dict[_Key, tuple[Message, float]] = {}
        self._breaks: dict[_Key, tuple[Message, int]] = {}
        self._since = 0.0
        self._forgiven = False

    @property
    def held(self) -> list[Message]:
        """What must not be sent until it is `due`."""
        return [message for message, breaks in self._breaks.values() if breaks >= BREAKS - 1]

    @property
    def holds_pictures(self) -> bool:
        """Whether a picture is held. The others wait with it: they may be as large, and one proof does for all."""
        return any(message.lane == "media" for message in self.held)

    def connected(self, now: float) -> None:
        self._unanswered.clear()
        self._since, self._forgiven = now, False

    def sent(self, message: Message, now: float) -> None:
        if message.lane != "urgent" and len(message.payload) >= MIN_BYTES:
            self._unanswered[_key(message)] = message, now

    def answered(self, message: Message) -> None:
        """The broker has read it, whatever it says of it."""
        self._unanswered.pop(_key(message), None)
        self.forget(message)
        if self.too_large_bytes is not None and len(message.payload) >= self.too_large_bytes:
            self.too_large_bytes = None  # another broker, or another limit

    def due(self, now: float) -> Message | None:
        """The held message to be tried now, the smallest first: the connection stands well without it."""
        held = self.held
        if not held or now - self._since < STANDS_S or any(_key(message) in self._unanswered for message in held):
            return None
        return min(held, key=_size)

    def forgive(self) -> None:
        """The coming break is our own."""
        self._forgiven = True

    def broke(self, now: float) -> Message | None:
        """The connection has ended; gives the message that is proven to be the cause."""
        recent = [message for message, at in self._unanswered.values() if now - at <= SOON_S]
        self._unanswered.clear()
        if self._forgiven:
            return None
        largest = max(recent, key=_size, default=None)
        key = _key(largest) if largest is not None else None
        self._breaks = {  # in a row: what was suspected only once, and is not the one now, is free again
            each: (message, breaks)
            for each, (message, breaks) in self._breaks.items()
            if breaks >= BREAKS - 1 or each == key
        }
        return self._count(largest) if largest is not None else None

    def _count(self, message: Message) -> Message | None:
        breaks = self._breaks.get(_key(message), (message, 0))[1] + 1
        known = self.too_large_bytes is not None and _size(message) >= self.too_large_bytes
        if breaks < BREAKS and not known:
            self._breaks[_key(message)] = message, breaks
            return None
        self._breaks.clear()  # the others are as large: a single break will do for them
        self.too_large_bytes = min(_size(message), self.too_large_bytes or _size(message))
        return message

    def forget(self, message: Message) -> None:
        """It is not suspected: it arrived, or needs no more sending."""
        self._breaks.pop(_key(message), None)


def _key(message: Message) -> _Key:
    return message.lane, message.rows[0].n


def _size(message: Message) -> int:
    return len(message.payload)
