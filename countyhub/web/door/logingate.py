"""Lets in who is logged in and has the right for the page; sends the others to the log-in. Stands before every page,
and ends an answer that lasts long, as a live page's, with its session (`openanswers`).

What changes something must come from a page of this session: by Sec-Fetch-Site or Origin, and by a token that only such
a page knows, in the field or query parameter `csrf` or the header X-CSRF-Token. The interface for programs has its own
door.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from countyhub.accounts import session
from countyhub.accounts.roles import ROLES
from countyhub.accounts.session import COOKIE, SECURE_COOKIE
from countyhub.accounts.viewer import Standing, Viewer, viewer
from countyhub.api import tokens
from countyhub.api.origin import CSRF_HEADER, SAFE_METHODS, is_own
from countyhub.api.peer import Peer, peer
from countyhub.audit import trail
from countyhub.store.engine import UNAVAILABLE
from countyhub.web.access import ANYONE, EXPORTED, HEALTH, MONITORING, PUBLIC, is_known, page_of
from countyhub.web.door.lobby import Lobby
from countyhub.web.door.openanswers import OpenAnswers
from countyhub.web.texts.table import both

log = logging.getLogger(__name__)
FORM_BYTES_MAX = 256 * 1024
_FORM = "application/x-www-form-urlencoded"
_EXPORTED = re.compile(f".+{EXPORTED}")


Lost = Callable[[Request, Exception], Awaitable[Response]]
"""Makes the page for what is not there."""
_LOST = HTTPException(404)


class SessionEnded(Exception):
    """Ends an answer that is under way."""


class Gate:
    """ASGI middleware around the pages. `request.state.viewer` is who asks, None on public pages without a session;
    `request.state.standing` says who he is later."""

    def __init__(self, app: ASGIApp, lobby: Lobby, lost: Lost) -> None:
        self._app, self._lobby, self._lost = app, lobby, lost
        self._answers = OpenAnswers(lobby.store, lobby.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        other = peer(scope, request.headers, self._lobby.proxies)
        try:
            standing = await self._standing(request, other)
            found = standing.at(datetime.now(UTC)) if standing is not None else None
            refusal = await self._refusal(request, other, found)
            if refusal is None and request.method not in SAFE_METHODS:
                receive, refusal = await self._checked(request, found)
        except UNAVAILABLE as error:
            log.warning("nobody can be let in: %s", error)
            refusal = PlainTextResponse(both("gate.away"), 503, headers={"retry-after": "5"})
        if refusal is not None:
            await (await self._shown(request, refusal))(scope, receive, send)
            return
        scope.setdefault("state", {}).update(viewer=found, standing=standing, peer=other)
        with trail.as_(found.asker if found is not None else trail.Asker("anybody", "", other.address)):
            await self._pass(scope, receive, send, found)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, found: Viewer | None) -> None:
        if found is None:
            await self._app(scope, receive, send)
            return
        with self._answers.under_way(found.session) as is_over:

            async def watched(message: Message) -> None:
                if message["type"] == "http.response.body" and await is_over():
                    raise SessionEnded
                await send(message)

            try:
                await self._app(scope, receive, watched)
            except SessionEnded:
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    # Who it is.

    async def _standing(self, request: Request, other: Peer) -> Standing | None:
        """Of the session's cookie; over an open network nobody."""
        cookie, now = cookie_of(request, other), datetime.now(UTC)
        if not cookie or not other.is_private:
            return None
        lobby = self._lobby
        async with lobby.store.read() as connection:
            found = await session.find(connection, cookie, now, lobby.limits)
        if found is None:
            return None
        if found.is_stale and not request.url.path.startswith("/live"):
            async with lobby.store.write() as connection:
                await session.note_seen(connection, found.id, now)
        await lobby.book.refresh()
        user = found.user
        if lobby.password_days and now - user.changed > timedelta(days=lobby.password_days):
            user = user._replace(must_change=True)
        token = session.csrf(cookie)
        first = viewer(user, lobby.book, now, session=found.id, csrf=token, address=other.address)
        return Standing(user, lobby.book, first, now)

    # Whether he may.

    async def _refusal(self, request: Request, other: Peer, found: Viewer | None) -> Response | None:
        page = page_of(request.method, request.url.path)
        right = page.right if page is not None else None
        if page is not None and page.path == HEALTH:
            return None
        if other.is_stranger or not other.is_private:
            return _refused("stranger" if other.is_stranger else "plain")
        if right == PUBLIC or (right == MONITORING and (other.is_local or await self._has_token(request, other))):
            return None
        if found is None or right is None:
            return _to_login(request) if found is None else await self._missing(request)
        refusal = _by_right(request, right, found)
        if refusal is None and page is not None and page.whole and not found.scope.whole:
            return _refused("whole")
        if refusal is None and _EXPORTED.fullmatch(request.url.path):
            await self._note_export(request, found)
        return refusal

    async def _note_export(self, request: Request, found: Viewer) -> None:
        what = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        async with self._lobby.store.write() as connection:
            await trail.note(connection, "export", what, by=found.asker)

    async def _shown(self, request: Request, refusal: Response) -> Response:
        """People get a page, programs the text."""
        if isinstance(refusal, _Refusal) and "text/html" in request.headers.get("accept", ""):
            return await self._lost(request, Refused(refusal.status_code, refusal.said))
        return refusal

    async def _missing(self, request: Request) -> Response:
        return _refused("method", 405) if is_known(request.url.path) else await self._lost(request, _LOST)

    async def _has_token(self, request: Request, other: Peer) -> bool:
        """Prometheus shows one where it does not run on this machine."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not other.is_private or not tokens.is_wellformed(text.strip()):
            return False
        async with self._lobby.store.read() as connection:
            token = await tokens.find(connection, text.strip())
        return token is not None and token.state(datetime.now(UTC)) == "good" and MONITORING in token.scopes

    # What changes something.

    async def _checked(self, request: Request, found: Viewer | None) -> tuple[Receive, Response | None]:
        """The request's body as it can still be read; a refusal for what comes from elsewhere."""
        headers, receive = request.headers, request.receive
        if not is_own(headers):
            return receive, _refused("foreign")
        if found is None:  # the log-in: there is no session yet that anybody could misuse
            return receive, None
        cookie = cookie_of(request, peer(request.scope, headers, self._lobby.proxies))
        said = headers.get(CSRF_HEADER) or request.query_params.get("csrf", "")
        if not said and headers.get("content-type", "").partition(";")[0].strip().lower() == _FORM:
            body = await _body(request)
            if body is None:
                return receive, PlainTextResponse(both("gate.large"), 413, headers={"connection": "close"})
            said = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)).get("csrf", "")
            receive = _again(body, receive)
        return receive, None if session.is_csrf(cookie, said) else _refused("foreign")


