"""Orders to boxes: recorded first, then sent, and sent again until the broker has taken them for a box.

A box executes an order once by its id and refuses it when it is overdue; replies are recorded by `ingest.boxes`.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import trail
from countyhub.downlink.sender import Downlink
from countyhub.store.engine import Store
from countyhub.store.tables import command
from gridwire import messages
from gridwire.identifiers import check_box_id, new_ulid
from gridwire.messages import Op
from gridwire.mqtt import NO_MATCHING_SUBSCRIBERS, NotConnected, PacketTooLarge

log = logging.getLogger(__name__)

EXPIRES_S = 600.0
NEW_STREAM_EXPIRES_S = 7 * 86400.0
HUB = "hub"
"""In `by`: the hub itself ordered it."""


async def record(
    connection: AsyncConnection,
    box: str,
    op: Op,
    args: dict[str, object],
    *,
    by: str,
    now: datetime,
    expires_s: float = EXPIRES_S,
) -> str:
    """Write the order into the table, from which `Commands.send_waiting` sends it. Returns its id."""
    order = new_ulid()
    await connection.execute(
        command.insert().values(
            id=order,
            box=check_box_id(box),
            op=op,
            args=msgspec.json.encode(args),
            by=by[:64],
            created=now,
            expires=now + timedelta(seconds=expires_s),
        )
    )
    if by != HUB:
        await trail.note(connection, "box.order", f"box/{box}", op=op, ordered_by=by)
    return order


async def note(connection: AsyncConnection, box: str, order: messages.Command, *, now: datetime) -> None:
    """Write down an order that goes by another connection, so that it and the reply to it stand with all others."""
    row = {"id": order.id, "box": check_box_id(box), "op": order.op, "args": msgspec.json.encode(order.args),
           "by": order.by, "created": now, "expires": order.expires, "sent": now}  # fmt: skip
    await connection.execute(command.insert().values(**row))


class Commands:
    """Sees to it that orders leave."""

    def __init__(self, store: Store, downlink: Downlink) -> None:
        self._store = store
        self._downlink = downlink
        self._sending = asyncio.Lock()

    async def send_waiting(self) -> None:
        """Send what no box has been given yet and is not overdue, in the order in which it was given. What cannot be
        sent now waits for the next time, and nothing else waits for it."""
        async with self._sending:
            try:
                last = ""
                while rows := await self._waiting(last):
                    for row in rows:
                        await self._send(row)
                    last = rows[-1].id
            except NotConnected as error:
                log.info("commands wait: %s", error)

    async def _waiting(self, after: str) -> list[Row[tuple[object, ...]]]:
        c = command.c
        waiting = select(command).where(c.sent.is_(None), c.expires > datetime.now(UTC), c.id > after)
        async with self._store.read() as connection:
            return list((await connection.execute(waiting.order_by(c.id).limit(500))).all())

    async def _send(self, row: Row[tuple[object, ...]]) -> None:
        """Raises NotConnected."""
        message = messages.Command(
            id=row.id,
            op=row.op,
            args=msgspec.json.decode(row.args, type=dict[str, object]),
            by=row.by,
            expires=row.expires,
        )
        try:
            reason = await (await self._downlink.send(row.box, "cmd", message))
        except PacketTooLarge as error:
            log.warning("command %s to %s cannot be sent: %s", row.id, row.box, error)
            return
        if reason.value == NO_MATCHING_SUBSCRIBERS:
            log.info("command %s waits: box %s has never been at this broker, or was forgotten there", row.id, row.box)
            return
        if reason.is_failure:
            log.warning("the broker refuses command %s to %s: %s", row.id, row.box, reason)
            return
        async with self._store.write() as connection:
            await connection.execute(update(command).where(command.c.id == row.id).values(sent=datetime.now(UTC)))
