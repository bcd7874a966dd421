"""Who is let in: the token of a request, how often it may ask, and from where. Nothing here knows a route.

A good token is always let in at its own pace; who has none, or a wrong one, is slowed down by address.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from datetime import datetime

from starlette.datastructures import Headers
from starlette.types import Scope

from countyhub.api import tokens
from countyhub.api.limits import WINDOW_S, Limits, Verdict
from countyhub.api.problems import (
    ApiProblem,
    BadToken,
    NoToken,
    PlainHttp,
    TokenExpired,
    TokenRevoked,
    TooMany,
    TooManyFailures,
)
from countyhub.api.settings import ApiParts
from countyhub.api.tokens import Token
from countyhub.store.engine import Store

_CHALLENGE = 'Bearer realm="countyhub"'
USED_EVERY_S = 60.0


class Door:
    """Keeps the counts of all tokens and addresses; `uses`: token id -> last use that is not written down yet."""

    def __init__(self, store: Store, parts: ApiParts) -> None:
        self._store, self._parts = store, parts
        self._paces = Limits(parts.config.api.requests_per_minute)
        self._failures = Limits(parts.config.api.failures_per_minute)
        self.uses: dict[int, datetime] = {}

    async def token(self, scope: Scope, headers: Headers, now: datetime) -> Token:
        """The good token of a request. Raises a problem with status 401, 403 or 429."""
        address = self.address(scope, headers)
        try:
            return await self._token(headers, address, now)
        except ApiProblem as problem:
            verdict = self._failures.take(address, time.monotonic())
            if not verdict.allowed:
                raise TooManyFailures(seconds=verdict.wait_s, headers={"retry-after": str(verdict.wait_s)}) from problem
            raise

    async def _token(self, headers: Headers, address: str, now: datetime) -> Token:
        kind, _, text = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise NoToken(headers={"www-authenticate": _CHALLENGE})
        is_local = _is_loopback(address) and "x-forwarded-for" not in headers
        if not (is_local or self._parts.config.api.behind_proxy):
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

    def pace(self, token: Token, headers: dict[str, str]) -> None:
        """Counts the request, and says in `headers` how many are left. Raises `TooMany`."""
        verdict = self._paces.take(token.id, time.monotonic())
        headers.update(_rate_headers(self._paces.per_minute, verdict))
        if not verdict.allowed:
            more = {**headers, "retry-after": str(verdict.wait_s)}
            raise TooMany(seconds=verdict.wait_s, headers=more)

    def address(self, scope: Scope, headers: Headers) -> str:
        """Who is at the other end; behind a proxy the last address that it has added."""
        forwarded = headers.get("x-forwarded-for", "") if self._parts.config.api.behind_proxy else ""
        if forwarded:
            return forwarded.rpartition(",")[2].strip()[:64]
        client = scope.get("client")
        return str(client[0]) if client else "127.0.0.1"

    async def write_uses(self) -> None:
        """Notes in the database which tokens were used. Raises what the database raises."""
        used, self.uses = self.uses, {}
        if used:
            async with self._store.write() as connection:
                await tokens.note_used(connection, list(used.items()))


def _is_loopback(address: str) -> bool:
    """Also of an IPv4 address that came to an IPv6 socket."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return found.is_loopback or bool(mapped and mapped.is_loopback)


def _rate_headers(per_minute: int, verdict: Verdict) -> Mapping[str, str]:
    """As the IETF's draft RateLimit header fields for HTTP (draft-ietf-httpapi-ratelimit-headers) has them."""
    return {
        "ratelimit-policy": f'"token";q={per_minute};w={WINDOW_S}',
        "ratelimit": f'"token";r={verdict.left};t={verdict.full_s}',
    }
