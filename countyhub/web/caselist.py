"""The list of cases: filters in the address, pages by key, the two orders that indexes give, a table to take away."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from countyhub.cases import finding
from countyhub.cases.finding import BadPage, Listed
from countyhub.web import casefilter, casetable
from countyhub.web.casefilter import LIGHTS, STATES
from countyhub.web.desk import Desk, Visit
from countyhub.web.tally import LIVING

ROWS = 50
EXPORT_MAX = 20_000
"""A year of a county has some ten thousand cases; more than this is asked for in parts."""


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
        return await self._desk.page(
            visit,
            "cases.html",
            here="cases",
            given=given,
            rows=found.cases,
            after=found.after,
            choices=casefilter.choices(visit, given),
            lights=LIGHTS,
            stages=(*LIVING, "closed", "archived", "merged", "void"),
            states=STATES,
        )

    async def csv(self, request: Request) -> Response:
        """`GET /cases.csv` with the same parameters: all pages of the list, in sight of who asks."""
        visit = await self._desk.visit(request)
        rows, table = await self._all(visit), casetable.Table(visit.words, visit.book.zone)
        return StreamingResponse(table.csv(rows), media_type="text/csv; charset=utf-8", headers=_file(visit, "csv"))

    async def xlsx(self, request: Request) -> Response:
        """`GET /cases.xlsx`: the same for Excel."""
        visit = await self._desk.visit(request)
        rows, table = await self._all(visit), casetable.Table(visit.words, visit.book.zone)
        return Response(await table.xlsx(rows), media_type=casetable.XLSX, headers=_file(visit, "xlsx"))

    async def _all(self, visit: Visit) -> list[Listed]:
        given = casefilter.asked(visit)
        rows: list[Listed] = []
        async with self._desk.read() as connection:
            wanted, after = await casefilter.wanted(connection, visit, given), ""
            while len(rows) < EXPORT_MAX:
                found = await finding.find(connection, wanted, visit.scope, after, finding.MAX_PAGE, given.order)
                rows += found.cases
                after = found.after
                if not after:
                    break
        return rows


def _file(visit: Visit, ending: str) -> dict[str, str]:
    name = f"cases-{visit.now.astimezone(visit.book.zone):%Y%m%d-%H%M}.{ending}"
    return {"content-disposition": f'attachment; filename="{name}"'}


def routes(desk: Desk) -> list[Route]:
    cases = CaseList(desk)
    return [Route("/cases", cases.page), Route("/cases.csv", cases.csv), Route("/cases.xlsx", cases.xlsx)]
