"""The notice board of each box (民情公示栏): kept here, sent when it changes and to every box that was born without it.

Whoever may write the database may change a board (`change`), also beside the running hub.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import trail
from countyhub.downlink.revised import Newest, Revised, at_box
from countyhub.store import tables
from countyhub.store.engine import Store
from countyhub.store.upsert import insert, update_with
from gridwire.codec import encode_message
from gridwire.identifiers import check_box_id
from gridwire.messages import Board
from gridwire.problem import Problem

log = logging.getLogger(__name__)

MAX_BYTES = 256 * 1024
"""A broker with a packet limit below this is unheard of, and a box keeps the board in memory."""


class BoardTooLarge(Problem):
    code = "board.too-large"
    en = "the board of {box} would have {size} bytes, at most {limit} are sent: remove something first"
    zh = "盒子 {box} 的公示栏将达到 {size} 字节，上限 {limit} 字节：请先撤下一些内容"


_board = msgspec.json.Decoder(Board)


async def change(store: Store, box: str, edit: Callable[[Board], Board]) -> Board:
    """Have `edit` make a new board of a box's present one, in one transaction; notices that are over go.

    Gives the board, with a revision above any that the box ever said to have. A board that comes out the same keeps its
    revision. Raises `BadBoxId`, `BoardTooLarge`, and what `edit` raises.
    """
    now = datetime.now(UTC)
    async with store.write() as connection:
        before = await read(connection, box, for_update=True)
        edited = edit(before)
        kept = tuple(notice for notice in edited.notices if notice.expires is None or notice.expires > now)
        after = msgspec.structs.replace(edited, notices=kept, revision=before.revision)
        if after == before:
            return before
        revision = max(before.revision, await revision_at_box(connection, box)) + 1
        after = msgspec.structs.replace(after, revision=revision)
        payload = encode_message(after)
        if len(payload) > MAX_BYTES:
            raise BoardTooLarge(box=box, size=len(payload), limit=MAX_BYTES)
        row = {"box": box, "revision": revision, "payload": payload, "changed": now}
        statement = update_with(insert(connection, tables.board), ("box",), ("revision", "payload", "changed"))
        await connection.execute(statement, [row])
        await trail.note(connection, "board.changed", f"box/{box}", revision=revision)
    return after


async def read(connection: AsyncConnection, box: str, *, for_update: bool = False) -> Board:
    """The board of a box; revision 0: there is none yet. Raises `BadBoxId`."""
    query = select(tables.board.c.payload).where(tables.board.c.box == check_box_id(box))
    if for_update:
        query = query.with_for_update()  # PostgreSQL has several writers; to SQLite this says nothing
    payload = (await connection.execute(query)).scalar_one_or_none()
    return _board.decode(payload) if payload is not None else Board(revision=0)


async def revision_at_box(connection: AsyncConnection, box: str) -> int:
    """Which board the box has said to have at its last birth."""
    return (await at_box(connection, box)).board_revision


class Notices(Revised):
    """Sends them."""

    topic, name, log = "board", "board", log

    async def newest(self, connection: AsyncConnection, box: str) -> Newest | None:
        row = (await connection.execute(select(tables.board).where(tables.board.c.box == box))).first()
        return None if row is None else Newest(box, row.revision, row.payload, await revision_at_box(connection, box))

    async def revisions(self, connection: AsyncConnection) -> Iterable[tuple[str, int]]:
        return [
            (row.box, row.revision)
            for row in await connection.execute(select(tables.board.c.box, tables.board.c.revision))
        ]
