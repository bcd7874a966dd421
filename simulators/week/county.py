"""The small county in which the week is lived: its registry, with one village that the demo's own box stands in.

Three townships, twelve villages, forty grids with outlines, somebody in every duty, some seventy cameras. It is the
same at every seed of a week. Limits are those of a county that works: what a grid or village gets, it handles.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from random import Random
from typing import Final, Literal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from countyhub.registry import plan, stored
from countyhub.registry.columns import Row
from countyhub.registry.content import Content
from countyhub.registry.difference import difference
from countyhub.registry.forms import AlarmKind, Camera, Category, Day, Deadline, Duty, Person, Polygon
from countyhub.store.engine import Store
from countyhub.worktime.deadlines import Unit, Until
from simulators.county import land, names
from simulators.county.build import COUNTY, FOUNDED, Plan, build
from simulators.demo.village import BOX, PLACES

ZONE: Final = ZoneInfo("Asia/Shanghai")
PLAN: Final = Plan(townships=3, villages=12, grids=40, cameras=66, departments=19, seed=1)
KEY: Final = b"the boxes of an invented county"
"""Under which the terminals of the week make hashes of cards."""
_Level = Literal["grid", "village", "township", "county", "department"]
_LIMITS: Final[tuple[tuple[_Level, str, int, Unit, Until], ...]] = (
    ("grid", "办结", 9, "working_days", "close"),
    ("village", "办结", 10, "working_days", "close"),
    ("township", "办结", 12, "working_days", "close"),
    ("county", "交办", 8, "working_hours", "pass_on"),
    ("department", "接办", 8, "working_hours", "begin"),
    ("department", "反馈", 7, "working_days", "feedback"),
)
_AT_ONCE: Final[tuple[tuple[_Level, str, int, Unit, Until], ...]] = (
    ("grid", "接办", 10, "minutes", "begin"),
    ("grid", "办结", 2, "calendar_hours", "close"),
    ("village", "接办", 10, "minutes", "begin"),
    ("village", "办结", 2, "calendar_hours", "close"),
    ("township", "办结", 4, "calendar_hours", "close"),
    ("department", "接办", 30, "minutes", "begin"),
    ("department", "反馈", 4, "calendar_hours", "feedback"),
)
_URGENT: Final[tuple[tuple[_Level, str, int, Unit, Until], ...]] = (
    ("grid", "接办", 2, "calendar_hours", "begin"),
    ("grid", "恢复", 48, "calendar_hours", "close"),
    ("village", "接办", 2, "calendar_hours", "begin"),
    ("village", "恢复", 48, "calendar_hours", "close"),
    ("township", "恢复", 72, "calendar_hours", "close"),
    ("department", "接办", 2, "calendar_hours", "begin"),
    ("department", "恢复", 48, "calendar_hours", "feedback"),
)
"""Of a site without power or link."""
ROAD: Final = "0101"
ROAD_HOURS: Final = 72
"""The limit of a damaged road at grid and village, by the clock: so that the week has its lights on every weekday."""
CAMERA_FAULT: Final = "1001"
_FAULT_DAYS: Final = 15
ONLY_SHOWN: Final = frozenset({"line_crossing"})
"""Kinds that this county does not make cases of: before a pond and a road they come by the hundred."""
_YEARS: Final = (2025, 2026)
"""Whose holidays the invented county knows as they were."""


class NotEmpty(Exception):
    """There is a county in the database already."""


def rows(now: datetime) -> list[Row]:
    """The whole registry. `now`: the years around it have a calendar."""
    found = list(build(PLAN))
    people = {duty.person for duty in found if isinstance(duty, Duty) and duty.role == "grid_worker"}
    kept: list[Row] = []
    for row in found:
        if isinstance(row, Deadline) or (isinstance(row, Camera) and row.box == BOX):
            continue
        if isinstance(row, Person) and row.code in people:
            kept.append(replace(row, card=card_of(row.code)))
        elif isinstance(row, AlarmKind) and row.kind in ONLY_SHOWN:
            kept.append(replace(row, category="", opens="shown"))
        else:
            kept.append(row)
    kept += _cameras(found)
    kept += _limits(row for row in found if isinstance(row, Category))
    return kept + list(_days(now))


def card_of(person: str) -> str:
    """What a terminal says of a grid worker's card."""
    return hmac.new(KEY, person.encode(), hashlib.sha256).hexdigest()


async def take_in(store: Store, found: Iterable[Row], now: datetime) -> None:
    """As `countyhub registry import` does, of rows instead of files. Raises `NotEmpty`."""
    async with store.read() as connection:
        if await stored.revision(connection):
            raise NotEmpty("库中已有一个县，请给空数据库 / there is a county in this database: give an empty one")
    content, known = Content.bare(found), Content.bare(())
    made = difference(known, content, now.astimezone(ZONE).date())
    wanted = plan.Plan(0, [], made.changes, made.result, {}, 0)
    await plan.apply(store, wanted, by="week", now=now, zone=ZONE)


def _cameras(found: Iterable[Row]) -> Iterator[Camera]:
    """Those of the demo's village, where the simulated ones are, each within its grid."""
    outlines = {row.code: row.geometry for row in found if isinstance(row, Polygon)}
    random = Random(PLAN.seed)
    for place in PLACES:
        grid = f"{BOX}{place.grid}"
        ring = json.loads(outlines[grid])["coordinates"][0]
        longitude, latitude = land.inside(random, [(x, y) for x, y in ring[:-1]])
        yield Camera(
            box=BOX, device=place.id, name=place.zh, grid=grid, valid_from=FOUNDED,
            longitude=round(longitude, 6), latitude=round(latitude, 6),
        )  # fmt: skip


def _limits(found: Iterable[Category]) -> Iterator[Deadline]:
    for row in found:
        if len(row.code) == 2:
            wanted = _LIMITS
        elif row.handling == "at_once":
            wanted = _AT_ONCE
        elif row.name in names.URGENT:
            wanted = _URGENT
        elif row.code == ROAD:
            wanted = tuple((level, "办结", ROAD_HOURS, "calendar_hours", "close") for level in ("grid", "village"))
        elif row.code == CAMERA_FAULT:
            wanted = tuple((level, "修复", _FAULT_DAYS, "working_days", "close") for level in ("grid", "village"))
        else:
            continue
        for level, name, amount, unit, until in wanted:
            yield Deadline(category=row.code, level=level, name=name, amount=amount, unit=unit, until=until)


def _days(now: datetime) -> Iterator[Day]:
    """Of years that nobody knows yet the holidays that are the same every year."""
    year = now.astimezone(ZONE).year
    for other in range(year - 1, year + 2):
        if other not in _YEARS:
            fixed = [(1, 1, "元旦"), *((5, day, "劳动节") for day in range(1, 6))]
            fixed += [(10, day, "国庆节") for day in range(1, 8)]
            for month, day, name in fixed:
                yield Day(day=date(other, month, day), kind="holiday", name=name)


__all__ = ["BOX", "COUNTY", "KEY", "PLAN", "ROAD", "ROAD_HOURS", "ZONE", "NotEmpty", "card_of", "rows", "take_in"]
