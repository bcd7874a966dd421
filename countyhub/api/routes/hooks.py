"""Webhooks: what the hub sends to other systems by itself. docs/feeds.md says how, and what they get."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.api.call import Call
from countyhub.api.route import Route
from countyhub.api.shapes import PLAIN, Input, Limit, Output, Page, Ulid
from countyhub.config import FeedType
from countyhub.feeds import outbox, subscriptions
from countyhub.feeds.outbox import Delivery
from countyhub.feeds.post import Poster
from countyhub.feeds.source import sources
from countyhub.feeds.subscriptions import NoSuchWebhook, Subscription, TooManyWebhooks
from countyhub.feeds.webhook import attempt, test_message
from countyhub.outbound import signature
from countyhub.outbound.targets import BadUrl, NameUnknown, NotEncrypted, PrivateAddress, parse
from countyhub.registry.formparts import AREA_PATTERN
from gridwire.identifiers import END, NAME_PATTERN, new_ulid

State = Literal["active", "paused"]
DeliveryState = Literal["waiting", "done", "dead"]
_TARGET = (BadUrl, PrivateAddress, NotEncrypted, NameUnknown)


class HookView(Output, frozen=True, kw_only=True):
    """A system that is told."""

    id: str
    name: str
    url: str
    types: Annotated[tuple[str, ...], Meta(description="kinds of events, and `case` for the steps of cases")]
    kinds: Annotated[tuple[str, ...], Meta(description="of alarms only these kinds; empty: all")]
    areas: Annotated[tuple[str, ...], Meta(description="only what lies in these areas; empty: all")]
    state: Annotated[str, Meta(description="active, paused, or gone: it answered 410")]
    reason: Annotated[str, Meta(description="why it is not active")]
    by: str
    created: datetime
    failing_since: Annotated[datetime | None, Meta(description="null: the last attempt was taken")]
    waiting: Annotated[int, Meta(description="deliveries that are ready")]
    dead: Annotated[int, Meta(description="deliveries that were given up")]


class HookMade(Output, frozen=True, kw_only=True):
    """A webhook, and what its deliveries are signed with: told this once."""

    hook: HookView
    secret: Annotated[str, Meta(description="whsec_ and base64, as Standard Webhooks has it")]


class DeliveryView(Output, frozen=True, kw_only=True):
    """One delivery, without its body."""

    id: int
    message: Annotated[str, Meta(description="the header webhook-id")]
    type: str
    state: DeliveryState
    attempts: int
    created: datetime
    due: datetime
    tried: datetime | None
    finished: datetime | None
    status: Annotated[int | None, Meta(description="HTTP status of the last attempt; null: no answer")]
    error: str


class Tested(Output, frozen=True, kw_only=True):
    """What a receiver said to a test."""

    taken: bool
    status: Annotated[int, Meta(description="HTTP status; 0: no answer")]
    text: str


class HookIn(Input, frozen=True, kw_only=True):
    """Who is to be told of what."""

    name: Annotated[str, Meta(max_length=64, pattern=PLAIN, description="for people")] = ""
    url: Annotated[str, Meta(max_length=2000, pattern=r"^https?://[!-~]+" + END, description="where to; https")]
    types: Annotated[tuple[FeedType, ...], Meta(min_length=1, max_length=20, description="at least one")]
    kinds: Annotated[tuple[Annotated[str, Meta(pattern=NAME_PATTERN)], ...], Meta(max_length=100)] = ()
    areas: Annotated[tuple[Annotated[str, Meta(pattern=AREA_PATTERN)], ...], Meta(max_length=500)] = ()


class StateIn(Input, frozen=True, kw_only=True):
    state: Annotated[State, Meta(description="what came while it was paused is sent when it is active again")]


class HookPath(Input, frozen=True, kw_only=True):
    hook: Annotated[Ulid, Meta(description="id of the webhook")]


class DeliveryQuery(Input, frozen=True, kw_only=True):
    state: Annotated[tuple[DeliveryState, ...], Meta(max_length=1, description="of this state alone")] = ()
    limit: Limit = 50


async def every(call: Call) -> Page[HookView]:
    """All webhooks, the oldest first, in one page."""
    async with call.store.read() as connection:
        return Page(items=tuple([await _view(connection, each) for each in await subscriptions.every(connection)]))


async def one(call: Call, *, path: HookPath) -> HookView:
    """One webhook."""
    async with call.store.read() as connection:
        return await _view(connection, await subscriptions.one(connection, path.hook))


async def add(call: Call, *, body: HookIn) -> HookMade:
    """Sets a webhook up. It is told of what is committed from now on; the secret is told in this answer alone. Where
    webhooks may go, the hub's settings say: to the public network by https, and to the networks that were allowed.
    """
    await Poster(call.parts.config.feeds).targets.find(parse(body.url))
    secret = signature.new_secret()
    async with call.store.write() as connection:
        newest = {each.name: await each.last_id(connection) for each in sources(call.parts.config)}
        hook = Subscription(
            id=new_ulid(), name=body.name, url=body.url, secret=secret, types=tuple(dict.fromkeys(body.types)),
            kinds=body.kinds, areas=body.areas, by=call.who, created=call.now, event_cursor=newest["event"],
            entry_cursor=newest.get("case", 0),
        )  # fmt: skip
        await subscriptions.add(connection, hook)
        made = HookMade(hook=await _view(connection, hook), secret=secret)
        call.headers["location"] = f"/api/1/hooks/{hook.id}"
        if call.keep is not None:
            await call.keep(connection, made)
    return made


async def remove(call: Call, *, path: HookPath) -> None:
    """Takes a webhook down, with all its deliveries."""
    async with call.store.write() as connection:
        await subscriptions.remove(connection, (await subscriptions.one(connection, path.hook)).id)


async def turn(call: Call, *, path: HookPath, body: StateIn) -> HookView:
    """Pauses a webhook, or has it go on; also one that has answered 410."""
    async with call.store.write() as connection:
        hook = await subscriptions.one(connection, path.hook)
        if body.state == "paused":
            await subscriptions.change(connection, hook.id, state="paused", reason=call.who)
        else:
            await subscriptions.change(connection, hook.id, state="active", reason="", failing_since=None)
            await outbox.hurry(connection, hook.id, call.now)
        return await _view(connection, await subscriptions.one(connection, hook.id))


async def renew(call: Call, *, path: HookPath) -> HookMade:
    """A new secret. The one so far signs beside it for a day, for the receiver to change over."""
    secret = signature.new_secret()
    async with call.store.write() as connection:
        hook = await subscriptions.one(connection, path.hook)
        await subscriptions.rotate(connection, hook, secret, call.now)
        made = HookMade(hook=await _view(connection, hook), secret=secret)
        if call.keep is not None:
            await call.keep(connection, made)
    return made


async def test(call: Call, *, path: HookPath) -> Tested:
    """Sends an event of type cn.gridwire.test.v1 at once, and tells what the receiver said."""
    async with call.store.read() as connection:
        hook = await subscriptions.one(connection, path.hook)
    message, data = test_message(call.parts.config.county)
    said = await attempt(Poster(call.parts.config.feeds), hook, message, data)
    return Tested(taken=said.taken, status=said.status, text=said.text)


async def deliveries(call: Call, *, path: HookPath, query: DeliveryQuery) -> Page[DeliveryView]:
    """The newest deliveries of a webhook, without their bodies."""
    state = query.state[0] if query.state else ""
    async with call.store.read() as connection:
        hook = await subscriptions.one(connection, path.hook)
        found = await outbox.listed(connection, hook.id, state=state, limit=query.limit)
    return Page(items=tuple(map(_delivery, found)))


async def _view(connection: AsyncConnection, hook: Subscription) -> HookView:
    counts = await outbox.counts(connection)
    names = ("id", "name", "url", "types", "kinds", "areas", "state", "reason", "by", "created", "failing_since")
    waiting, dead = (counts.get((hook.id, state), 0) for state in ("waiting", "dead"))
    return HookView(**{name: getattr(hook, name) for name in names}, waiting=waiting, dead=dead)


def _delivery(each: Delivery) -> DeliveryView:
    return DeliveryView(**{name: getattr(each, name) for name in DeliveryView.__struct_fields__})


ROUTES = (
    Route(method="GET", path="/hooks", call=every, scope="hooks:read", tag="hooks", whole=True,
          zh="推送清单", en="All webhooks"),
    Route(method="POST", path="/hooks", call=add, scope="hooks:write", tag="hooks", whole=True, status=201,
          problems=(*_TARGET, TooManyWebhooks), zh="新增推送", en="Set a webhook up"),
    Route(method="GET", path="/hooks/{hook}", call=one, scope="hooks:read", tag="hooks", whole=True,
          problems=(NoSuchWebhook,), zh="查看推送", en="One webhook"),
    Route(method="DELETE", path="/hooks/{hook}", call=remove, scope="hooks:write", tag="hooks", whole=True,
          problems=(NoSuchWebhook,), zh="删除推送", en="Take a webhook down"),
    Route(method="PUT", path="/hooks/{hook}/state", call=turn, scope="hooks:write", tag="hooks", whole=True,
          problems=(NoSuchWebhook,), zh="暂停或恢复推送", en="Pause a webhook, or have it go on"),
    Route(method="POST", path="/hooks/{hook}/secret", call=renew, scope="hooks:write", tag="hooks", whole=True,
          problems=(NoSuchWebhook,), zh="更换密钥", en="A new secret"),
    Route(method="POST", path="/hooks/{hook}/test", call=test, scope="hooks:write", tag="hooks", whole=True,
          problems=(NoSuchWebhook,), zh="测试推送", en="Test a webhook"),
    Route(method="GET", path="/hooks/{hook}/deliveries", call=deliveries, scope="hooks:read", tag="hooks",
          whole=True, problems=(NoSuchWebhook,), zh="投递记录", en="Deliveries"),
)  # fmt: skip
