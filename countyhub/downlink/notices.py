"""The notice board of each box (民情公示栏): kept here, sent when it changes and to every box that was born without it.

Retained messages are a broker's courtesy, so a box's birth says which revision it has, and it is sent again if it is
not the newest. Whoever may write the database may change a board (`change`), also beside the running hub, which looks
at the table every two seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import trail
from countyhub.downlink.sender import Downlink
from countyhub.store import tables
from countyhub.store.engine import UNAVAILABLE, Store
from countyhub.store.upsert import insert, update_with
from gridwire.codec import encode_message
from gridwire.codes import check_box_id
from gridwire.messages import Answer, Board, Notice
from gridwire.mqtt import NotConnected, PacketTooLarge
from gridwire.problem import Problem

log = logging.getLogger("countyhub.notices")

LOOK_S = 2.0
MAX_BYTES = 256 * 1024
"""A broker with a packet limit below this is unheard of, and a box keeps the board in memory."""


class BoardTooLarge(Problem):
    code = "board.too-large"
    en = "the board of {box} would have {size} bytes, at most {limit} are sent: remove something first"
    zh = "盒子 {box} 的公示栏将达到 {size} 字节，上限 {limit} 字节：请先撤下一些内容"


class _HasBoard(msgspec.Struct):
    """Of a birth, what matters here."""

    board_revision: int = 0


_birth = msgspec.json.Decoder(_HasBoard)
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
    birth = (await connection.execute(select(tables.box.c.birth).where(tables.box.c.box == box))).scalar_one_or_none()
    return _birth.decode(birth).board_revision if birth else 0


class Notices:
    """Changes boards and sends them."""

    def __init__(self, store: Store, downlink: Downlink) -> None:
        self._store = store
        self._downlink = downlink
        self._sent: dict[str, int] = {}
        """Box -> revision that was sent, or that the box had already."""

    async def put(self, box: str, notices: Sequence[Notice], answers: Sequence[Answer] = ()) -> int:
        """Replace a box's notices and answers. Returns the board's revision."""

        def edit(board: Board) -> Board:
            return msgspec.structs.replace(board, notices=tuple(notices), answers=tuple(answers))

        revision = (await change(self._store, box, edit)).revision
        await self.send({box})
        return revision

    async def send(self, boxes: Collection[str]) -> None:
        """Send these boxes their boards, where they do not have the newest by their last birth."""
        async with self._store.read() as connection:
            rows = [row for box in sorted(boxes) for row in await _row(connection, box)]
        for box, revision, payload, at_box in rows:
            try:
                if revision != at_box:
                    await self._downlink.send_bytes(box, "board", payload)
            except NotConnected as error:
                log.warning("no board to %s yet: %s", box, error)
                self._sent.pop(box, None)
                continue
            except PacketTooLarge as error:
                log.error("no board to %s: %s", box, error)
            self._sent[box] = revision

    async def watch(self) -> None:
        """Send what others have changed in the database, until cancelled."""
        while True:
            try:
                await self.send(await self._unsent())
            except UNAVAILABLE as error:
                log.error("boards wait for the database: %s", error)
            await asyncio.sleep(LOOK_S)

    async def _unsent(self) -> set[str]:
        if not self._downlink.is_connected:
            return set()
        async with self._store.read() as connection:
            rows = (await connection.execute(select(tables.board.c.box, tables.board.c.revision))).all()
        return {row.box for row in rows if self._sent.get(row.box) != row.revision}


async def _row(connection: AsyncConnection, box: str) -> list[tuple[str, int, bytes, int]]:
    """The board, and the revision that the box has."""
    row = (await connection.execute(select(tables.board).where(tables.board.c.box == box))).first()
    return [] if row is None else [(box, row.revision, row.payload, await revision_at_box(connection, box))]
