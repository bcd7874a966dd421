"""Decides what becomes of an alarm: stored or suppressed, how grave, with or without a picture. Pure.

An `end` is stored exactly if a start that was stored is still open: whoever heard of an alarm hears that it is over.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from edgeagent.config import RuleSettings
from gridwire.events import Alarm, ClockState, Severity

Why = Literal["stored", "dropped", "disarmed", "cooldown", "not-started"]
SUPPRESSIONS: Final[tuple[Why, ...]] = ("dropped", "disarmed", "cooldown", "not-started")
"""Why an alarm was suppressed; the bounded labels under which suppressed alarms are counted."""

MAX_ENTRIES = 256
_VERSION = b"\x01"
_ENTRY = struct.Struct(">8sdB")


class Seen(NamedTuple):
    """What is remembered of one device, kind and source."""

    last_s: float
    """Unix seconds of the last start or pulse that was stored."""
    open: bool
    """A start was stored, and its end not yet."""


class RuleMemory:
    """What the rules remember, for one device or for several. A decision changes it.

    Therefore decide on a copy, commit its bytes together with the event, and keep the copy once that has succeeded.
    17 bytes an entry and at most 256 of them (4.4 kB), since it is committed with every alarm that changes it. When
    there are too many, the oldest that is not open goes first.
    """

    def __init__(self, entries: Mapping[bytes, Seen] | None = None) -> None:
        self._entries = dict(entries or {})

    def seen(self, key: bytes) -> Seen | None:
        return self._entries.get(key)

    def note(self, key: bytes, seen: Seen) -> None:
        self._entries[key] = seen
        if len(self._entries) > MAX_ENTRIES:
            others = (name for name in self._entries if name != key)
            del self._entries[min(others, key=lambda name: (self._entries[name].open, self._entries[name].last_s))]

    def copy(self) -> RuleMemory:
        return RuleMemory(self._entries)

    def to_bytes(self) -> bytes:
        packed = (_ENTRY.pack(key, seen.last_s, seen.open) for key, seen in sorted(self._entries.items()))
        return _VERSION + b"".join(packed)

    @classmethod
    def from_bytes(cls, raw: bytes | None) -> RuleMemory:
        """Read again; nothing, or what another version wrote, is an empty memory."""
        if raw is None or raw[:1] != _VERSION or (len(raw) - 1) % _ENTRY.size:
            return cls()
        return cls({key: Seen(last_s, bool(is_open)) for key, last_s, is_open in _ENTRY.iter_unpack(raw[1:])})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RuleMemory) and self._entries == other._entries

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __len__(self) -> int:
        return len(self._entries)


class Decision(NamedTuple):
    """`store`: false, and `why` tells why it is suppressed. `picture`: one is wanted with it."""

    store: bool
    severity: Severity
    picture: bool
    why: Why


class _Effective(NamedTuple):
    """The settings that count for one alarm, of all rules that match it."""

    armed: tuple[str, ...] | None
    cooldown_s: float
    severity: Severity | None
    picture: bool
    drop: bool


class Rules:
    """The rules of the configuration, in a time zone. They hold for alarms only; other events always pass."""

    def __init__(self, rules: Sequence[RuleSettings], timezone: str) -> None:
        self._rules = tuple(rules)
        self._zone = ZoneInfo(timezone)

    def decide(
        self, device: str, alarm: Alarm, now: datetime, memory: RuleMemory, clock: ClockState = "synced"
    ) -> Decision:
        """What becomes of an alarm that happened at `now` (aware). A stored one is noted in `memory`.

        With an unsynced clock nobody knows whether the hours are armed: the alarm counts.
        """
        rule = self._effective(device, alarm.kind)
        key = _key(device, alarm)
        seen = memory.seen(key)
        why = self._why(rule, alarm, now, seen, clock)
        if why == "stored":
            memory.note(key, _next(alarm, now, seen))
        picture = rule.picture and alarm.state != "end" and why == "stored"
        return Decision(why == "stored", rule.severity or alarm.severity, picture, why)

    def _why(self, rule: _Effective, alarm: Alarm, now: datetime, seen: Seen | None, clock: ClockState) -> Why:
        if alarm.state == "end":
            return "stored" if seen and seen.open else "not-started"
        if rule.drop:
            return "dropped"
        if rule.armed is not None and clock == "synced" and not self._armed(rule.armed, now):
            return "disarmed"
        # A clock that was set back must not silence the alarm until it has caught up.
        if seen and 0 <= now.timestamp() - seen.last_s < rule.cooldown_s:
            return "cooldown"
        return "stored"

    def _armed(self, hours: tuple[str, ...], now: datetime) -> bool:
        local = now.astimezone(self._zone)
        return any(within(span, local.hour * 60 + local.minute) for span in hours)

    def _effective(self, device: str, kind: str) -> _Effective:
        matching = [
            rule
            for rule in self._rules
            if (not rule.devices or device in rule.devices) and (not rule.kinds or kind in rule.kinds)
        ]
        armed, cooldown_s, severity, picture, drop = None, None, None, None, None
        for rule in matching:
            armed = armed if rule.armed is None else rule.armed
            cooldown_s = cooldown_s if rule.cooldown_s is None else rule.cooldown_s
            severity = severity if rule.severity is None else rule.severity
            picture = picture if rule.picture is None else rule.picture
            drop = drop if rule.drop is None else rule.drop
        return _Effective(armed, cooldown_s or 0.0, severity, picture is not False, drop is True)


def within(span: str, minute: int) -> bool:
    """Whether a minute of the day (0-1439) lies in `HH:MM-HH:MM`; the end is not part of it, midnight may be in it."""
    begin, end = (int(text[:2]) * 60 + int(text[3:]) for text in span.split("-"))
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def _next(alarm: Alarm, now: datetime, seen: Seen | None) -> Seen:
    if alarm.state == "start":
        return Seen(now.timestamp(), True)
    if alarm.state == "pulse":
        return Seen(now.timestamp(), seen.open if seen else False)
    return Seen(seen.last_s if seen else now.timestamp(), False)


def _key(device: str, alarm: Alarm) -> bytes:
    text = f"{device}\0{alarm.kind}\0{alarm.source}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
