"""The systems that want to be told by webhook: what each wants, its secrets, and whether it is served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import trail
from countyhub.feeds.source import CASE, Item
from countyhub.registry.snapshot import Registry
from countyhub.store.hooktables import webhook, webhook_delivery
from gridwire.problem import Problem

OLD_SECRET_LASTS = timedelta(hours=24)
MAX_SUBSCRIPTIONS = 200
_texts = msgspec.json.Decoder(tuple[str, ...])


class NoSuchWebhook(Problem):
    code = "feeds.unknown"
    en = "there is no webhook {id}; see countyhub webhook list"
    zh = "没有编号为 {id} 的推送；请查看 countyhub webhook list"


class TooManyWebhooks(Problem):
    code = "feeds.too-many"
    en = "there are {count} webhooks already, the hub serves {limit} at most"
    zh = "已有 {count} 个推送，上限为 {limit} 个"


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """One system. `types`: kinds of events, and `case`; `kinds`: of alarms only these; `areas`: only what lies in them.

    `state`: active, paused, or gone (it answered 410). `old_secret` signs too until `old_until`.
    """

    id: str
    name: str
    url: str
    secret: str
    types: tuple[str, ...]
    kinds: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    by: str = ""
    created: datetime
    state: str = "active"
    reason: str = ""
    old_secret: str = ""
    old_until: datetime | None = None
    event_cursor: int = 0
    entry_cursor: int = 0
    failing_since: datetime | None = None

    def secrets(self, now: datetime) -> list[str]:
        """Those that deliveries are signed with, the newest first."""
        old = [self.old_secret] if self.old_until is not None and now < self.old_until else []
        return [self.secret, *old]

    def wants(self, item: Item, registry: Registry, at: datetime) -> bool:
        """Whether it is among what was asked for. An area that was merged since means what it has become."""
        if item.kind not in self.types:
            return False
        if item.kind == "alarm" and self.kinds and item.what not in self.kinds:
            return False
        return not self.areas or any(
            path[0] in item.path for code in self.areas if (path := registry.ancestors(code, at))
        )

    def cursor(self, source: str) -> int:
        return self.entry_cursor if source == CASE else self.event_cursor


def _subscription(row: RowMapping) -> Subscription:
    lists = {name: _texts.decode(row[name]) for name in ("types", "kinds", "areas")}
    return Subscription(**{**row, **lists})


async def every(connection: AsyncConnection) -> list[Subscription]:
    """All, the oldest first."""
    rows = await connection.execute(select(webhook).order_by(webhook.c.id))
    return [_subscription(row) for row in rows.mappings()]


async def one(connection: AsyncConnection, id_: str) -> Subscription:
    """By its id, or the begin of it. Raises `NoSuchWebhook`."""
    query = select(webhook).where(webhook.c.id.startswith(id_.upper(), autoescape=True)).limit(2)
    rows = (await connection.execute(query)).mappings().all()
    if not id_ or len(rows) != 1:
        raise NoSuchWebhook(id=id_)
    return _subscription(rows[0])


async def add(connection: AsyncConnection, new: Subscription) -> None:
    """Raises `TooManyWebhooks`."""
    count = len(await every(connection))
    if count >= MAX_SUBSCRIPTIONS:
        raise TooManyWebhooks(count=count, limit=MAX_SUBSCRIPTIONS)
    values: dict[str, Any] = msgspec.structs.asdict(new)
    lists = {name: msgspec.json.encode(values[name]) for name in ("types", "kinds", "areas")}
    await connection.execute(insert(webhook).values({**values, **lists}))
    await trail.note(connection, "hook.changed", f"webhook/{new.id}", what="added")


async def change(connection: AsyncConnection, id_: str, **values: object) -> None:
    await connection.execute(update(webhook).where(webhook.c.id == id_).values(**values))
    if trail.asker() != trail.HUB:  # the hub itself writes down how deliveries go
        await trail.note(connection, "hook.changed", f"webhook/{id_}", what=", ".join(sorted(values)))


async def rotate(connection: AsyncConnection, hook: Subscription, secret: str, now: datetime) -> None:
    """A new secret; the one so far signs beside it for a day, for the receiver to change over."""
    until = now + OLD_SECRET_LASTS
    await change(connection, hook.id, secret=secret, old_secret=hook.secret, old_until=until)


async def remove(connection: AsyncConnection, id_: str) -> None:
    """With all of its deliveries."""
    await connection.execute(delete(webhook_delivery).where(webhook_delivery.c.webhook == id_))
    await connection.execute(delete(webhook).where(webhook.c.id == id_))
    await trail.note(connection, "hook.changed", f"webhook/{id_}", what="removed")


async def move_cursor(connection: AsyncConnection, hook: Subscription, source: str, value: int) -> bool:
    """From where `hook` says it is; False when somebody else has moved it, or it was removed."""
    column = webhook.c.entry_cursor if source == CASE else webhook.c.event_cursor
    same: Sequence[Any] = (webhook.c.id == hook.id, column == hook.cursor(source))
    return (await connection.execute(update(webhook).where(*same).values({column.name: value}))).rowcount == 1
