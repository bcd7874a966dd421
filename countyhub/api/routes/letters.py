"""Unread messages: what could not be read, whole, with the reason. `countyhub deadletter retry` tries them again."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated

from msgspec import Meta
from sqlalchemy import Row, select

from countyhub.api.call import Call
from countyhub.api.problems import NotFound, ReasonNeeded
from countyhub.api.route import Route
from countyhub.api.shapes import Cursor, Input, Limit, Output, Page, RowId
from countyhub.sight import reach
from countyhub.store.tables import dead_letter


class LetterView(Output, frozen=True, kw_only=True):
    """A message that could not be read."""

    id: int
    box: Annotated[str, Meta(description="empty: of a foreign topic")]
    topic: str
    size: Annotated[int, Meta(description="bytes received")]
    code: Annotated[str, Meta(description="why it could not be read")]
    zh: str
    en: str
    received: Annotated[datetime, Meta(description="the first time")]
    last_received: datetime
    count: Annotated[int, Meta(description="how often the same came")]
    stored: Annotated[datetime | None, Meta(description="when it could be read in the end")]


class OneLetter(Output, frozen=True, kw_only=True):
    """A message with what stands in it."""

    letter: LetterView
    payload: Annotated[str, Meta(description="the bytes, base64")]


class LetterQuery(Input, frozen=True, kw_only=True):
    after: Cursor = 0
    limit: Limit = 100
    all: Annotated[bool, Meta(description="also those that could be read in the end")] = False


class LetterPath(Input, frozen=True, kw_only=True):
    letter: Annotated[RowId, Meta(description="id of the message")]


async def find(call: Call, *, query: LetterQuery) -> Page[LetterView]:
    """Unread messages, the oldest first, without their content."""
    c = dead_letter.c
    wanted = select(dead_letter).where(c.id > query.after, reach.of_box(call.scope, c.box, c.received))
    if not query.all:
        wanted = wanted.where(c.stored.is_(None))
    async with call.store.read() as connection:
        rows = (await connection.execute(wanted.order_by(c.id).limit(query.limit))).all()
    items = tuple(_view(call, row) for row in rows)
    return Page(items=items, next=str(rows[-1].id) if len(rows) == query.limit else "")


async def one(call: Call, *, path: LetterPath) -> OneLetter:
    """One unread message with its content, which may hold personal data: each look is in the audit, and a session must
    have given its reason for this message first, at `/look`.
    """
    c = dead_letter.c
    async with call.store.read() as connection:
        wanted = select(dead_letter).where(c.id == path.letter, reach.of_box(call.scope, c.box, c.received))
        row = (await connection.execute(wanted)).first()
    if row is None:
        raise NotFound(what="unread message 未识别报文")
    await call.note_look("personal.revealed", f"letter/{path.letter}")
    return OneLetter(letter=_view(call, row), payload=base64.b64encode(row.payload).decode())


def _view(call: Call, row: Row[tuple[object, ...]]) -> LetterView:
    names = ("id", "box", "topic", "size", "code", "received", "last_received", "count", "stored")
    facts = {name: getattr(row, name) for name in names}
    return LetterView(**facts, zh=call.shown(row.text_zh), en=call.shown(row.text_en))


ROUTES = (
    Route(method="GET", path="/letters", call=find, scope="letters:read", tag="letters",
          zh="未识别报文清单", en="Unread messages"),
    Route(method="GET", path="/letters/{letter}", call=one, scope="letters:read", tag="letters",
          problems=(ReasonNeeded,), zh="查看未识别报文", en="One unread message"),
)  # fmt: skip
