"""What machines ask the hub for: whether it lives, whether it can read its database, and its numbers. Only reads."""

from __future__ import annotations

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from countyhub.store import tables as t
from countyhub.web.live.snapshot import Read
from countyhub.web.metrics.gauges import Gauges


class Health:
    """The answers, one method a route."""

    def __init__(self, read: Read, gauges: Gauges) -> None:
        self._read, self._gauges = read, gauges

    def routes(self) -> list[Route]:
        return [Route("/livez", self.livez), Route("/readyz", self.readyz), Route("/metrics", self.metrics)]

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
