"""The notice board of each box (民情公示栏): kept here, sent when it changes and to every box that was born without it.

Retained messages are a broker's courtesy, so a box's birth says which revision it has, and it is sent again if it is
not the newest.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.downlink import Downlink
from countyhub.store import tables
from countyhub.store.engine import Store
from countyhub.store.upsert import insert, update_with
from gridwire.codec import encode_message
from gridwire.codes import check_box_id
from gridwire.messages import Answer, Board, Notice
from gridwire.mqtt import NotConnected, PacketTooLarge

log = logging.getLogger("countyhub.notices")


class _HasBoard(msgspec.Struct):
    """Of a birth, what matters here."""

    board_revision: int = 0


_birth = msgspec.json.Decoder(_HasBoard)


class Notices:
    """Changes boards and sends them."""

    def __init__(self, store: Store, downlink: Downlink) -> None:
        self._store = store
        self._downlink = downlink

    async def put(self, box: str, notices: Sequence[Notice], answers: Sequence[Answer] = ()) -> int:
        """Replace a box's board. Returns its revision, which is above any that the box ever said to have."""
        async with self._store.write() as connection:
            revision = max(await _revision(connection, check_box_id(box)), await _revision_at_box(connection, box)) + 1
            board = Board(revision=revision, notices=tuple(notices), answers=tuple(answers))
            row = {
                "box": box,
                "revision": revision,
                "payload": encode_message(board),
                "changed": datetime.now(UTC),
            }
            statement = update_with(insert(connection, tables.board), ("box",), ("revision", "payload", "changed"))
            await connection.execute(statement, [row])
        await self.send({box})
        return revision

    async def send(self, boxes: Collection[str]) -> None:
        """Send these boxes their boards, where they do not have the newest by their last birth."""
        async with self._store.read() as connection:
            due = [row for box in sorted(boxes) for row in await _due(connection, box)]
        for box, payload in due:
            try:
                await self._downlink.send_bytes(box, "board", payload)
            except (NotConnected, PacketTooLarge) as error:
                log.warning("no board to %s: %s", box, error)


async def _revision(connection: AsyncConnection, box: str) -> int:
    query = select(tables.board.c.revision).where(tables.board.c.box == box)
    return (await connection.execute(query)).scalar_one_or_none() or 0


async def _revision_at_box(connection: AsyncConnection, box: str) -> int:
    birth = (await connection.execute(select(tables.box.c.birth).where(tables.box.c.box == box))).scalar_one_or_none()
    return _birth.decode(birth).board_revision if birth else 0


async def _due(connection: AsyncConnection, box: str) -> list[tuple[str, bytes]]:
    query = select(tables.board).where(tables.board.c.box == box)
    row = (await connection.execute(query)).first()
    if row is None or row.revision == await _revision_at_box(connection, box):
        return []
    return [(box, row.payload)]
