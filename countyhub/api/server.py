"""Answers `/api/1/…`: finds the row of the table, lets the caller in, reads the request, calls, writes the answer.

Every refusal is an RFC 9457 problem with a code. Nothing is answered that the OpenAPI page does not have.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from countyhub.accounts.session import COOKIE, SECURE_COOKIE
from countyhub.api import idempotency, openapi, reading
from countyhub.api.call import Call
from countyhub.api.door import USED_EVERY_S, Caller, Door
from countyhub.api.idempotency import KEY_PATTERN, Answered, Asked
from countyhub.api.parts import ApiParts
from countyhub.api.problems import (
    MEDIA_TYPE,
    Away,
    BadRequest,
    Fault,
    NotFound,
    OnlyWhole,
    ScopeMissing,
    TooLarge,
    TooSlow,
    WrongMethod,
    WrongType,
    answer_of,
)
from countyhub.api.route import Blob, Route, Upload
from countyhub.api.table import ROUTES
from countyhub.audit import trail
from countyhub.store.engine import UNAVAILABLE, Store
from gridwire.problem import Problem

log = logging.getLogger(__name__)

PREFIX: Final = openapi.PREFIX
BODY_TIMEOUT_S = 30
JSON: Final = "application/json"
_KEY = re.compile(KEY_PATTERN)
_VERSION = re.compile(openapi.VERSION_PATTERN)


class Api:
    """The interface on one store, as an ASGI application below `PREFIX`. `run` beside it notes the use of tokens."""

    def __init__(self, store: Store, parts: ApiParts, routes: Sequence[Route] = ROUTES) -> None:
        self._store, self._parts, self._routes = store, parts, routes
        self._page = openapi.document(routes)
        self.door = Door(store, parts)

    async def run(self) -> None:
        """Until cancelled; what is not noted yet is noted then."""
        try:
            while True:
                await asyncio.sleep(USED_EVERY_S)
                await self._note_uses()
        finally:
            await self._note_uses()

    async def _note_uses(self) -> None:
        try:
            await self.door.write_uses()
        except UNAVAILABLE as error:
            log.warning("when tokens were used is not noted: %s", error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, headers = Request(scope, receive), dict[str, str]()
        try:
            answered = await self._answer(request, headers)
        except Problem as problem:
            answered = refusal(problem, request.headers, headers)
        except UNAVAILABLE as error:
            log.warning("a request cannot be answered: %s", error)
            answered = refusal(Away(headers={"retry-after": "5"}), request.headers, headers)
        response = Response(answered.body, answered.status, headers=answered.headers)
        await response(scope, receive, send)

    async def _answer(self, request: Request, headers: dict[str, str]) -> Answered:
        """Raises `Problem`, and what the database raises."""
        path = request.scope["path"].removeprefix(PREFIX)
        if path == openapi.PATH:
            return self._document(request.method)
        route, found = self._find(request.method, path)
        now = datetime.now(UTC)
        caller = await self.door.caller(request.scope, request.headers, cookie_of(request), now)
        token = caller.token
        self.door.pace(token, headers)
        if route.scope and route.scope not in token.scopes:
            challenge = f'Bearer realm="countyhub", error="insufficient_scope", scope="{route.scope}"'
            raise ScopeMissing(scope=route.scope, headers={"www-authenticate": challenge})
        call = await self._call(request, caller, now, headers)
        sees_all = call.scope.whole if route.scope else True  # also finds out persons without a duty
        if route.whole and not sees_all:
            raise OnlyWhole
        with trail.as_(call.asker):
            return await self._carry_out(request, route, found, call)

    def _document(self, method: str) -> Answered:
        if method not in ("GET", "HEAD"):
            raise WrongMethod(method=method, allowed="GET", headers={"allow": "GET"})
        return Answered(200, {"content-type": JSON, "cache-control": "max-age=300"}, self._page)

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """The row for a path, and what stands in its braces. Raises `NotFound`, `WrongMethod`."""
        rows = [(route, match) for route in self._routes if (match := route.pattern.fullmatch(path))]
        if not rows:
            raise NotFound(what="path 路径")
        wanted = "GET" if method == "HEAD" else method
        for route, match in rows:
            if route.method == wanted:
                return route, match.groupdict()
        allowed = ", ".join(sorted({route.method for route, _ in rows}))
        raise WrongMethod(method=method[:16], allowed=allowed, headers={"allow": allowed})

    async def _call(self, request: Request, caller: Caller, now: datetime, headers: dict[str, str]) -> Call:
        await self._parts.book.refresh()
        return Call(
            store=self._store,
            parts=self._parts,
            book=self._parts.book,
            token=caller.token,
            viewer=caller.viewer,
            address=caller.address,
            now=now,
            registry=self._parts.book.registry,
            zh=wants_chinese(request.headers),
            headers=headers,
        )

    async def _carry_out(self, request: Request, route: Route, found: Mapping[str, str], call: Call) -> Answered:
        arguments = _parameters(request, route, found)
        if route.conditional:
            call.seen = _seen(request.headers)
        data = await _data(request, route)
        if route.body is not None:
            arguments["body"] = _body(request.headers, route, data)
        if route.method != "POST" or "idempotency-key" not in request.headers:
            return _encoded(route, call, await route.call(call, **arguments), request.headers)
        key = request.headers["idempotency-key"]
        if not _KEY.fullmatch(key):
            raise _bad_header("Idempotency-Key", "1-64 visible ASCII characters 应为 1 至 64 个可见字符")
        target = f"{request.url.path}?{request.url.query}"
        return await self._once(
            idempotency.asked(call.token.id, key, route.method, target, data), route, call, arguments
        )

    async def _once(self, ask: Asked, route: Route, call: Call, arguments: dict[str, Any]) -> Answered:
        """The same answer for the same request, however often it comes."""
        async with self._store.write() as connection:
            before = await idempotency.begin(connection, ask, call.now)
        if before is not None:
            rate = {name: value for name, value in call.headers.items() if name.startswith("ratelimit")}
            return before._replace(headers={**before.headers, **rate, "idempotency-replayed": "true"})

        async def keep(connection: AsyncConnection, value: Any) -> None:
            await idempotency.keep(connection, ask, _encoded(route, call, value, Headers()))

        call.keep = keep
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self._forget, ask)
            answered = _encoded(route, call, await route.call(call, **arguments), Headers())
            undo.pop_all()
        async with self._store.write() as connection:
            await idempotency.keep(connection, ask, answered)
        return answered

    async def _forget(self, ask: Asked) -> None:
        async with self._store.write() as connection:
            await idempotency.forget(connection, ask)


def cookie_of(request: Request) -> str:
    """The session's cookie, if there is one."""
    return request.cookies.get(SECURE_COOKIE, "") or request.cookies.get(COOKIE, "")


