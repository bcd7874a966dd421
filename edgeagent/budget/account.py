"""The account of a metered link: what traffic costs, in which month it falls, and to which level it leads. Pure."""

from __future__ import annotations

import enum
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from edgeagent.clock import Stamp

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

LevelName = Literal["normal", "smaller pictures", "no pictures", "rare health"]


class Level(enum.IntEnum):
    """What is done to stay within the budget; each level includes those below."""

    NORMAL = 0
    SMALLER_PICTURES = 1
    NO_PICTURES = 2
    RARE_HEALTH = 3


LEVEL_NAMES: Final[dict[Level, LevelName]] = {
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
    begin, end = (midnight(day, plan.zone).timestamp() for day in (month, next_month(month)))
    return (now.timestamp() - begin) / (end - begin)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
