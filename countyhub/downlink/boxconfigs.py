"""The county's part of each box's configuration: every revision kept, the newest sent, and sent again at a birth.

Signed where it is ordered (`put`); the hub that sends it needs no key. What became of it, the box's birth and its
events about itself say.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.downlink.revised import Newest, Revised, at_box
from countyhub.store import tables
from countyhub.store.configtables import box_config
from countyhub.store.engine import Store
from gridwire.codec import encode_message
from gridwire.events import TYPE_OF, DeviceState
from gridwire.identifiers import check_box_id
from gridwire.messages import CountyConfig

log = logging.getLogger(__name__)

Sign = Callable[[str, int, str], CountyConfig]
"""Box, revision, text -> the signed message."""


class Standing(NamedTuple):
    """What a box was told, has by its last birth, and has last said of it."""

    box: str
    revision: int
    toml: str
    by: str
    made: datetime
    at_box: int
    state: str
    reason: str
    detail: str


class _About(msgspec.Struct):
    """Of an event about the box."""

    data: DeviceState


_REASONS = "county-config."
_device = msgspec.json.Decoder(_About)
_config = msgspec.json.Decoder(CountyConfig)


async def put(store: Store, box: str, toml: str, sign: Sign, *, by: str, now: datetime) -> CountyConfig:
    """Keep a new revision, above any that the box ever said to have. The same text again is no new one.

    Raises `BadBoxId`, `BadMessage` for a text that is too long.
    """
    check_box_id(box)
    c = box_config.c
    async with store.write() as connection:
        newest = (await connection.execute(select(func.max(c.revision)).where(c.box == box))).scalar_one() or 0
        before = await _of(connection, box, newest)
        if before is not None and before.toml == toml:
            return before
        revision = max(newest, (await at_box(connection, box)).config_revision) + 1
        message = sign(box, revision, toml)
        row = {"box": box, "revision": revision, "payload": encode_message(message), "made": now, "by": by[:64]}
        await connection.execute(box_config.insert().values(**row))
    return message


async def standing(connection: AsyncConnection, box: str = "") -> list[Standing]:
    """Of this box, or of all that were ever told anything."""
    c = box_config.c
    query = select(c.box, c.made, c.by, c.payload).where(_is_newest())
    rows = await connection.execute((query.where(c.box == box) if box else query).order_by(c.box))
    found = []
    for row in rows:
        told = _config.decode(row.payload)
        revision = (await at_box(connection, row.box)).config_revision
        said = await _said(connection, row.box, row.made)
        words = (said.state, said.reason, said.detail)
        found.append(Standing(row.box, told.revision, told.toml, row.by, row.made, revision, *words))
    return found


async def _said(connection: AsyncConnection, box: str, since: datetime) -> DeviceState:
    """What the box has last said of it since then; no reason: nothing."""
    e = tables.event.c
    about = (e.box == box, e.subject == "box", e.type == TYPE_OF[DeviceState], e.received >= since)
    rows = await connection.execute(select(e.raw).where(*about).order_by(e.id.desc()).limit(50))
    told = (_device.decode(raw).data for (raw,) in rows)
    return next((each for each in told if each.reason.startswith(_REASONS)), DeviceState(state="up"))


async def history(connection: AsyncConnection, box: str) -> list[tuple[int, datetime, str, str]]:
    """Revision, time, who and text of everything that a box was ever told, the newest first."""
    c = box_config.c
    rows = await connection.execute(
        select(c.revision, c.made, c.by, c.payload).where(c.box == box).order_by(c.revision.desc())
    )
    return [(row.revision, row.made, row.by, _config.decode(row.payload).toml) for row in rows]


class BoxConfigs(Revised):
    """Sends them."""

    topic, name, log = "config", "configuration", log

    async def newest(self, connection: AsyncConnection, box: str) -> Newest | None:
        c = box_config.c
        query = select(c.revision, c.payload).where(c.box == box).order_by(c.revision.desc()).limit(1)
        row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Newest(box, row.revision, row.payload, (await at_box(connection, box)).config_revision)

    async def revisions(self, connection: AsyncConnection) -> Iterable[tuple[str, int]]:
        query = select(box_config.c.box, func.max(box_config.c.revision).label("revision")).group_by("box")
        return [(row.box, row.revision) for row in await connection.execute(query)]


def _is_newest() -> ColumnElement[bool]:
    c, other = box_config.c, box_config.alias("other")
    newest = select(func.max(other.c.revision)).where(other.c.box == c.box).correlate(box_config).scalar_subquery()
    return c.revision == newest


async def _of(connection: AsyncConnection, box: str, revision: int) -> CountyConfig | None:
    c = box_config.c
    query = select(c.payload).where(c.box == box, c.revision == revision)
    payload = (await connection.execute(query)).scalar_one_or_none()
    return None if payload is None else _config.decode(payload)
