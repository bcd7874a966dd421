"""The control port of a simulator: HTTP and JSON on loopback, without credentials, for other processes to use."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from simulators.camera.http import HttpServer, Request, Response


class Refused(Exception):
    """The request asks for what does not exist."""


class ControlPort:
    """Serves until stopped; `port` is known after `start`. `run` answers, raises `Refused` or msgspec.DecodeError."""

    def __init__(self, run: Callable[[Request], object], *, port: int = 0) -> None:
        self._run = run
        self._server = HttpServer(self._answer, port=port)

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        await self._server.start()

    async def stop(self) -> None:
        await self._server.stop()

    async def _answer(self, request: Request) -> Response:
        try:
            return _json(200, self._run(request))
        except (Refused, msgspec.DecodeError) as error:
            return _json(400, {"error": str(error)})


def _json(status: int, value: object) -> Response:
    return Response(status, msgspec.json.encode(value), "application/json")
