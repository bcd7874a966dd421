"""Tokens: which there are, what one's own may do, and revoking. They are made by `countyhub token add` alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from countyhub.api import tokens
from countyhub.api.call import Call
from countyhub.api.problems import NotFound
from countyhub.api.route import Route
from countyhub.api.shapes import Input, Output, Page, RowId
from countyhub.api.tokens import State, Token


class TokenView(Output, frozen=True, kw_only=True):
    """A token, never its text."""

    id: RowId
    name: Annotated[str, Meta(description="who uses it")]
    prefix: Annotated[str, Meta(description="how it begins")]
    state: State
    scopes: Annotated[tuple[str, ...], Meta(description="what it is for")]
    person: Annotated[str, Meta(description="in whose name it acts; empty: a machine's own")]
    area: Annotated[str, Meta(description="what it sees; empty: as its person, or everything")]
    created: datetime
    expires: Annotated[datetime | None, Meta(description="null: never")]
    revoked: datetime | None
    used: Annotated[datetime | None, Meta(description="last use, to the minute")]


class TokenPath(Input, frozen=True, kw_only=True):
    token: Annotated[RowId, Meta(description="id of the token")]


async def own(call: Call) -> TokenView:
    """The token that is used for this request: a look whether it works, and what for."""
    if call.viewer is not None:
        raise NotFound(what="token 令牌")
    return _view(call.token, call)


async def every(call: Call) -> Page[TokenView]:
    """All tokens that there ever were, the oldest first, in one page."""
    async with call.store.read() as connection:
        found = await tokens.every(connection)
    return Page(items=tuple(_view(each, call) for each in found))


async def revoke(call: Call, *, path: TokenPath) -> TokenView:
    """From the next request on the token opens nothing. It stays in the list, and its name is never used again."""
    async with call.store.write() as connection:
        wanted = next((each for each in await tokens.every(connection) if each.id == path.token), None)
        if wanted is None:
            raise NotFound(what="token 令牌")
        return _view(await tokens.revoke(connection, wanted.name, call.now), call)


def _view(token: Token, call: Call) -> TokenView:
    names = ("id", "name", "prefix", "person", "area", "created", "expires", "revoked", "used")
    given = {name: getattr(token, name) for name in names}
    return TokenView(**given, state=token.state(call.now), scopes=tuple(sorted(token.scopes)))


ROUTES = (
    Route(method="GET", path="/token", call=own, scope="", tag="tokens", zh="当前令牌", en="The token in use"),
    Route(method="GET", path="/tokens", call=every, scope="tokens:read", tag="tokens", whole=True,
          zh="令牌清单", en="All tokens"),
    Route(method="DELETE", path="/tokens/{token}", call=revoke, scope="tokens:revoke", tag="tokens", whole=True,
          zh="吊销令牌", en="Revoke a token"),
)  # fmt: skip
