"""The list of cases: filters in the address, pages by key, the two orders that indexes give, a table to take away.

Promise: a list that is looked at never moves under the hand. Its rows change in their places; what is new is counted in
a bar above them, and comes when it is asked for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.cases import finding
from countyhub.cases.finding import BadPage, Listed
from countyhub.cases.listing import Filter
from countyhub.store.columns import microseconds
from countyhub.web import casefilter, exports
from countyhub.web.casefilter import LIGHTS, STATES
from countyhub.web.casetable import CASES, without_numbers
from countyhub.web.desk import Desk, Parts, Visit
from countyhub.web.tally import LIVING

ROWS: Final = 50
NEW_MOST: Final = 99
"""So many new cases are counted; more are told as "99 and more"."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class CaseList:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /cases?state=&light=&stage=&township=&village=&area=&category=&owner=&q=&since=&until=&order=&after=`"""
        visit = await self._desk.visit(request)
        given = casefilter.asked(visit)
        async with self._desk.read() as connection:
            wanted = await casefilter.wanted(connection, visit, given)
            try:
                found = await finding.find(connection, wanted, visit.scope, given.after, ROWS, given.order)
            except BadPage as problem:
                raise HTTPException(400, detail=problem.text(visit.language)) from problem
            newest = await finding.find(connection, wanted, visit.scope, limit=1)
        top = max((case.arrived for case in (*found.cases, *newest.cases)), default=visit.now)
        rows = [without_numbers(case) for case in found.cases]
        return await self._desk.page(
            visit,
            "cases.html",
            here="cases",
            live="cases",
            query={"top": str(microseconds(top)), "shown": ",".join(case.number for case in rows)},
            parts=self._parts(visit, rows, 0),
            given=given,
            rows=rows,
            after=found.after,
            choices=casefilter.choices(visit, given),
            lights=LIGHTS,
            stages=(*LIVING, "closed", "archived", "merged", "void"),
            states=STATES,
        )

    async def parts(self, visit: Visit) -> Parts:
        """`?top=&shown=` beside those of the page: since when cases count as new, and the numbers of the rows."""
        top, shown = _shown(visit)
        given = casefilter.asked(visit)
        async with self._desk.read() as connection:
            wanted = await casefilter.wanted(connection, visit, given)
            since = max(top, wanted.since) if wanted.since else top
            fresh = await finding.find(connection, replace(wanted, since=since), visit.scope, limit=NEW_MOST + 1)
            rows = await self._again(connection, visit, shown)
        return self._parts(visit, rows, len(fresh.cases))

    def _parts(self, visit: Visit, rows: list[Listed], fresh: int) -> Parts:
        found = {f"case-{case.number}": self._desk.part(visit, "_caserow.html", row=case) for case in rows}
        return {**found, "new-cases": self._desk.part(visit, "_newcases.html", fresh=fresh, most=NEW_MOST)}

    async def _again(self, connection: AsyncConnection, visit: Visit, numbers: frozenset[str]) -> list[Listed]:
        """The rows as they are now; one that has left the list, or the viewer's sight, stays as it was last seen."""
        if not numbers:
            return []
        found = await finding.find(connection, Filter(numbers=numbers), visit.scope, limit=ROWS)
        return [without_numbers(case) for case in found.cases]

    async def taken(self, visit: Visit, most: int) -> list[Listed]:
        """All pages of the list, in sight of who asks."""
        given = casefilter.asked(visit)
        rows: list[Listed] = []
        async with self._desk.read() as connection:
            wanted, after = await casefilter.wanted(connection, visit, given), ""
            while len(rows) < most:
                found = await finding.find(connection, wanted, visit.scope, after, finding.MAX_PAGE, given.order)
                rows += [without_numbers(case) for case in found.cases]
                after = found.after
                if not after:
                    break
        return rows


def _shown(visit: Visit) -> tuple[datetime, frozenset[str]]:
    """Raises 400 for what no page said."""
    top, shown = visit.said("top"), visit.request.query_params.get("shown", "")
    numbers = frozenset(shown.split(",")) if shown else frozenset[str]()
    if not (top.isascii() and top.isdigit() and len(top) < 18 and len(numbers) <= ROWS):
        raise HTTPException(400, detail="top, shown")
    return _EPOCH + timedelta(microseconds=int(top) + 1), numbers


def routes(desk: Desk) -> list[Route]:
    page = CaseList(desk)
    desk.live["cases"] = page.parts
    return [Route("/cases", page.page), *exports.routes(desk, CASES, "/cases", page.taken)]
