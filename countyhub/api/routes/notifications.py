"""Who was told what, and calls for help that wait for an answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType
from sqlalchemy import ColumnElement, Row, and_, select, true

from countyhub.api.call import Call
from countyhub.api.problems import NotFound
from countyhub.api.route import Route
from countyhub.api.routes.caseviews import CasePath, Number, look
from countyhub.api.shapes import Cursor, Input, Limit, Output, Page
from countyhub.cases import listing
from countyhub.notify import alerts
from countyhub.notify.alerts import NoSuchCall
from countyhub.store.casetables import cases
from countyhub.store.notifytables import alert, message

MessageState = Literal["waiting", "packed", "dropped", "failed"]


class MessageView(Output, frozen=True, kw_only=True):
    """What somebody is told."""

    id: int
    person: Annotated[str, Meta(description="staff number")]
    channel: Annotated[str, Meta(description="email, sms, wecom, webhook; empty: there is no way to this person")]
    number: Annotated[str, Meta(description="of the case")]
    kind: Annotated[str, Meta(description="the act that it is about, or sos")]
    urgent: bool
    text: str
    made: datetime
    state: Annotated[str, Meta(description="waiting, packed (it goes or has gone), dropped or failed")]
    problem: Annotated[str, Meta(description="why it was dropped or failed")]


class AlertView(Output, frozen=True, kw_only=True):
    """A call for help."""

    number: Annotated[str, Meta(description="of its case")]
    opened: datetime
    drill: bool
    lap: Annotated[int, Meta(description="how often everybody is woken by now")]
    due: Annotated[datetime | None, Meta(description="when the next one is woken; null: it was answered")]
    ended: datetime | None
    ended_by: Annotated[str, Meta(description="who answered; closed: the case is")]


class MessageQuery(Input, frozen=True, kw_only=True):
    after: Cursor = 0
    limit: Limit = 100
    number: Annotated[Number | UnsetType, Meta(description="about this case alone")] = UNSET
    state: tuple[MessageState, ...] = ()
    urgent: bool | UnsetType = UNSET


class AlertQuery(Input, frozen=True, kw_only=True):
    all: Annotated[bool, Meta(description="also those that were answered")] = False
    limit: Limit = 100


async def find(call: Call, *, query: MessageQuery) -> Page[MessageView]:
    """Messages in the order in which they were made. A person's token sees that person's own, a machine's those about
    cases that it sees.
    """
    c = message.c
    wanted = [c.id > query.after, c.person == call.token.person if call.token.person else _about(call, c.number)]
    if query.number is not UNSET:
        wanted.append(c.number == query.number)
    if query.state:
        wanted.append(c.state.in_(query.state))
    if query.urgent is not UNSET:
        wanted.append(c.urgent if query.urgent else ~c.urgent)
    async with call.store.read() as connection:
        rows = (await connection.execute(select(message).where(*wanted).order_by(c.id).limit(query.limit))).all()
    items = tuple(_view(call, row) for row in rows)
    return Page(items=items, next=str(rows[-1].id) if len(rows) == query.limit else "")


async def calls(call: Call, *, query: AlertQuery) -> Page[AlertView]:
    """Calls for help that wait for an answer, the newest first."""
    c = alert.c
    wanted = [_about(call, c.number)] + ([] if query.all else [c.ended.is_(None)])
    async with call.store.read() as connection:
        found = select(alert).where(*wanted).order_by(c.opened.desc(), c.number).limit(query.limit)
        rows = (await connection.execute(found)).all()
    return Page(
        items=tuple(AlertView(**{name: getattr(row, name) for name in AlertView.__struct_fields__}) for row in rows)
    )


async def answer(call: Call, *, path: CasePath) -> AlertView:
    """Answers a call for help in the name of the token's person: nobody else is woken. Acting on its case answers it
    too.
    """
    by = call.actor.id
    async with call.store.read() as connection:
        await look(call, connection, path.number)
    call.headers.pop("etag", None)
    await alerts.acknowledge(call.store, path.number, by, call.now)
    async with call.store.read() as connection:
        row = (await connection.execute(select(alert).where(alert.c.number == path.number))).first()
    if row is None:
        raise NotFound(what="call for help 紧急求助")
    return AlertView(**{name: getattr(row, name) for name in AlertView.__struct_fields__})


def _view(call: Call, row: Row[tuple[object, ...]]) -> MessageView:
    facts = {name: getattr(row, name) for name in MessageView.__struct_fields__}
    return MessageView(**{**facts, "text": call.shown(row.text)})


def _about(call: Call, number: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether it is about a case in sight."""
    seen = listing.seen(call.scope)
    return number.in_(select(cases.c.number).where(and_(*seen))) if seen else true()


ROUTES = (
    Route(method="GET", path="/notifications", call=find, scope="notifications:read", tag="notifications",
          zh="通知记录", en="Messages to people"),
    Route(method="GET", path="/calls", call=calls, scope="notifications:read", tag="notifications",
          zh="待响应的紧急求助", en="Calls for help"),
    Route(method="POST", path="/cases/{number}/answer", call=answer, scope="notifications:ack", tag="notifications",
          problems=(NoSuchCall,), zh="响应紧急求助", en="Answer a call for help"),
)  # fmt: skip
