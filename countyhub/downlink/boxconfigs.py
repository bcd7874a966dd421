"""The county's part of each box's configuration: every revision kept, the newest sent, and sent again at a birth.

Signed where it is ordered (`put`); the hub that sends it needs no key. What became of it, the box's birth and its
events about itself say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.downlink.sender import Downlink
from countyhub.store import tables
from countyhub.store.configtables import box_config
from countyhub.store.engine import UNAVAILABLE, Store
from gridwire.codec import encode_message
from gridwire.codes import check_box_id
from gridwire.events import TYPE_OF, DeviceState
from gridwire.messages import CountyConfig
from gridwire.mqtt import NotConnected, PacketTooLarge

log = logging.getLogger("countyhub.boxconfigs")

LOOK_S = 2.0
Sign = Callable[[str, int, str], CountyConfig]
"""Box, revision, text -> the signed message."""


class _HasConfig(msgspec.Struct):
    """Of a birth, what matters here."""

    config_revision: int = 0


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
_birth = msgspec.json.Decoder(_HasConfig)
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
        revision = max(newest, await _revision_at_box(connection, box)) + 1
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
        at_box = await _revision_at_box(connection, row.box)
        said = await _said(connection, row.box, row.made)
        words = (said.state, said.reason, said.detail)
        found.append(Standing(row.box, told.revision, told.toml, row.by, row.made, at_box, *words))
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


class BoxConfigs:
    """Sends them."""

    def __init__(self, store: Store, downlink: Downlink) -> None:
        self._store, self._downlink = store, downlink
        self._sent: dict[str, int] = {}
        """Box -> revision that was sent, or that the box had already."""

    async def send(self, boxes: Collection[str]) -> None:
        """Send these boxes theirs, where they do not have the newest by their last birth."""
        async with self._store.read() as connection:
            found = [row for box in sorted(boxes) for row in await _newest(connection, box)]
        for box, revision, payload, at_box in found:
            try:
                if revision != at_box:
                    await self._downlink.send_bytes(box, "config", payload)
            except NotConnected as error:
                log.warning("no configuration to %s yet: %s", box, error)
                self._sent.pop(box, None)
                continue
            except PacketTooLarge as error:
                log.error("no configuration to %s: %s", box, error)
            self._sent[box] = revision

    async def watch(self) -> None:
        """Send what was put into the database, until cancelled."""
        while True:
            try:
                await self.send(await self._unsent())
            except UNAVAILABLE as error:
                log.error("configurations wait for the database: %s", error)
            await asyncio.sleep(LOOK_S)

    async def _unsent(self) -> set[str]:
        if not self._downlink.is_connected:
            return set()
        async with self._store.read() as connection:
            query = select(box_config.c.box, func.max(box_config.c.revision).label("revision")).group_by("box")
            rows = (await connection.execute(query)).all()
        return {row.box for row in rows if self._sent.get(row.box) != row.revision}


def _is_newest() -> ColumnElement[bool]:
    c, other = box_config.c, box_config.alias("other")
    newest = select(func.max(other.c.revision)).where(other.c.box == c.box).correlate(box_config).scalar_subquery()
    return c.revision == newest


async def _of(connection: AsyncConnection, box: str, revision: int) -> CountyConfig | None:
    c = box_config.c
    query = select(c.payload).where(c.box == box, c.revision == revision)
    payload = (await connection.execute(query)).scalar_one_or_none()
    return None if payload is None else _config.decode(payload)


async def _newest(connection: AsyncConnection, box: str) -> list[tuple[str, int, bytes, int]]:
    """The newest one, and the revision that the box has."""
    c = box_config.c
    query = select(c.revision, c.payload).where(c.box == box).order_by(c.revision.desc()).limit(1)
    row = (await connection.execute(query)).first()
    return [] if row is None else [(box, row.revision, row.payload, await _revision_at_box(connection, box))]


async def _revision_at_box(connection: AsyncConnection, box: str) -> int:
    birth = (await connection.execute(select(tables.box.c.birth).where(tables.box.c.box == box))).scalar_one_or_none()
    return _birth.decode(birth).config_revision if birth else 0
