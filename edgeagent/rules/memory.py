"""What the rules remember of alarms: which stand, when one was last told, and which starts and ends are held back.

Small and bounded, since it is committed with every alarm that changes it.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from gridwire.events import Alarm

MAX_ENTRIES: Final = 256
MAX_HELD: Final = 128
"""Held alarms of all devices together; whatever comes when there are so many does not wait."""
MAX_STANDING: Final = 16
"""Parts of one alarm that are told apart; beyond that the first end ends them all."""
_VERSION = b"\x02"
_OLD_VERSION = b"\x01"
_OLD_ENTRY = struct.Struct(">8sdB")
NEVER: Final = -math.inf


class Part(NamedTuple):
    """Which of a device's sources, topics and objects says that an alarm stands, as short digests."""

    source: bytes
    topic: bytes
    object: bytes

    @classmethod
    def of(cls, alarm: Alarm) -> Part:
        return cls(_digest(alarm.source, 4), _digest(alarm.topic, 4), _digest(alarm.object, 4))

    def fits(self, end: Part) -> bool:
        """Whether that can be its end: a topic or object that one of the two leaves out makes no difference."""
        return self == ANYTHING or (
            self.source == end.source
            and (self.topic == end.topic or b"" in (self.topic, end.topic))
            and (self.object == end.object or b"" in (self.object, end.object))
        )


ANYTHING: Final = Part(b"*", b"*", b"*")
"""Fits every end; no digest has one byte."""


class Seen(NamedTuple):
    """What is remembered of one alarm: of a device and kind, or of a device, kind and source."""

    last_s: float = NEVER
    """Unix seconds of the last start or pulse that was stored."""
    open: bool = False
    """A start was stored, and its end not yet."""
    standing: frozenset[Part] = frozenset()
    """What has begun and not ended, also of a start that is held."""
    merged: int = 0
    """Starts that were merged into it."""

    def with_part(self, part: Part, *, merged: int = 0) -> Seen:
        standing = self.standing | {part}
        if len(standing) > MAX_STANDING:
            standing = frozenset({ANYTHING})
        return self._replace(standing=standing, merged=self.merged + merged)

    def ended_by(self, end: Part) -> frozenset[Part]:
        """The parts that this ends; none: it is the end of something else."""
        return frozenset({end}) if end in self.standing else frozenset(one for one in self.standing if one.fits(end))


class Held(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """A start that must still stand, or an end that may still go on. Times are Unix seconds."""

    device: str
    alarm: Alarm
    since_s: float
    """When it came."""
    due_s: float
    time_s: float
    """When it happened."""
    grid: str | None = None
    boot: str = ""
    booted_s: float = 0.0
    """When the machine booted by the clock of then: shows whether the clock was set meanwhile."""

    def is_due(self, now_s: float) -> bool:
        """A clock that was set back must not hold it until it has caught up; it goes out, whether it lasted or not."""
        return now_s >= self.due_s or now_s < self.since_s


class _Packed(msgspec.Struct, array_like=True):
    entries: list[tuple[bytes, float, bool, int, list[tuple[bytes, bytes, bytes]]]]
    held: list[tuple[bytes, Held]]


_decoder = msgspec.msgpack.Decoder(_Packed)


class RuleMemory:
    """What the rules remember, for one device or for several. A decision changes it.

    Therefore decide on a copy, commit its bytes together with the event, and keep the copy once that has succeeded.
    When there are too many entries, the oldest goes first that is neither open nor held.
    """

    def __init__(self, entries: Mapping[bytes, Seen] | None = None, held: Mapping[bytes, Held] | None = None) -> None:
        self._entries = dict(entries or {})
        self._held = dict(held or {})
        self.held_limit = MAX_HELD
        """How many it may hold: less when other memories hold some."""

    def seen(self, key: bytes) -> Seen | None:
        return self._entries.get(key)

    def note(self, key: bytes, seen: Seen) -> None:
        self._entries[key] = seen
        if len(self._entries) > MAX_ENTRIES:
            others = (name for name in self._entries if name != key)
            del self._entries[min(others, key=self._worth)]

    def _worth(self, key: bytes) -> tuple[bool, bool, float]:
        seen = self._entries[key]
        return key in self._held, seen.open, seen.last_s

    # -- what is held --------------------------------------------------------------------------------------------

    @property
    def held(self) -> Mapping[bytes, Held]:
        return self._held

    @property
    def has_room(self) -> bool:
        return len(self._held) < self.held_limit

    def hold(self, key: bytes, held: Held) -> None:
        self._held[key] = held

    def let_go(self, key: bytes) -> Held | None:
        """It is held no longer; None when it was not."""
        return self._held.pop(key, None)

    def next_due_s(self) -> float | None:
        """When the next of what is held is due; None when nothing is held."""
        return min((held.due_s for held in self._held.values()), default=None)

    def due(self, now_s: float) -> bytes | None:
        """The key of what has been due for longest."""
        ready = [key for key, held in self._held.items() if held.is_due(now_s)]
        return min(ready, key=lambda key: (self._held[key].due_s, key), default=None)

    # -- as bytes ------------------------------------------------------------------------------------------------

    def copy(self) -> RuleMemory:
        copy = RuleMemory(self._entries, self._held)
        copy.held_limit = self.held_limit
        return copy

    def to_bytes(self) -> bytes:
        entries = [
            (key, seen.last_s, seen.open, seen.merged, [tuple(part) for part in sorted(seen.standing)])
            for key, seen in sorted(self._entries.items())
        ]
        return _VERSION + msgspec.msgpack.encode([entries, sorted(self._held.items(), key=lambda item: item[0])])

    @classmethod
    def from_bytes(cls, raw: bytes | None) -> RuleMemory:
        """Read again, also what the first version wrote; nothing, or what a later one wrote, is an empty memory."""
        if raw is not None and raw[:1] == _OLD_VERSION and (len(raw) - 1) % _OLD_ENTRY.size == 0:
            old = _OLD_ENTRY.iter_unpack(raw[1:])
            return cls({key: Seen(s, bool(up), frozenset({ANYTHING} if up else ())) for key, s, up in old})
        if raw is None or raw[:1] != _VERSION:
            return cls()
        try:
            packed = _decoder.decode(raw[1:])
        except msgspec.DecodeError:
            return cls()
        entries = {
            key: Seen(last_s, is_open, frozenset(Part(*part) for part in standing), merged)
            for key, last_s, is_open, merged, standing in packed.entries
        }
        return cls(entries, dict(packed.held))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleMemory) and (self._entries, self._held) == (other._entries, other._held)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __len__(self) -> int:
        return len(self._entries)


def key_of(device: str, kind: str, source: str | None) -> bytes:
    """Under which an alarm is remembered; `source` None: one for all sources of the kind."""
    text = f"{device}\0{kind}" if source is None else f"{device}\0{kind}\0{source}"
    return _digest(text, 8)


def _digest(text: str, size: int) -> bytes:
    """Nothing stays nothing."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest() if text else b""