def cookie_of(request: Request, other: Peer) -> str:
    """The session's cookie, by the name that it has on this way."""
    return request.cookies.get(SECURE_COOKIE if other.is_tls else COOKIE, "")


def _by_right(request: Request, right: str, found: Viewer) -> Response | None:
    """Whether somebody who is logged in gets this page."""
    if right == ANYONE:
        return None
    is_safe = request.method in SAFE_METHODS
    if found.must_change or not found.on_duty:
        why = "must_change" if found.must_change else "duty"
        return RedirectResponse("/account", 303) if is_safe else _refused(why)
    if not right or found.may(right):
        return None
    if request.url.path == "/":
        return RedirectResponse("/audit" if found.may("audit:read") else "/account", 303)
    zh, en = ([ROLES[role][number] for role in found.roles] for number in (0, 1))
    return _Refusal(both("gate.right", "、".join(map(str, zh)), ", ".join(map(str, en))), 403)


def _to_login(request: Request) -> Response:
    """People are led there, and come back; scripts are told."""
    if request.method not in SAFE_METHODS or request.url.path.startswith("/live"):
        return PlainTextResponse(both("gate.login"), 401)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}", 303)


def _refused(why: str, status: int = 403) -> Response:
    return _Refusal(both(f"gate.{why}"), status)


class Refused(HTTPException):
    """Somebody may not, for a reason that is told. `said`: in Chinese and English."""

    def __init__(self, status: int, said: tuple[str, str]) -> None:
        super().__init__(status)
        self.said = said


class _Refusal(PlainTextResponse):
    """In both languages, a line for each."""

    def __init__(self, said: str, status: int) -> None:
        super().__init__(said, status)
        zh, _, en = said.strip().partition("\n")
        self.said = zh, en


async def _body(request: Request) -> bytes | None:
    """None for what is too large."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > FORM_BYTES_MAX:
            return None
    return bytes(found)


def _again(body: bytes, receive: Receive) -> Receive:
    """Gives the body that was read already, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
