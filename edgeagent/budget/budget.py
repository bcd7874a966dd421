"""The budget of a running agent: keeps its account, and says what it does without as that runs short."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from edgeagent.budget.account import LEVEL_NAMES, Account, Level, Plan, Traffic, advance, cost, midnight, next_month
from edgeagent.clock import Stamp
from gridwire.limits import MAX_PICTURE_BYTES

log = logging.getLogger(__name__)

SMALL_PICTURE_BYTES = 40 * 1024
RARE_HEALTH_S = 3600.0


class DataBudget:
    """The account of a running agent, and what follows from its level. `on_change` hears of a change of level."""

    def __init__(
        self, plan: Plan, keepalive_s: float, saved: bytes | None = None, start: Traffic | None = None
    ) -> None:
        self.plan = plan
        self.account = _read(saved)
        self.on_change: Callable[[], None] = lambda: None
        self.line_max_bytes: Callable[[], int] = lambda: MAX_PICTURE_BYTES
        """The largest picture that line and broker take."""
        self._keepalive_s = keepalive_s
        self._traffic = start or Traffic(0, 0, 0)
        self._counted_s = 0.0

    def count(self, traffic: Traffic, now: Stamp, *, connected: bool) -> None:
        """Note what has been sent and received since the last call. `connected`: pings have gone meanwhile."""
        before, self._traffic = self._traffic, traffic
        elapsed_s = now.boottime_s - self._counted_s if self._counted_s and connected else 0.0
        self._counted_s = now.boottime_s
        spent = cost(before, traffic, elapsed_s, self._keepalive_s)
        old, self.account = self.account, advance(self.account, spent, now, self.plan)
        if self.account.level != old.level:
            self._tell(old.level)
            self.on_change()

    def _tell(self, before: Level) -> None:
        account, budget = self.account, self.plan.budget_bytes
        share = 100 * account.used_bytes / budget if budget else 0.0
        tell = log.warning if account.level > before else log.info
        tell("data budget: %s (was: %s), %.0f %% used", LEVEL_NAMES[account.level], LEVEL_NAMES[before], share)

    def to_bytes(self) -> bytes:
        """To be remembered, and given as `saved` to the next process."""
        return msgspec.json.encode(self.account)

    # -- what follows --------------------------------------------------------------------------------------------

    @property
    def level(self) -> Level:
        return self.account.level

    @property
    def resets(self) -> datetime | None:
        """When the next month begins; None while no clock has ever told."""
        month = self.account.month
        return midnight(next_month(month), self.plan.zone) if month is not None else None

    @property
    def picture_max_bytes(self) -> int:
        """The largest picture wanted: what the line takes, less while the budget runs short."""
        line = self.line_max_bytes()
        return line if self.level < Level.SMALLER_PICTURES else min(line, SMALL_PICTURE_BYTES)

    @property
    def pictures_wanted(self) -> bool:
        """Whether alarms want pictures, and the pictures there are may be sent."""
        return self.level < Level.NO_PICTURES

    def health_every_s(self, usual_s: float) -> float:
        return usual_s if self.level < Level.RARE_HEALTH else max(usual_s, RARE_HEALTH_S)


def unlimited() -> DataBudget:
    """For a link that is not metered."""
    return DataBudget(Plan(0, 1, ZoneInfo("UTC")), 60.0)


def _read(saved: bytes | None) -> Account:
    """What an earlier process has saved; nothing, if another version wrote it."""
    if saved is not None:
        try:
            return msgspec.json.decode(saved, type=Account)
        except msgspec.DecodeError:
            log.warning("the data account of an earlier process cannot be read: counting begins anew")
    return Account()
