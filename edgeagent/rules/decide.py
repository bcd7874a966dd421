"""Decides what becomes of an alarm: stored, held back or suppressed, how grave, with or without a picture. Pure.

An `end` is stored exactly if a start that was stored is still open: whoever heard of an alarm hears that it is over.
What is held is in the memory, and `release` gives it out when its time is over: nothing that stands is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from edgeagent.config import NEVER_HELD, Config, RuleSettings
from edgeagent.rules.effective import Effective, Layer, effective, layers_of, presets_of
from edgeagent.rules.memory import Held, Part, RuleMemory, Seen, key_of
from edgeagent.rules.reasons import Why
from edgeagent.rules.sun import Place
from gridwire.events import Alarm, ClockState, Severity

TELL_AGAIN_S: Final = 3600.0
"""A start is no longer merged into an alarm that was told so long ago: a device that forgets an end, or flaps all day,
must not be silent for ever."""
LATE_S: Final = 1.0
"""A start that comes late is held at least so long: its end may have come in the same poll."""


class Told(NamedTuple):
    """What is known of an alarm beside what it says. `happened`: by the device, when it tells; None means now."""

    happened: datetime | None = None
    may_hold: bool = True
    grid: str | None = None
    boot: str = ""
    booted_s: float = 0.0


_NOTHING_TOLD: Final = Told()


class Decision(NamedTuple):
    """`store`: false, and `why` tells why not. `picture`: one is wanted with it.

    `settled`: what became of the start or end that was held until now, and will not be stored. `merged`: how many
    starts the alarm has swallowed that this ends.
    """

    store: bool
    severity: Severity
    picture: bool
    why: Why
    settled: Why | None = None
    merged: int = 0

    def applied(self, alarm: Alarm) -> Alarm:
        """The alarm as it is to be stored."""
        return _counted(msgspec.structs.replace(alarm, severity=self.severity), self.merged)


class Release(NamedTuple):
    """A start or end that was held and is to be stored now. `picture`: one is wanted with it."""

    held: Held
    alarm: Alarm
    picture: bool

    @property
    def time(self) -> datetime:
        """When it happened, by the clock of then."""
        return datetime.fromtimestamp(self.held.time_s, UTC)


class Rules:
    """The rules of the configuration, in a time zone. They hold for alarms only; other events always pass."""

    def __init__(
        self, rules: Sequence[RuleSettings] | Sequence[Layer], timezone: str, place: Place | None = None
    ) -> None:
        settings = [rule for rule in rules if isinstance(rule, RuleSettings)]
        self.layers = layers_of(settings) + tuple(layer for layer in rules if isinstance(layer, Layer))
        self.zone, self.place = ZoneInfo(timezone), place

    @classmethod
    def of(cls, config: Config) -> Rules:
        """All rules of a configuration, with the presets of its devices."""
        known = config.latitude is not None and config.longitude is not None
        place = Place(config.latitude or 0.0, config.longitude or 0.0) if known else None
        return cls(layers_of(config.rule, presets_of(config)), config.timezone, place)

    def effective(self, device: str, kind: str) -> Effective:
        return effective(self.layers, device, kind)

    def decide(
        self,
        device: str,
        alarm: Alarm,
        now: datetime,
        memory: RuleMemory,
        clock: ClockState = "synced",
        told: Told = _NOTHING_TOLD,
    ) -> Decision:
        """What becomes of an alarm that comes at `now` (aware). `memory` changes with it, unless it is suppressed.

        With an unsynced clock nobody knows whether the hours are armed: the alarm counts.
        """
        case = _Case(self.effective(device, alarm.kind), device, alarm, now.timestamp(), memory, told)
        if alarm.state == "end":
            why, settled = case.end()
        elif case.rule.drop:
            why, settled = "dropped", None
        elif clock == "synced" and not self._is_armed(case.rule, now):
            why, settled = "disarmed", None
        else:
            why, settled = case.start() if alarm.state == "start" else (case.pulse(), None)
        picture = case.rule.picture and alarm.state != "end" and why == "stored"
        merged = case.merged if why == "stored" else 0
        return Decision(why == "stored", case.severity, picture, why, settled, merged)

    def weigh(self, device: str, alarm: Alarm, now: datetime, memory: RuleMemory, told: Told) -> None:
        """Before an end that tells its time is decided: a start that is held is due exactly if it has lasted by that.

        So it makes no difference when the news came.
        """
        if alarm.state == "end" and told.happened is not None:
            rule = self.effective(device, alarm.kind)
            case = _Case(rule, device, alarm, now.timestamp(), memory, told)
            case.weigh(rule.min_duration_s)

    def release(self, memory: RuleMemory, now: datetime) -> Release | None:
        """The next of what is held and due, which counts as stored from now on; None when nothing is due."""
        key = memory.due(now.timestamp())
        held = memory.let_go(key) if key is not None else None
        if key is None or held is None:
            return None
        seen = memory.seen(key) or Seen()
        if held.alarm.state == "start":
            memory.note(key, seen._replace(last_s=held.since_s, open=True))
            return Release(held, held.alarm, self.effective(held.device, held.alarm.kind).picture)
        memory.note(key, Seen(seen.last_s))
        return Release(held, _counted(held.alarm, seen.merged), picture=False)

    def _is_armed(self, rule: Effective, now: datetime) -> bool:
        return rule.spans is None or any(span.covers(now, self.zone, self.place) for span in rule.spans)


class _Case:
    """One alarm, the rule for it, and what is remembered."""

    def __init__(
        self, rule: Effective, device: str, alarm: Alarm, now_s: float, memory: RuleMemory, told: Told
    ) -> None:
        self.rule, self.severity = rule, rule.severity or alarm.severity
        self._device, self._now_s, self._memory, self._told = device, now_s, memory, told
        self._alarm, self._part = alarm, Part.of(alarm)
        self._key = self._find_key()
        self._seen = memory.seen(self._key) or Seen()
        self._held = memory.held.get(self._key)
        self.merged = self._seen.merged if alarm.state == "end" else 0

    def _find_key(self) -> bytes:
        """An end looks where its start is, also when a changed configuration merges more or less than then."""
        keys = [key_of(self._device, self._alarm.kind, source) for source in (self._alarm.source, None)]
        if not self.rule.by_source:
            keys.reverse()
        if self._alarm.state == "end":
            entries = [(key, self._memory.seen(key)) for key in keys]
            return next((key for key, seen in entries if seen and seen.ended_by(self._part)), keys[0])
        return keys[0]

    # -- what begins ---------------------------------------------------------------------------------------------

    def pulse(self) -> Why:
        if self._is_cool():
            return "cooldown"
        self._note(self._seen._replace(last_s=self._now_s))
        return "stored"

    def start(self) -> tuple[Why, Why | None]:
        if self._held is not None and self._held.alarm.state == "start":
            self._note(self._seen.with_part(self._part, merged=1))
            return "merged", None
        merges = self.rule.merge_gap_s is not None and 0 <= self._now_s - self._seen.last_s < TELL_AGAIN_S
        if self._seen.open and merges:
            self._note(self._seen.with_part(self._part, merged=1))
            return "merged", self._keep_open()
        if self._is_cool():
            return "cooldown", None
        seen = self._seen.with_part(self._part)
        if self.rule.min_duration_s and not seen.open and self._may_hold():
            self._note(seen._replace(merged=0))
            self._hold(self._since_s() + self.rule.min_duration_s, min(LATE_S, self.rule.min_duration_s))
            return "held", None
        self._note(seen._replace(last_s=self._now_s, open=True))
        return "stored", self._keep_open()

    def _is_cool(self) -> bool:
        """A clock that was set back must not silence the alarm until it has caught up."""
        return 0 <= self._now_s - self._seen.last_s < self.rule.cooldown_s

    def _keep_open(self) -> Why | None:
        """An end that was held is none: the alarm goes on."""
        return "merged" if self._memory.let_go(self._key) is not None else None

    # -- what ends -----------------------------------------------------------------------------------------------

    def end(self) -> tuple[Why, Why | None]:
        ended = self._seen.ended_by(self._part)
        if not ended:
            return "not-started", None
        standing = self._seen.standing - ended
        if self._held is not None:  # a start: of an alarm whose end is held nothing stands
            return self._end_of_held(standing)
        if self.rule.merge_gap_s is None:
            self._note(self._seen._replace(standing=standing, open=bool(standing), merged=0))
            return "stored", None
        return self._end_of_merged(standing), None

    def _end_of_held(self, standing: frozenset[Part]) -> tuple[Why, Why | None]:
        self._note(self._seen._replace(standing=standing))
        if standing:
            return "merged", None
        self._memory.let_go(self._key)
        return "too-short", "too-short"

    def _end_of_merged(self, standing: frozenset[Part]) -> Why:
        seen = self._seen._replace(standing=standing)
        if standing:
            self._note(seen)
            return "merged"
        if self.rule.merge_gap_s and self._may_hold():
            self._note(seen)
            self._hold(self._now_s + self.rule.merge_gap_s, 0.0)
            return "held"
        self._note(Seen(seen.last_s))
        return "stored"

    def weigh(self, min_duration_s: float) -> None:
        held = self._held
        if held is None or held.alarm.state != "start" or self._seen.ended_by(self._part) != self._seen.standing:
            return
        lasted = self._since_s() - held.time_s >= min_duration_s
        due_s = held.since_s if lasted else self._now_s + LATE_S
        self._memory.hold(self._key, msgspec.structs.replace(held, due_s=due_s))

    # -- the memory ----------------------------------------------------------------------------------------------

    def _note(self, seen: Seen) -> None:
        self._memory.note(self._key, seen)

    def _may_hold(self) -> bool:
        return self._told.may_hold and self._memory.has_room and self._alarm.kind not in NEVER_HELD

    def _since_s(self) -> float:
        """When it happened; nothing happens after it came."""
        happened = self._told.happened
        return self._now_s if happened is None else min(happened.timestamp(), self._now_s)

    def _hold(self, due_s: float, late_s: float) -> None:
        self._memory.hold(
            self._key,
            Held(
                device=self._device,
                alarm=msgspec.structs.replace(self._alarm, severity=self.severity),
                since_s=self._now_s,
                due_s=max(due_s, self._now_s + late_s),
                time_s=self._since_s(),
                grid=self._told.grid,
                boot=self._told.boot,
                booted_s=self._told.booted_s,
            ),
        )


def _counted(alarm: Alarm, merged: int) -> Alarm:
    """An end that tells how often its alarm had begun again."""
    return msgspec.structs.replace(alarm, detail={**alarm.detail, "merged": str(merged)}) if merged else alarm
