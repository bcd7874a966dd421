"""The monthly data budget of a metered link: counts what the link costs, and says what to do without as it runs short.

Only pictures and health messages are ever limited; alarms, check-ins and calls for help go whatever they cost. The
account is pure; a crash forgets what was counted since it was last saved, five minutes at most.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from edgeagent.clock import Stamp
from gridwire.limits import MAX_PICTURE_BYTES

log = logging.getLogger(__name__)

MEMORY_KEY = "data"
COUNT_EVERY_S = 10.0
SAVE_EVERY_S = 300.0

# What MQTT's own bytes cost on the wire, measured over TLS 1.3 with IP and TCP headers: a connection 5 kB, an event of
# 385 bytes 570 to 620 (some 465 by MQTT's count, its PUBACK included), a ping and its answer 204. Hence 5 % for the
# headers of long messages, and for each message what two packets and two TLS records add.
HANDSHAKE_BYTES = 5000
MESSAGE_BYTES = 120
PING_BYTES = 204
BULK_FACTOR = 1.05

FREE_START = 0.1
"""Share of the budget that may be used at any pace: the first days of a month say little."""
_EASE = 0.02
"""So far below the pace it must fall before pictures are large again."""
SMALL_PICTURE_BYTES = 40 * 1024
RARE_HEALTH_S = 3600.0

LevelName = Literal["normal", "smaller pictures", "no pictures", "rare health"]


class Level(enum.IntEnum):
    """What is done to stay within the budget; each level includes those below."""

    NORMAL = 0
    SMALLER_PICTURES = 1
    NO_PICTURES = 2
    RARE_HEALTH = 3


NAMES: Final[dict[Level, LevelName]] = {
    Level.NORMAL: "normal",
    Level.SMALLER_PICTURES: "smaller pictures",
    Level.NO_PICTURES: "no pictures",
    Level.RARE_HEALTH: "rare health",
}
_FROM: Final = ((0.95, Level.RARE_HEALTH), (0.85, Level.NO_PICTURES), (0.60, Level.SMALLER_PICTURES))
"""Share of the budget from which a level holds."""


class Plan(NamedTuple):
    """The contract with the operator. `budget_bytes`: 0 is none. A month begins at `reset_day` (1 to 28) in `zone`."""

    budget_bytes: int
    reset_day: int
    zone: ZoneInfo


class Traffic(NamedTuple):
    """What a process has counted since it began. `handshakes`: connections that got as far as CONNECT."""

    mqtt_bytes: int
    messages: int
    handshakes: int


class Account(msgspec.Struct, frozen=True):
    """What is kept. `month`: its first day, None while no clock has ever told; `since`: when the level began."""

    month: date | None = None
    used_bytes: int = 0
    level: Level = Level.NORMAL
    since: datetime | None = None


def month_of(day: date, reset_day: int) -> date:
    """First day of the month that a day belongs to."""
    first = day.replace(day=reset_day)
    return first if day >= first else (first.replace(day=1) - timedelta(days=1)).replace(day=reset_day)


def next_month(month: date) -> date:
    """First day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=month.day)


def cost(before: Traffic, now: Traffic, elapsed_s: float, keepalive_s: float) -> int:
    """Bytes on the wire between two counts. A ping goes when nothing else has for `keepalive_s`."""
    messages = now.messages - before.messages
    pings = max(elapsed_s / keepalive_s - messages, 0.0)
    return round(
        (now.mqtt_bytes - before.mqtt_bytes) * BULK_FACTOR
        + messages * MESSAGE_BYTES
        + (now.handshakes - before.handshakes) * HANDSHAKE_BYTES
        + pings * PING_BYTES
    )


def level_of(used: float, elapsed: float | None, before: Level) -> Level:
    """The level for shares of the budget and of the month; `elapsed` None when the clock does not tell."""
    for share, level in _FROM:
        if used >= share:
            return level
    eased = before >= Level.SMALLER_PICTURES
    if elapsed is None:
        return Level.SMALLER_PICTURES if eased else Level.NORMAL
    allowed = max(elapsed, FREE_START) - (_EASE if eased else 0.0)
    return Level.SMALLER_PICTURES if used > allowed else Level.NORMAL


def advance(account: Account, spent_bytes: int, now: Stamp, plan: Plan) -> Account:
    """The account after so many bytes more.

    A clock that is not synchronised never begins a month; one that steps back keeps what was counted.
    """
    month, used, before, elapsed = account.month, account.used_bytes, account.level, None
    if now.clock == "synced":
        this = month_of(now.wall.astimezone(plan.zone).date(), plan.reset_day)
        if month is not None and this > month:
            used, before = 0, Level.NORMAL
        month, elapsed = this, _elapsed(this, now.wall, plan)
    used += spent_bytes
    level = level_of(used / plan.budget_bytes, elapsed, before) if plan.budget_bytes else Level.NORMAL
    since = account.since if level == account.level else now.wall
    return Account(month, used, level, since)


def _elapsed(month: date, now: datetime, plan: Plan) -> float:
    """Share of the month that is over."""
    begin, end = (_midnight(day, plan.zone).timestamp() for day in (month, next_month(month)))
    return (now.timestamp() - begin) / (end - begin)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


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
        tell("data budget: %s (was: %s), %.0f %% used", NAMES[account.level], NAMES[before], share)

    def to_bytes(self) -> bytes:
        """To be remembered under `MEMORY_KEY`."""
        return msgspec.json.encode(self.account)

    # -- what follows --------------------------------------------------------------------------------------------

    @property
    def level(self) -> Level:
        return self.account.level

    @property
    def resets(self) -> datetime | None:
        """When the next month begins; None while no clock has ever told."""
        month = self.account.month
        return _midnight(next_month(month), self.plan.zone) if month is not None else None

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
