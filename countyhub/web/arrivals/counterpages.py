"""What did not become a case, or could not be read at all: suppressed signals and dead letters. Nothing is left out in
silence, so both are counted, shown and say what to do."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.config import Config
from countyhub.matters.windowfiles import WindowFiles
from countyhub.store.mattertables import matter, suppressed
from countyhub.store.tables import dead_letter
from countyhub.web.desk import Desk, Visit

DAYS: Final = 14
LETTERS: Final = 100
REASONS: Final = ("window", "offline-in-window", "held-down", "repeated")


class CounterPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def suppressed(self, request: Request) -> Response:
        """`GET /suppressed`: of the last fourteen days, by day and reason; and by window, the most first."""
        visit = await self._desk.visit(request)
        _must_see_all(visit)
        today = visit.registry.day(visit.now)
        c = suppressed.c
        query = select(c.day, c.reason, c.count).where(c.day > today - timedelta(days=DAYS)).order_by(c.day.desc())
        async with self._desk.read() as connection:
            rows = (await connection.execute(query.limit(20_000))).all()
            ongoing = select(func.count()).select_from(matter).where(matter.c.open)
            going_on = int((await connection.execute(ongoing)).scalar_one())
        days, windows = by_day(rows)
        return await self._desk.page(
            visit,
            "suppressed.html",
            here="suppressed",
            days=[(today - timedelta(days=ago), days[today - timedelta(days=ago)]) for ago in range(DAYS)],
            windows=windows.most_common(50),
            names=await asyncio.to_thread(names, self._desk.config, visit.book.zone) if windows else {},
            reasons=REASONS,
            going_on=going_on,
            whole=sum(windows.values()) + sum(each[name] for each in days.values() for name in REASONS[1:]),
        )

    async def letters(self, request: Request) -> Response:
        """`GET /letters?before=`: those that wait, the newest first, without what stands in them."""
        visit = await self._desk.visit(request)
        _must_see_all(visit)
        before = visit.said("before")
        if before and not (before.isascii() and before.isdigit() and len(before) < 19):
            raise HTTPException(400, detail="before")
        c = dead_letter.c
        columns = (c.id, c.box, c.topic, c.size, c.code, c.text_zh, c.text_en, c.received, c.last_received, c.count)
        query = select(*columns).where(c.stored.is_(None)).order_by(c.id.desc()).limit(LETTERS + 1)
        if before:
            query = query.where(c.id < int(before))
        async with self._desk.read() as connection:
            rows = (await connection.execute(query)).all()
        return await self._desk.page(
            visit,
            "letters.html",
            here="letters",
            rows=rows[:LETTERS],
            older=rows[LETTERS - 1].id if len(rows) > LETTERS else 0,
            whole=visit.snapshot.summary.dead_letters,
            names={box.id: box.label for box in visit.snapshot.boxes},
        )


def _must_see_all(visit: Visit) -> None:
    """These are counted for the county as a whole: raises 403 for who sees a part of it."""
    if not visit.scope.whole:
        raise HTTPException(403)


def names(config: Config, zone: ZoneInfo) -> dict[str, str]:
    """UID of each window -> what its calendar calls it, read anew: calendars are few and small. Blocks."""
    files = WindowFiles(config.calendar.windows_dir, zone)
    files.refresh()
    return files.current.names()


def by_day(rows: Any) -> tuple[dict[date, Counter[str]], Counter[str]]:
    """Day -> reason -> count, all windows together; and each window."""
    days: dict[date, Counter[str]] = defaultdict(Counter)
    windows: Counter[str] = Counter()
    for day, reason, count in rows:
        kind, _, uid = reason.partition("/")
        days[day][kind] += count
        if kind == "window":
            windows[uid] += count
    return days, windows


def routes(desk: Desk) -> list[Route]:
    pages = CounterPages(desk)
    return [Route("/suppressed", pages.suppressed), Route("/letters", pages.letters)]
