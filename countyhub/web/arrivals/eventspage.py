"""Events: what arrives, as it arrives; the newest page is live, older ones are not. Only reads."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.overview import arrivals
from countyhub.overview.arrivals import LISTED
from countyhub.web.desk import Desk
from countyhub.web.render import names_of
from countyhub.web.streams.eventstream import Streams, event_filter

_ROW_NUMBER_MAX = 2**63 - 1


class EventsPage:
    """The page; how it goes on is `Streams`'."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /events?box=&type=&before=&lang=`; raises 400 for what is no number."""
        before, rows_max = _number(request, "before", None), self._desk.settings.page_rows
        whole = await self._desk.watch.look()
        visit = await self._desk.visit(request)
        wanted, snapshot = event_filter(request, visit.scope), await self._desk.seen(visit, whole)
        async with self._desk.read() as connection:
            rows = await arrivals.newest(connection, wanted, rows_max, before=before or snapshot.last_id + 1)
        query = {"box": wanted.box, "type": wanted.type, "sight": visit.viewer.sight}
        query["after"] = self._desk.watch.position(snapshot.last_id)
        context = self._desk.renderer.context(visit.language)
        return await self._desk.page(
            visit,
            "events.html",
            here="events",
            stream="" if before else context.url(path="/live", lang=visit.language, **query),
            snapshot=snapshot,
            names=names_of(snapshot),
            choices=sorted(snapshot.boxes, key=lambda box: box.id),
            types=tuple(LISTED.values()),
            wanted=wanted,
            rows=rows,
            older=rows[-1].id if len(rows) == rows_max else None,
        )


def _number(request: Request, name: str, default: int | None) -> int | None:
    """A positive number of the query; raises 400 for anything else."""
    said = request.query_params.get(name)
    if not said:
        return default
    if not (said.isascii() and said.isdigit() and 0 < int(said) <= _ROW_NUMBER_MAX):
        raise HTTPException(400, detail=name)
    return int(said)


def routes(desk: Desk) -> list[Route]:
    return [Route("/events", EventsPage(desk).page), Route("/live", Streams(desk).respond)]
