"""Who is let in: the token of a request or its session, how often it may ask, and from where. Nothing here knows a
route.

A good token is always let in at its own pace; who has none, or a wrong one, is slowed down by address.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from starlette.datastructures import Headers
from starlette.types import Scope

from countyhub.accounts import session
from countyhub.accounts.session import Limits as SessionLimits
from countyhub.accounts.viewer import Viewer, viewer
from countyhub.api import tokens
from countyhub.api.origin import CSRF_HEADER, SAFE_METHODS, is_own
from countyhub.api.parts import ApiParts
from countyhub.api.peer import Peer, believed, peer
from countyhub.api.problems import (
    ApiProblem,
    BadToken,
    ForeignRequest,
    MustChangePassword,
    NoToken,
    PlainHttp,
    SessionOver,
    TokenExpired,
    TokenRevoked,
    TooMany,
    TooManyFailures,
)
from countyhub.api.ratelimit import WINDOW_S, Limits, Verdict
from countyhub.api.scopes import SCOPES
from countyhub.api.tokens import Token
from countyhub.store.engine import Store

_CHALLENGE = 'Bearer realm="countyhub"'
USED_EVERY_S = 60.0


NOT_BY_SESSION: Final = frozenset({"people:phone"})
"""What a page shows a person only for a reason that is kept is not for the asking here."""


class Caller(NamedTuple):
    """Who is let in. A session has a token made for the moment, whose id is below zero: no row has it."""

    token: Token
    viewer: Viewer | None
    address: str


class Door:
    """Keeps the counts of all tokens and addresses; `uses`: token id -> last use that is not written down yet."""

    def __init__(self, store: Store, parts: ApiParts) -> None:
        self._store, self._parts = store, parts
        self._proxies = believed(parts.config)
        accounts = parts.config.accounts
        self._sessions = SessionLimits.of(accounts.idle_minutes, accounts.longest_hours)
        self._paces = Limits(parts.config.api.requests_per_minute)
        self._failures = Limits(parts.config.api.failures_per_minute)
        self.uses: dict[int, datetime] = {}

    async def caller(self, scope: Scope, headers: Headers, cookie: str, now: datetime) -> Caller:
        """By the token, or without one by the session's `cookie`. Raises a problem with status 401, 403 or 429."""
        if cookie and "authorization" not in headers:
            other = self._peer(scope, headers)
            found = await self._session(scope.get("method", "GET"), headers, cookie, other, now)
            return Caller(_as_token(found, now), found, other.address)
        return Caller(await self.token(scope, headers, now), None, self.address(scope, headers))

    async def token(self, scope: Scope, headers: Headers, now: datetime) -> Token:
        """The good token of a request. Raises a problem with status 401, 403 or 429."""
        other = self._peer(scope, headers)
        try:
            return await self._token(headers, other, now)
        except ApiProblem as problem:
            verdict = self._failures.take(other.address, time.monotonic())
            if not verdict.allowed:
                raise TooManyFailures(seconds=verdict.wait_s, headers={"retry-after": str(verdict.wait_s)}) from problem
            raise

    async def _token(self, headers: Headers, other: Peer, now: datetime) -> Token:
        kind, _, text = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise NoToken(headers={"www-authenticate": _CHALLENGE})
        if not other.is_private:
            raise PlainHttp
        found = None
        if tokens.is_wellformed(text.strip()):
            async with self._store.read() as connection:
                found = await tokens.find(connection, text.strip())
        invalid = {"www-authenticate": f'{_CHALLENGE}, error="invalid_token"'}
        if found is None:
            raise BadToken(headers=invalid)
        state = found.state(now)
        if state != "good":
            raise (TokenRevoked if state == "revoked" else TokenExpired)(name=found.name, headers=invalid)
        self.uses[found.id] = now
        return found

    async def _session(self, method: str, headers: Headers, cookie: str, other: Peer, now: datetime) -> Viewer:
        """Raises `PlainHttp`, `SessionOver`, `ForeignRequest`, `MustChangePassword`."""
        if not other.is_private:
            raise PlainHttp
        async with self._store.read() as connection:
            found = await session.find(connection, cookie, now, self._sessions)
        if found is None:
            raise SessionOver
        if found.user.must_change:
            raise MustChangePassword
        if method not in SAFE_METHODS:
            if not (is_own(headers) and session.is_csrf(cookie, headers.get(CSRF_HEADER, ""))):
                raise ForeignRequest
            if found.is_stale:  # what scripts only look at keeps nobody logged in
                async with self._store.write() as connection:
                    await session.note_seen(connection, found.id, now)
        await self._parts.book.refresh()
        return viewer(found.user, self._parts.book, now, session=found.id, address=other.address)

    def pace(self, token: Token, headers: dict[str, str]) -> None:
        """Counts the request, and says in `headers` how many are left. Raises `TooMany`."""
        verdict = self._paces.take(token.id, time.monotonic())
        headers.update(_rate_headers(self._paces.per_minute, verdict))
        if not verdict.allowed:
            more = {**headers, "retry-after": str(verdict.wait_s)}
            raise TooMany(seconds=verdict.wait_s, headers=more)

    def address(self, scope: Scope, headers: Headers) -> str:
        """Who is at the other end; behind a proxy the last address that it has added."""
        return self._peer(scope, headers).address

    def _peer(self, scope: Scope, headers: Headers) -> Peer:
        return peer(scope, headers, self._proxies)

    async def write_uses(self) -> None:
        """Notes in the database which tokens were used. Raises what the database raises."""
        used, self.uses = self.uses, {}
        if used:
            async with self._store.write() as connection:
                await tokens.note_used(connection, list(used.items()))


def _as_token(who: Viewer, now: datetime) -> Token:
    scopes = (who.rights & SCOPES.keys()) - NOT_BY_SESSION
    person = who.user if who.actor is not None else ""
    return Token(
        id=-who.account, name=f"user/{who.name}", prefix="", scopes=frozenset(scopes), person=person, area="",
        created=now, by="", expires=None, revoked=None, used=None,
    )  # fmt: skip


def _rate_headers(per_minute: int, verdict: Verdict) -> Mapping[str, str]:
    """As the IETF's draft RateLimit header fields for HTTP (draft-ietf-httpapi-ratelimit-headers) has them."""
    return {
        "ratelimit-policy": f'"token";q={per_minute};w={WINDOW_S}',
        "ratelimit": f'"token";r={verdict.left};t={verdict.full_s}',
    }
