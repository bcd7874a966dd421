"""The deliveries of webhooks: made once of each event, tried in their order, done or given up in the end."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.feeds import schedule, subscriptions
from countyhub.feeds.envelope import encode
from countyhub.feeds.post import Answer
from countyhub.feeds.source import Item
from countyhub.feeds.subscriptions import Subscription
from countyhub.store import aside
from countyhub.store.hooktables import webhook_delivery
from countyhub.store.upsert import write_all

_d = webhook_delivery.c


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event for one webhook. `state`: waiting, done, or dead: given up."""

    id: int
    webhook: str
    message: str
    source: str
    source_id: int
    type: str
    body: bytes
    state: str
    attempts: int
    failures: int
    created: datetime
    due: datetime
    tried: datetime | None = None
    finished: datetime | None = None
    status: int | None = None
    error: str = ""


async def put(
    connection: AsyncConnection, hook: Subscription, source: str, items: Sequence[Item], now: datetime
) -> None:
    """Behind what waits already; what is there is left as it is."""
    rows = [
        {"webhook": hook.id, "message": item.event.id, "source": source, "source_id": item.row_id,
         "type": item.event.type, "body": encode(item.event), "state": "waiting", "attempts": 0, "failures": 0,
         "created": now, "due": now, "error": ""}
        for item in items
    ]  # fmt: skip
    if rows:
        await write_all(connection, webhook_delivery, rows, key=("webhook", "source", "source_id"))


async def heads(connection: AsyncConnection) -> dict[str, datetime]:
    """Webhook -> when the first that waits is due; those for which none waits are left out."""
    first = select(func.min(_d.id)).where(_d.state == "waiting").group_by(_d.webhook)
    rows = await connection.execute(select(_d.webhook, _d.due).where(_d.id.in_(first)))
    return {row.webhook: row.due for row in rows}


async def head(connection: AsyncConnection, hook: str) -> Delivery | None:
    """The first that waits."""
    query = select(webhook_delivery).where(_d.webhook == hook, _d.state == "waiting").order_by(_d.id).limit(1)
    row = (await connection.execute(query)).mappings().first()
    return None if row is None else Delivery(**row)


async def counts(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """(webhook, state) -> deliveries."""
    query = select(_d.webhook, _d.state, func.count()).group_by(_d.webhook, _d.state)
    return {(hook, state): count for hook, state, count in await connection.execute(query)}


async def listed(connection: AsyncConnection, hook: str, *, state: str = "", limit: int = 50) -> list[Delivery]:
    """Of a webhook (empty: of all), the newest first."""
    query = select(webhook_delivery).order_by(_d.id.desc()).limit(limit)
    if hook:
        query = query.where(_d.webhook == hook)
    if state:
        query = query.where(_d.state == state)
    return [Delivery(**row) for row in (await connection.execute(query)).mappings()]


async def record(
    connection: AsyncConnection, hook: Subscription, sent: Delivery, answer: Answer, now: datetime
) -> None:
    """What came of an attempt: done, to be tried again, or given up; 410 ends the service of the webhook."""
    values: dict[str, object] = {"attempts": sent.attempts + 1, "tried": now, "status": answer.status or None}
    if answer.taken:
        values |= {"state": "done", "finished": now, "error": ""}
    else:
        values |= {"error": aside.storable(answer.text, 500) or f"HTTP {answer.status}"} | _later(sent, answer, now)
    await connection.execute(update(webhook_delivery).where(_d.id == sent.id, _d.state == "waiting").values(**values))
    if answer.gone:
        await subscriptions.change(
            connection, hook.id, state="gone", reason=aside.storable(f"410 {answer.text}".strip(), 500)
        )
    if answer.taken != (hook.failing_since is None):
        await subscriptions.change(connection, hook.id, failing_since=None if answer.taken else now)


def _later(sent: Delivery, answer: Answer, now: datetime) -> dict[str, object]:
    if answer.gone:  # the webhook stops, the delivery stays for a `resume`
        return {"due": now}
    asked = schedule.wait_until(answer.status, answer.retry_after, now)
    if asked is not None:
        return {"due": asked}
    failures = sent.failures + 1
    due = schedule.next_attempt(failures, now, random.random())
    return {"failures": failures, "due": due} if due else {"failures": failures, "state": "dead", "finished": now}


async def again(connection: AsyncConnection, ids: Sequence[int], hook: str, now: datetime) -> int:
    """Deliveries that were given up, by id or all of a webhook, wait again, with a new schedule; so does the first
    that waits, at once. Returns how many."""
    which = _d.id.in_(ids) if ids else (_d.webhook == hook)
    fresh = {"state": "waiting", "failures": 0, "due": now, "finished": None}
    waiting = await connection.execute(update(webhook_delivery).where(which, _d.state == "waiting").values(due=now))
    dead = await connection.execute(update(webhook_delivery).where(which, _d.state == "dead").values(**fresh))
    return waiting.rowcount + dead.rowcount


async def hurry(connection: AsyncConnection, hook: str, now: datetime) -> None:
    """What waits of a webhook is tried at once."""
    await connection.execute(update(webhook_delivery).where(_d.webhook == hook, _d.state == "waiting").values(due=now))


async def skip(connection: AsyncConnection, hook: str, now: datetime) -> int:
    """Give up the first that waits, so that the next can go. Returns its id; 0: none waits."""
    first = await head(connection, hook)
    if first is None:
        return 0
    values = {"state": "dead", "finished": now}
    await connection.execute(update(webhook_delivery).where(_d.id == first.id, _d.state == "waiting").values(**values))
    return first.id