def wants_chinese(headers: Headers) -> bool:
    """By Accept-Language; Chinese where it says nothing."""
    said = headers.get("accept-language", "").lower()
    zh, en = said.find("zh"), said.find("en")
    return en < 0 or 0 <= zh < en


def refusal(problem: Problem, asked: Headers, headers: Mapping[str, str]) -> Answered:
    """The answer to a request that is refused."""
    zh = wants_chinese(asked)
    told = answer_of(problem, zh=zh)
    own: dict[str, str] = getattr(problem, "headers", {})
    given = {**headers, **own, "content-type": MEDIA_TYPE, "content-language": "zh-CN" if zh else "en"}
    return Answered(told.status, given, msgspec.json.encode(told))


def _parameters(request: Request, route: Route, found: Mapping[str, str]) -> dict[str, Any]:
    """Path and query as the route has them. Raises `BadRequest`."""
    arguments: dict[str, Any] = {}
    given = reading.query_of(request.scope["query_string"])
    if route.where is not None:
        arguments["path"] = reading.parameters(route.where, list(found.items()))
    if route.query is not None:
        arguments["query"] = reading.parameters(route.query, given)
    elif given:
        name = given[0][0][:40]
        raise BadRequest(why=name, errors=(Fault(at=name, why="unknown parameter 未知参数"),))
    return arguments


def _seen(headers: Headers) -> int | None:
    """The version that If-Match names. Raises `BadRequest`."""
    said = headers.get("if-match")
    if said is None or said == "*":
        return None
    found = _VERSION.fullmatch(said)
    if found is None:
        raise _bad_header("If-Match", 'as the ETag was, e.g. "7" 应与 ETag 一致，例如 "7"')
    return int(said.strip('"'))


def _bad_header(name: str, why: str) -> BadRequest:
    return BadRequest(why=f"{name}: {why}", errors=(Fault(at=name, why=why),))


async def _data(request: Request, route: Route) -> bytes:
    """The body, as far as it may be. Raises `TooLarge`, `TooSlow`."""
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for part in request.stream():
                found += part
                if len(found) > route.max_bytes:
                    raise TooLarge(limit=route.max_bytes, headers={"connection": "close"})
    except TimeoutError as error:
        raise TooSlow(seconds=BODY_TIMEOUT_S, headers={"connection": "close"}) from error
    return bytes(found)


def _body(headers: Headers, route: Route, data: bytes) -> Any:
    """Raises `WrongType`, `BadRequest`."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if route.body is Upload:
        if kind not in route.takes:
            raise WrongType(wanted=", ".join(route.takes))
        return Upload(data, kind)
    if kind != JSON:
        raise WrongType(wanted=JSON)
    return reading.body(route.body, data)


def _encoded(route: Route, call: Call, value: Any, asked: Headers) -> Answered:
    """The answer on the wire; 304 for what the caller has already."""
    if value is None:
        return Answered(204, call.headers, b"")
    if not isinstance(value, Blob):
        return Answered(route.status, {**call.headers, "content-type": JSON}, msgspec.json.encode(value))
    headers = {**call.headers, "content-type": value.media_type}
    if value.etag:
        headers |= {"etag": f'"{value.etag}"', "cache-control": "private, max-age=604800, immutable"}
        if value.etag in asked.get("if-none-match", ""):
            return Answered(304, headers, b"")
    if value.file_name:
        headers["content-disposition"] = _disposition(value.file_name)
    return Answered(route.status, headers, value.data)


def _disposition(name: str) -> str:
    """To be saved, never shown: what somebody attached must not run as a page of ours (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
