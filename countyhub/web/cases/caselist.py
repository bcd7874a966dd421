"""The list of cases: filters in the address, pages by key, the two orders that indexes give, a table to take away.

Promise: a list that is looked at never moves under the hand. Its rows change in their places; what is new is counted in
a bar above them, and comes when it is asked for.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.cases import finding
from countyhub.cases.finding import BadPage, Listed
from countyhub.cases.listing import Filter
from countyhub.web.cases import casefilter
from countyhub.web.cases.casefilter import LIGHTS, STATES, UNCLASSIFIED, Asked
from countyhub.web.cases.caserow import Row, rows_of
from countyhub.web.cases.casetable import CASES
from countyhub.web.cases.limits import limits
from countyhub.web.cases.maskedcase import without_numbers
from countyhub.web.desk import Desk, Parts, Visit
from countyhub.web.export import exports
from countyhub.web.live.lighttally import OPEN_STAGES
from gridwire.instants import instant, microseconds

ROWS: Final = 50
COUNTED: Final = 1000
"""So many cases of a list are counted; more are told as "1000 and more"."""
NEW_MOST: Final = 99
"""So many new cases are counted; more are told as "99 and more"."""
_OF_THE_STREAM: Final = ("after", "top", "shown", "seen", "sight", "lang")


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
            total = await finding.count(connection, wanted, visit.scope, COUNTED)
            shown = await rows_of(connection, found.cases)
        top = max((case.arrived for case in (*found.cases, *newest.cases)), default=visit.now)
        return await self._desk.page(
            visit,
            "cases.html",
            here="cases",
            live="cases",
            query={"top": str(microseconds(top)), "shown": ",".join(row.listed.number for row in shown)},
            parts=self._parts(visit, shown, 0),
            given=given,
            total=total,
            counted=COUNTED,
            quick=_quick(visit, given),
            rows=[row.listed for row in shown],
            after=found.after,
            choices=casefilter.choices(visit, given),
            lights=LIGHTS,
            stages=(*OPEN_STAGES, "closed", "archived", "merged", "void"),
            states=STATES,
        )

    async def parts(self, visit: Visit) -> Parts:
        """`?top=&shown=` beside those of the page: since when cases count as new, and the numbers of the rows."""
        top, shown = _shown(visit)
        newest = await self._newest(visit)
        fresh = sum(arrived >= top for arrived in newest)
        return self._parts(visit, await self._again(visit, shown), fresh)

    async def _newest(self, visit: Visit) -> list[datetime]:
        """When the newest of the list arrived, as many as are counted; asked once for all who look at the same list."""
        kept, asked = self._desk.kept, visit.again(**dict.fromkeys(_OF_THE_STREAM, ""))
        version = await self._desk.watch.touched.version(visit.scope, visit.snapshot.last_entry)
        mine = visit.actor.offices if visit.actor is not None else None
        key, inputs = ("newest", asked, visit.scope, mine), (version, *visit.names)
        known: list[datetime] | None = kept.found(key, inputs)
        if known is None:
            async with self._desk.read() as connection:
                wanted = await casefilter.wanted(connection, visit, casefilter.asked(visit))
                found = await finding.find(connection, wanted, visit.scope, limit=NEW_MOST + 1)
            known = kept.keep(key, inputs, [case.arrived for case in found.cases])
        return known

    def _parts(self, visit: Visit, rows: list[Row], fresh: int) -> Parts:
        found = {f"case-{row.listed.number}": self._row(visit, row) for row in rows}
        return {**found, "new-cases": self._desk.part(visit, "_newcases.html", fresh=fresh, most=NEW_MOST)}

    def _row(self, visit: Visit, row: Row) -> str:
        """Made anew when the case is another: it says nothing of who sees it."""
        found = limits(row.case, visit.now)
        make = partial(self._desk.part, visit, "_caserow.html", row=row.listed, limits=found)
        key, inputs = ("case row", visit.language, row.listed.number), (row, found, *visit.names)
        made: str = self._desk.kept.get(key, inputs, make)
        return made

    async def _again(self, visit: Visit, numbers: frozenset[str]) -> list[Row]:
        """The rows as they are now; one that has left the list, or the viewer's sight, stays as it was last seen."""
        if not numbers:
            return []
        kept, version = self._desk.kept, await self._desk.watch.touched.version(numbers, visit.snapshot.last_entry)
        key, inputs = ("case rows", numbers, visit.scope), (version, *visit.names)
        known: list[Row] | None = kept.found(key, inputs)
        if known is None:
            async with self._desk.read() as connection:
                found = await finding.find(connection, Filter(numbers=numbers), visit.scope, limit=ROWS)
                known = kept.keep(key, inputs, await rows_of(connection, found.cases))
        return known

    async def taken(self, visit: Visit, most: int) -> list[Listed]:
        """All pages of the list, in sight of who asks."""
        given = casefilter.asked(visit)
        taken: list[Listed] = []
        async with self._desk.read() as connection:
            wanted, after = await casefilter.wanted(connection, visit, given), ""
            while len(taken) < most:
                found = await finding.find(connection, wanted, visit.scope, after, finding.MAX_PAGE, given.order)
                taken += [without_numbers(case) for case in found.cases]
                after = found.after
                if not after:
                    break
        return taken


def _quick(visit: Visit, given: Asked) -> list[tuple[str, str, bool]]:
    """What people ask for all day: text, query, and whether it is what is shown."""
    found = [("cases.state.open", "", not given.narrow)]
    if visit.actor is not None and visit.actor.offices:
        found.append(("cases.mine", "mine=yes", given.mine))
    found.append(("cases.over", "light=red", given.lights == {"red"}))
    return [*found, ("cases.unclassified", f"category={UNCLASSIFIED}", given.category == UNCLASSIFIED)]


def _shown(visit: Visit) -> tuple[datetime, frozenset[str]]:
    """Raises 400 for what no page said."""
    top, shown = visit.said("top"), visit.request.query_params.get("shown", "")
    numbers = frozenset(shown.split(",")) if shown else frozenset[str]()
    if not (top.isascii() and top.isdigit() and len(top) < 18 and len(numbers) <= ROWS):
        raise HTTPException(400, detail="top, shown")
    return instant(int(top) + 1), numbers


def routes(desk: Desk) -> list[Route]:
    page = CaseList(desk)
    desk.live["cases"] = page.parts
    return [Route("/cases", page.page), *exports.addresses(desk, CASES, "/cases", page.taken)]
