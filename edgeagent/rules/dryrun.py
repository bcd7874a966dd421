"""Plays recorded alarms through the rules, as if they came now: what each of them would have become, and why. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from edgeagent.rules.decide import Decision, Release, Rules, Told
from edgeagent.rules.memory import RuleMemory
from edgeagent.rules.reasons import Why
from gridwire.events import Alarm, ClockState, Severity

_LONG: timedelta = timedelta(hours=3)
"""Nothing is held for longer than an hour."""


class Outcome(NamedTuple):
    """What became of one recorded alarm. `waited`: it was held back until that was known."""

    time: datetime
    device: str
    alarm: Alarm
    why: Why
    severity: Severity
    picture: bool
    waited: bool = False


class DryRun:
    """Feed it alarms in the order of their times; `outcomes` are in the same order and final after `finish`."""

    def __init__(self, rules: Rules) -> None:
        self.outcomes: list[Outcome] = []
        self.released: list[Release] = []
        """What was held and would have been stored, in that order."""
        self.memory = RuleMemory()
        self._rules = rules
        self._waiting: dict[bytes, int] = {}

    def feed(
        self,
        device: str,
        alarm: Alarm,
        now: datetime,
        clock: ClockState = "synced",
        *,
        happened: datetime | None = None,
    ) -> Decision:
        """An alarm that comes at `now`; gives what is decided at once."""
        told = Told(happened=happened)
        self._rules.weigh(device, alarm, now, self.memory, told)
        self.pass_time(now)
        decision = self._rules.decide(device, alarm, now, self.memory, clock, told)
        self._settle(decision.settled)
        self.outcomes.append(Outcome(happened or now, device, alarm, decision.why, decision.severity, decision.picture))
        if decision.why == "held":
            (key,) = self.memory.held.keys() - self._waiting.keys()
            self._waiting[key] = len(self.outcomes) - 1
        return decision

    def pass_time(self, now: datetime) -> None:
        """It is `now`: what was held until then is stored."""
        while (release := self._rules.release(self.memory, now)) is not None:
            self.released.append(release)
            self._settle("stored", picture=release.picture)

    def finish(self) -> list[Outcome]:
        """The record is over, time goes on."""
        if self.memory.held:
            latest = max(held.since_s for held in self.memory.held.values())
            zone = self.outcomes[-1].time.tzinfo
            self.pass_time(datetime.fromtimestamp(latest, zone) + _LONG)
        return self.outcomes

    def _settle(self, why: Why | None, *, picture: bool = False) -> None:
        """Those that are held no longer have become this."""
        for key in self._waiting.keys() - self.memory.held.keys():
            index = self._waiting.pop(key)
            if why is not None:
                self.outcomes[index] = self.outcomes[index]._replace(why=why, waited=True, picture=picture)
