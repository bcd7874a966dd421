"""What each box is to have in its newest revision: sent when it changes, until the broker has taken it, and again where
a birth says another.

Retained messages are a broker's courtesy. Whoever may write the database may make a new revision, also beside the
running hub, which looks every two seconds.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from typing import ClassVar, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.downlink.sender import Downlink
from countyhub.store import tables
from countyhub.store.engine import UNAVAILABLE, Store, reason_of
from gridwire.mqtt import NotConnected, PacketTooLarge

LOOK_S = 2.0


class Newest(NamedTuple):
    """What a box is to have, and the revision that it has by its last birth."""

    box: str
    revision: int
    payload: bytes
    at_box: int


class AtBox(msgspec.Struct):
    """The revisions that a box said to have at its last birth; 0: none."""

    board_revision: int = 0
    config_revision: int = 0


_birth = msgspec.json.Decoder(AtBox)


async def at_box(connection: AsyncConnection, box: str) -> AtBox:
    """Of a box that was never born: nothing."""
    birth = (await connection.execute(select(tables.box.c.birth).where(tables.box.c.box == box))).scalar_one_or_none()
    return _birth.decode(birth) if birth else AtBox()


class Revised(ABC):
    """Sends them. Who derives says where they stand, by which topic they go and what they are called in the log."""

    topic: ClassVar[str]
    name: ClassVar[str]
    log: ClassVar[logging.Logger]

    def __init__(self, store: Store, downlink: Downlink) -> None:
        self._store, self._downlink = store, downlink
        self._sent: dict[str, int] = {}
        """Box -> revision that the broker has taken, or that the box had already."""
        self._refused: dict[str, int] = {}
        """Box -> revision that the broker has refused; it may take it once its rights are put right."""

    @abstractmethod
    async def newest(self, connection: AsyncConnection, box: str) -> Newest | None:
        """None: there is nothing for this box."""

    @abstractmethod
    async def revisions(self, connection: AsyncConnection) -> Iterable[tuple[str, int]]:
        """Every box that there is something for, and its newest revision."""

    async def send(self, boxes: Collection[str]) -> None:
        """Send these boxes theirs, where they do not have the newest by their last birth."""
        async with self._store.read() as connection:
            found = [await self.newest(connection, box) for box in sorted(boxes)]
        for each in found:
            if each is not None:
                await self._send(each)

    async def _send(self, newest: Newest) -> None:
        try:
            if newest.revision != newest.at_box and not await self._is_taken(newest):
                return
        except NotConnected as error:
            self.log.warning("no %s to %s yet: %s", self.name, newest.box, error)
            self._sent.pop(newest.box, None)
            return
        except PacketTooLarge as error:
            self.log.error("no %s to %s: %s", self.name, newest.box, error)
        self._refused.pop(newest.box, None)
        self._sent[newest.box] = newest.revision

    async def _is_taken(self, newest: Newest) -> bool:
        """By the broker, which keeps it for a box that is away. A refusal is told once. Raises NotConnected,
        PacketTooLarge."""
        reason = await (await self._downlink.send_bytes(newest.box, self.topic, newest.payload))
        if not reason.is_failure:
            return True
        if self._refused.get(newest.box) != newest.revision:
            self.log.warning("the broker refuses the %s of %s: %s", self.name, newest.box, reason)
        self._refused[newest.box] = newest.revision
        self._sent.pop(newest.box, None)
        return False

    async def watch(self) -> None:
        """Send what was put into the database, until cancelled."""
        while True:
            try:
                await self.send(await self._unsent())
            except UNAVAILABLE as error:
                self.log.error("%ss wait for the database: %s", self.name, reason_of(error))
            await asyncio.sleep(LOOK_S)

    async def _unsent(self) -> set[str]:
        if not self._downlink.is_connected:
            return set()
        async with self._store.read() as connection:
            found = await self.revisions(connection)
        return {box for box, revision in found if self._sent.get(box) != revision}
