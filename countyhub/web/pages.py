"""What browsers and machines may ask for, one method a route; reads only. Errors of the reader are 400 and 404."""

from __future__ import annotations

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from countyhub.overview import arrivals
from countyhub.overview.arrivals import LISTED
from countyhub.store import tables as t
from countyhub.store.engine import UNAVAILABLE
from countyhub.web.desk import Desk
from countyhub.web.door.logingate import Refused
from countyhub.web.metrics.gauges import Gauges
from countyhub.web.render import language_of, names_of
from countyhub.web.streams.eventstream import Streams, event_filter
from countyhub.web.texts.table import text

_ROW_NUMBER_MAX = 2**63 - 1


class Pages:
    """The routes' functions, and what they need."""

    def __init__(self, desk: Desk, streams: Streams, gauges: Gauges) -> None:
        self._desk, self._read, self._watch = desk, desk.read, desk.watch
        self._renderer, self._settings = desk.renderer, desk.settings
        self._streams, self._gauges = streams, gauges

    async def events(self, request: Request) -> Response:
        """`GET /events?box=&type=&before=&lang=`: the newest events are live, older pages are not."""
        before, rows_max = _number(request, "before", None), self._settings.page_rows
        whole = await self._watch.look()
        visit = await self._desk.visit(request)
        wanted, snapshot = event_filter(request, visit.scope), await self._desk.seen(visit, whole)
        async with self._read() as connection:
            rows = await arrivals.newest(connection, wanted, rows_max, before=before or snapshot.last_id + 1)
        query = {"box": wanted.box, "type": wanted.type, "sight": visit.viewer.sight}
        query["after"] = self._watch.position(snapshot.last_id)
        context = self._renderer.context(visit.language)
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

    async def live(self, request: Request) -> Response:
        return await self._streams.respond(request)

    async def livez(self, request: Request) -> Response:
        """`GET /livez`: the process answers."""
        return PlainTextResponse("ok\n")

    async def readyz(self, request: Request) -> Response:
        """`GET /readyz`: 200 when the database can be read, else 503."""
        async with self._read() as connection:
            await connection.execute(select(t.event.c.id).limit(1))
        return PlainTextResponse("ok\n")

    async def metrics(self, request: Request) -> Response:
        """`GET /metrics`: for Prometheus."""
        return Response(await self._gauges.text(), headers={"content-type": self._gauges.content_type})

    async def failed(self, request: Request, error: Exception) -> Response:
        """Every refusal, for people."""
        language = language_of(request, self._settings)
        status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
        if isinstance(error, UNAVAILABLE):
            status = 503
        key = f"error.{status}"
        message = text(key if status in (400, 403, 404, 405, 413, 503) else "error.title", language, detail=detail)
        if isinstance(error, Refused):
            message = error.said[0 if language == "zh" else 1]
        headers = error.headers if isinstance(error, HTTPException) else None
        html = self._renderer.page("error.html", language, status=status, message=message)
        return HTMLResponse(html, status, headers=headers)


def _number(request: Request, name: str, default: int | None) -> int | None:
    """A positive number of the query; raises 400 for anything else."""
    said = request.query_params.get(name)
    if not said:
        return default
    if not (said.isascii() and said.isdigit() and 0 < int(said) <= _ROW_NUMBER_MAX):
        raise HTTPException(400, detail=name)
    return int(said)
