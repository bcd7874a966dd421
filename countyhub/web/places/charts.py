"""Figures over days and months: cases opened and closed, townships beside each other, cameras online, a box's link.

Each chart draws the table beneath it, which is read without a script too, and taken away like every other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar

from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.rollup import figures
from countyhub.rollup.figures import Flow, Rates
from countyhub.store.rolluptables import box_day
from countyhub.web.desk import Desk, Visit
from countyhub.web.export import tables
from countyhub.web.export.exports import addresses as export
from countyhub.web.export.tables import Shown, Table
from countyhub.web.places import charttables
from countyhub.web.places.charttables import Hour, OnlineDay, Ranked
from countyhub.web.places.lightsboard import Area, area_of

DAYS: Final = 30
LEAST: Final = 7
"""So many days a chart shows of a county that is newer than that."""
MONTHS: Final = 13
HOURS: Final = 7 * 24
DRAWN: Final = 5
"""So many places are drawn, the worst of the last days; more lines nobody can tell apart."""
Days = TypeVar("Days", Flow, OnlineDay)


class Charts:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /figures?month=2026-11`: the last 30 days, and a month's ranking of the townships."""
        visit = await self._desk.visit(request)
        month = _month(visit)
        return await self._desk.page(
            visit,
            "figures.html",
            here="figures",
            flow=tables.shown(charttables.FLOW, visit, await self.flow(visit, DAYS), "/flow"),
            ranking=tables.shown(charttables.RANKING, visit, await self.ranking(visit, 1000), "/ranking"),
            month=f"{month:%Y-%m}",
            months=[f"{each:%Y-%m}" for each in figures.months(visit.registry.day(visit.now), MONTHS)],
            prior=figures.PRIOR,
        )

    async def flow(self, visit: Visit, most: int) -> Sequence[Flow]:
        today = visit.registry.day(visit.now)
        async with self._desk.read() as connection:
            found = await figures.flow(connection, visit.scope, visit.book.zone, today, DAYS)
            begun = (await connection.execute(select(func.min(box_day.c.day)))).scalar()
        return _since_begun(found, begun, [bool(each.opened or each.closed) for each in found])[-most:]

    async def ranking(self, visit: Visit, most: int) -> Sequence[Ranked]:
        today = visit.registry.day(visit.now)
        async with self._desk.read() as connection:
            found = await figures.ranking(connection, visit.scope, visit.registry, _month(visit), today)
        rows = [
            Ranked(place if each.code else 0, visit.words.place(each.code) or visit.t("board.elsewhere"), each)
            for place, each in enumerate(found, 1)
        ]
        return rows[:most]

    # Cameras.

    async def online(self, visit: Visit, area: Area) -> Shown:
        """For the page of cameras: the days of a place, and of the places beneath it."""
        days, codes = await self._online(visit, area)
        worst = sorted((code for code in codes if code), key=lambda code: _last(days, code))[:DRAWN]
        return tables.shown(charttables.online(visit, codes, worst), visit, days, "/camera-days")

    async def online_days(self, visit: Visit, most: int) -> Sequence[OnlineDay]:
        days, _ = await self._online(visit, area_of(visit, visit.said("area")))
        return days[-most:]

    def online_table(self, visit: Visit) -> Table[OnlineDay]:
        return charttables.online(visit, _beneath(visit, area_of(visit, visit.said("area")), self._places(visit)))

    def _places(self, visit: Visit) -> dict[str, tuple[str, ...]]:
        """Box in sight -> its places, the county first."""
        return {box.id: visit.registry.box_path(box.id, visit.now)[::-1] for box in self._desk.boxes(visit)}

    async def _online(self, visit: Visit, area: Area) -> tuple[list[OnlineDay], tuple[str, ...]]:
        today, paths = visit.registry.day(visit.now), self._places(visit)
        since = today - timedelta(days=DAYS - 1)
        async with self._desk.read() as connection:
            found = await figures.rates(connection, since)
        sums: dict[tuple[date, str], list[int]] = {}
        depth = max(len(area.path), 1)
        for (day, box), rates in found.items():
            path = paths.get(box)
            if path is None or (area.code and area.code not in path):
                continue
            for code in ("*", path[depth] if len(path) > depth else path[-1] if path else ""):
                both = sums.setdefault((day, code), [0, 0])
                both[0] += rates.cameras_online
                both[1] += rates.cameras
        codes = _beneath(visit, area, paths)
        days = (since + timedelta(days=ago) for ago in range(DAYS))
        made = [
            OnlineDay(day, _share(sums.get((day, "*"))), {code: _share(sums.get((day, code))) for code in codes})
            for day in days
        ]
        begun = min((day for day, _ in found), default=None)
        return _since_begun(made, begun, [each.whole is not None for each in made]), codes

    # A box.

    async def hours(self, visit: Visit, box: str) -> Shown:
        """For the page of one box, which is in sight."""
        return tables.shown(charttables.HOURS, visit, await self._hours(visit, box), "/box-hours")

    async def box_hours(self, visit: Visit, most: int) -> Sequence[Hour]:
        box = visit.said("box")
        if box not in {each.id for each in self._desk.boxes(visit)}:
            raise HTTPException(404)
        return (await self._hours(visit, box))[-most:]

    async def _hours(self, visit: Visit, box: str) -> list[Hour]:
        """Every hour, also those in which nobody looked: a line must not cross them."""
        last = visit.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        first = last - timedelta(hours=HOURS - 1)
        async with self._desk.read() as connection:
            known: dict[datetime, Rates] = dict(await figures.hours(connection, box, first))
        return [Hour(at, known.get(at)) for at in (first + timedelta(hours=hour) for hour in range(HOURS))]


def _since_begun(days: list[Days], begun: date | None, filled: Sequence[bool]) -> list[Days]:
    """Without the days before the hub first looked at a box: it was not there. `filled`: whether something is known of
    the day all the same."""
    there = (index for index, day in enumerate(days) if filled[index] or begun is None or day.day >= begun)
    return days[min(next(there, len(days)), len(days) - LEAST) :]


def _beneath(visit: Visit, area: Area, paths: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The places that have a column: those beneath with a box in sight; boxes of no registry together, last."""
    depth = max(len(area.path), 1)
    inside = [path for path in paths.values() if not area.code or area.code in path]
    codes = {path[depth] if len(path) > depth else path[-1] if path else "" for path in inside}
    return tuple(sorted(codes, key=lambda code: (not code, code)))


def _last(days: Sequence[OnlineDay], code: str) -> float:
    """The mean of the last seven days that are known; nothing known is not the worst."""
    known = [share for day in days[-7:] if (share := day.places.get(code)) is not None]
    return sum(known) / len(known) if known else 2.0


def _share(both: list[int] | None) -> float | None:
    return both[0] / both[1] if both and both[1] else None


def _month(visit: Visit) -> date:
    """The first day of the month of the address; raises 400 for what is none."""
    said = visit.said("month")
    if not said:
        return visit.registry.day(visit.now).replace(day=1)
    try:
        return date.fromisoformat(f"{said}-01")
    except ValueError as error:
        raise HTTPException(400, detail="month") from error


def routes(desk: Desk) -> list[Route]:
    charts = Charts(desk)
    found: list[Any] = [
        Route("/figures", charts.page),
        *export(desk, charttables.FLOW, "/figures", charts.flow, "/flow"),
        *export(desk, charttables.RANKING, "/figures", charts.ranking, "/ranking"),
        *export(desk, charts.online_table, "/cameras", charts.online_days, "/camera-days"),
        *export(desk, charttables.HOURS, "/boxes", charts.box_hours, "/box-hours"),
    ]
    return found
