"""Lets in only what this console is for: reading and forms under a name of ours, other methods below /api/ alone; and
tells browsers to load nothing from elsewhere. Who may do what, `logingate` asks.

A page of another site that has pointed its own name at this machine (DNS rebinding) is refused by its Host header.
"""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countyhub.web.settings import ConsoleSettings
from countyhub.web.texts.table import text

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with none at all browsers say `Origin: null` in the forms of our own pages
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}
DEFAULT_CACHE = "no-store"
OTHER_METHODS = "/api/"
METHODS = ("GET", "HEAD", "POST")
TLS_ONLY = "max-age=31536000"
"""A browser that has come by TLS once comes by nothing else for a year (RFC 6797)."""


def accepted_names(settings: ConsoleSettings) -> frozenset[str]:
    """Host names under which the console answers, lower case, without port."""
    names = {*LOOPBACK_NAMES, *(name.lower() for name in settings.host_names)}
    if _is_specific(settings.bind_host):
        names.add(settings.bind_host.lower())
    return frozenset(names)


def _is_specific(host: str) -> bool:
    """Whether the bound address is one address rather than all of them."""
    try:
        return not ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return bool(host)


def host_name(header: str) -> str:
    """The name in a Host header: without port and brackets, lower case."""
    if header.startswith("["):
        return header[1:].partition("]")[0].lower()
    return header.partition(":")[0].lower().rstrip(".")


class Guard:
    """ASGI middleware around the whole console."""

    def __init__(self, app: ASGIApp, settings: ConsoleSettings) -> None:
        self._app, self._names = app, accepted_names(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", DEFAULT_CACHE)
                if scope.get("scheme") == "https":
                    headers["strict-transport-security"] = TLS_ONLY
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, secured)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if scope["method"] not in METHODS and not scope["path"].startswith(OTHER_METHODS):
            both = f"{text('error.405', 'zh')}\n{text('error.405', 'en')}\n"
            return PlainTextResponse(both, 405, headers={"allow": ", ".join(METHODS)})
        name = host_name(Headers(scope=scope).get("host", ""))
        if name not in self._names:
            both = f"{text('error.host', 'zh', host=name[:64])}\n{text('error.host', 'en', host=name[:64])}\n"
            return PlainTextResponse(both, 421)
        return None
