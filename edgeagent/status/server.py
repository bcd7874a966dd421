"""The routes: page, JSON, metrics and the two probes. A port that is taken costs the page, never the agent."""

from __future__ import annotations

import asyncio
import errno
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from edgeagent.config import StatusSettings
from edgeagent.configfile import Loaded
from edgeagent.health import HealthReport
from edgeagent.status.http import HttpServer, Response, text
from edgeagent.status.page import POLICY, render
from edgeagent.status.request import Request
from edgeagent.status.scrub import Scrub
from edgeagent.status.state import BoxStatus, snapshot
from gridwire.problem import Language, Problem

if TYPE_CHECKING:  # takes longer to import than most of the agent, and most boxes are never scraped
    from edgeagent.status.exposition import Exporter

log = logging.getLogger(__name__)

PROBE_TIMEOUT_S = 2.0
_LANGUAGES: dict[str, Language] = {"zh": "zh", "en": "en"}
_SILENT_STORE = (sqlite3.Error, ValueError, OSError, TimeoutError)
"""What a store raises that is damaged, closed, gone or stuck."""


class PortInUse(Problem):
    code = "status.port-in-use"
    en = "no status page: port {port} of {host} is in use; set another `port` under [status], or 0"
    zh = "状态页未启动：{host} 的端口 {port} 已被占用；请在 [status] 中改用其他 port，或设为 0"


class CannotListen(Problem):
    code = "status.cannot-listen"
    en = "no status page: cannot listen on {host}, port {port}: {why}"
    zh = "状态页未启动：无法监听 {host} 的端口 {port}：{why}"


class StatusServer:
    """Shows one `HealthReport` over HTTP. May be started again after `stop`, e.g. with other settings."""

    def __init__(self, health: HealthReport, language: Language) -> None:
        self._health, self._language = health, language
        self._http = HttpServer(self._answer)
        self._exporter: Exporter | None = None
        self._scrub: tuple[Loaded, Scrub] | None = None
        self._routes: dict[str, Callable[[Language], Awaitable[Response]]] = {
            "/": self._page,
            "/status.json": self._json,
            "/metrics": self._metrics,
            "/livez": self._live,
            "/readyz": self._ready,
        }

    @property
    def port(self) -> int | None:
        """The port it listens on; None while it does not."""
        return self._http.port

    async def start(self, settings: StatusSettings) -> None:
        """Listen, if enabled. When that is impossible it is logged, and the agent goes on without the page."""
        if not settings.enabled:
            return
        try:
            await self._http.start(settings.host, settings.port)
        except OSError as error:
            problem = _problem(settings, error)
            log.warning("%s / %s", problem.text("zh"), problem.text("en"))
        else:
            log.info("status page at http://%s:%s/", settings.host, self.port)

    async def stop(self) -> None:
        await self._http.stop()

    async def _answer(self, request: Request) -> Response:
        route = self._routes.get(request.path)
        if route is None:
            return text("not found: / /status.json /metrics /livez /readyz", 404)
        language = _LANGUAGES.get(request.query.get("lang", ""), self._language)
        try:
            return await route(language)
        except _SILENT_STORE as error:
            log.warning("%s: the store does not answer: %r", request.path, error)
            return text(_say(language, "存储没有应答", "the store does not answer"), 503)

    async def _page(self, language: Language) -> Response:
        page = render(await self._snapshot(), language, self._health.loaded.config.timezone)
        return Response(page.encode(), "text/html; charset=utf-8", policy=POLICY)

    async def _json(self, _: Language) -> Response:
        return Response(msgspec.json.encode(await self._snapshot()), "application/json")

    async def _metrics(self, _: Language) -> Response:
        status = await self._snapshot()
        if self._exporter is None:
            self._exporter = await asyncio.to_thread(_exporter)
        return Response(self._exporter.text(status), self._exporter.content_type)

    async def _live(self, language: Language) -> Response:
        """The loop runs this; the read goes through the store."""
        await self._touch_store()
        return text(_say(language, "正常", "alive"))

    async def _ready(self, language: Language) -> Response:
        """Ready without the hub, too: the box needs none to work."""
        await self._touch_store()
        if not self._health.devices_started:
            return text(_say(language, "未就绪：设备尚未启动", "not ready: the devices have not been started"), 503)
        if self._health.link.connected:
            return text(_say(language, "就绪；已连接县级平台", "ready; connected to the hub"))
        return text(_say(language, "就绪；未连接县级平台", "ready; not connected to the hub"))

    async def _touch_store(self) -> None:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            await self._health.touch_store()

    async def _snapshot(self) -> BoxStatus:
        loaded = self._health.loaded
        if self._scrub is None or self._scrub[0] is not loaded:  # another configuration has other secrets
            self._scrub = loaded, Scrub(loaded)
        return await snapshot(self._health, self._scrub[1])


def _exporter() -> Exporter:
    """On a thread: the import takes a tenth of a second on a small board."""
    from edgeagent.status.exposition import Exporter

    return Exporter()


def _problem(settings: StatusSettings, error: OSError) -> Problem:
    if error.errno == errno.EADDRINUSE:
        return PortInUse(host=settings.host, port=settings.port)
    return CannotListen(host=settings.host, port=settings.port, why=error.strerror or str(error))


def _say(language: Language, zh: str, en: str) -> str:
    return zh if language == "zh" else en
