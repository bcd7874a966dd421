"""What boxes say of themselves: status, birth, health and replies, kept as the last word of each box.

That a box is silent is said by the broker alone, by the box's last will: 1.5 times `keepalive_s` and `will_delay_s` of
its settings after the last sign. No clock here watches for it; `countyhub.correlate.outages` makes a matter of it.

A `lost` that is older than the last connection is ignored: brokers publish last wills late, and at every take-over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.ingest import identityfaults, streams
from countyhub.ingest.intake import Intake
from countyhub.store.mattertables import link
from countyhub.store.tables import box, command, command_reply, device_state
from countyhub.store.upsert import insert, update_with
from gridwire import messages


@dataclass
class Changes:
    """Boxes whose birth came, and boxes that told where their lanes stand."""

    born: set[str] = field(default_factory=set)
    reported: set[str] = field(default_factory=set)


async def apply(connection: AsyncConnection, batch: Iterable[Intake]) -> Changes:
    """Everything in the batch that is neither event nor picture, in order of arrival; and who was heard of."""
    changes = Changes()
    heard: dict[str, datetime | None] = {}
    for intake in batch:
        if intake.box and (intake.message is not None or intake.box not in heard or _is_news(intake)):
            heard[intake.box] = intake.received if _is_news(intake) else heard.get(intake.box)
    await _touch(connection, heard)
    for intake in batch:
        await _apply_one(connection, intake, changes)
    return changes


async def _apply_one(connection: AsyncConnection, intake: Intake, changes: Changes) -> None:
    match intake.message:
        case messages.Status() as status:
            await _status(connection, intake, status)
        case messages.Birth() as birth:
            await _birth(connection, intake, birth)
            changes.born.add(intake.box)
            changes.reported.add(intake.box)
        case messages.Health() as health:
            await _health(connection, intake, health)
            changes.reported.add(intake.box)
        case messages.Reply() as reply:
            await _reply(connection, intake, reply)
        case None:
            pass


def _is_news(intake: Intake) -> bool:
    """Whether it shows that the box lives: not the broker's memory, not its last will."""
    is_will = isinstance(intake.message, messages.Status) and intake.message.state == "lost"
    return not intake.retained and not is_will


async def _touch(connection: AsyncConnection, heard: Mapping[str, datetime | None]) -> None:
    if not heard:
        return
    statement = insert(connection, box)
    statement = statement.on_conflict_do_update(
        index_elements=["box"], set_={"last_seen": func.coalesce(statement.excluded.last_seen, box.c.last_seen)}
    )
    await connection.execute(statement, [{"box": name, "last_seen": seen} for name, seen in heard.items()])


async def _row(connection: AsyncConnection, name: str) -> RowMapping:
    return (await connection.execute(select(box).where(box.c.box == name))).mappings().one()


async def _set(connection: AsyncConnection, name: str, /, **values: object) -> None:
    await connection.execute(update(box).where(box.c.box == name).values(**values))


# Status


def is_stale(status: messages.Status, *, boot: str, connection: int) -> bool:
    """Whether `status` is older than the last one, which said `boot` and `connection`.

    Within one boot the connection counter tells. Of another boot only a `lost` is surely old: a box that has started
    again says `online` first.
    """
    if not boot:
        return False
    if status.boot == boot:
        return status.connection < connection
    return status.state == "lost"


async def _status(connection: AsyncConnection, intake: Intake, status: messages.Status) -> None:
    row = await _row(connection, intake.box)
    if is_stale(status, boot=row["boot"], connection=row["connection"]):
        return
    if status.state == "online":
        await identityfaults.note_boot(connection, intake.box, status.boot, intake.received)
    await _note_link(connection, intake, status, row)
    changed = {"since": intake.received} if row["status"] != status.state else {}
    await _set(
        connection,
        intake.box,
        status=status.state,
        reason=status.reason,
        boot=status.boot,
        connection=status.connection,
        version=status.version,
        **changed,
    )


async def _note_link(connection: AsyncConnection, intake: Intake, status: messages.Status, row: RowMapping) -> None:
    """A row for each change, which outlives the status: correlation must see one that lasted a second, too."""
    connected = status.state == "online"
    before = (row["boot"], row["connection"], row["status"] == "online")
    if before != (status.boot, status.connection, connected):
        changed = {"connected": connected, "connection": status.connection, "boot": status.boot, "at": intake.received}
        await connection.execute(link.insert().values(box=intake.box, **changed))


# Birth and health


async def _birth(connection: AsyncConnection, intake: Intake, birth: messages.Birth) -> None:
    await _set(
        connection,
        intake.box,
        name=birth.name,
        version=birth.version,
        birth=intake.payload,
        birth_at=intake.received,
    )
    await _list_devices(connection, intake, birth.devices)
    await streams.report(connection, intake, birth.streams)
    await streams.end_unlisted(connection, intake, {numbers.stream for numbers in birth.streams})


async def _health(connection: AsyncConnection, intake: Intake, health: messages.Health) -> None:
    await _set(connection, intake.box, health=intake.payload, health_at=intake.received)
    await streams.report(connection, intake, health.streams)
    rows = [
        {
            "box": intake.box,
            "device": device.id,
            "state": device.state,
            "reason": device.reason,
            "detail": device.detail,
            "since": device.since,
            "updated": intake.received,
        }
        for device in health.devices
    ]
    if rows:
        statement = update_with(insert(connection, device_state), _DEVICE, tuple(rows[0])[2:])
        await connection.execute(statement, rows)


_DEVICE = ("box", "device")


async def _list_devices(connection: AsyncConnection, intake: Intake, devices: Sequence[messages.DeviceInfo]) -> None:
    await connection.execute(update(device_state).where(device_state.c.box == intake.box).values(listed=False))
    rows = [
        {
            "box": intake.box,
            "device": device.id,
            "name": device.name,
            "driver": device.driver,
            "grid": device.grid,
            "info": msgspec.json.encode(device.info),
            "updated": intake.received,
            "listed": True,
        }
        for device in devices
    ]
    if rows:
        statement = update_with(insert(connection, device_state), _DEVICE, tuple(rows[0])[2:])
        await connection.execute(statement, rows)


# Replies


async def _reply(connection: AsyncConnection, intake: Intake, reply: messages.Reply) -> None:
    known = await connection.execute(select(command.c.id).where(command.c.id == reply.id, command.c.box == intake.box))
    if known.first() is None:
        return  # of a command that this hub never gave: it was restored from a backup, or the box is confused
    row = {
        "id": reply.id,
        "part": reply.part,
        "parts": reply.parts,
        "box": intake.box,
        "ok": reply.ok,
        "code": reply.code,
        "text": reply.text,
        "result": msgspec.json.encode(reply.result),
        "received": intake.received,
    }
    await connection.execute(insert(connection, command_reply).on_conflict_do_nothing(), [row])
    await connection.execute(
        update(command).where(command.c.id == reply.id).values(ok=reply.ok, replied=intake.received)
    )
