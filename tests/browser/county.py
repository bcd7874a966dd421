"""A county in a real database, written straight into the hub's tables, so that a test decides every time and state."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, select, update

from countyhub.accounts.users import User
from countyhub.cases.book import Book
from countyhub.overview import arrivals
from countyhub.overview.arrivals import EventView, Filter
from countyhub.store import tables as t
from countyhub.store.engine import Store, open_store
from countyhub.web.app import create
from countyhub.web.live.snapshot import Snapshot, take
from countyhub.web.live.today import Today
from countyhub.web.serve import serve
from countyhub.web.settings import ConsoleSettings
from gridwire.events import LANE_OF, TYPE_OF, Data, Envelope, Picture, PictureRef
from gridwire.identifiers import new_ulid
from gridwire.messages import Health
from tests.hubs import database_url
from tests.logins import COOKIES, cookie, user

_COLUMNS = ("event_id", "box", "stream", "lane", "seq", "type", "subject")


def jpeg(seed: int = 0) -> bytes:
    """Bytes that begin and end as a JPEG; browsers need `scene` instead."""
    return b"\xff\xd8\xff\xe0" + seed.to_bytes(4, "big") * 8 + b"\xff\xd9"


class County:
    """Boxes, events and pictures, each committed at once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._streams: dict[str, str] = {}
        self._seqs: dict[tuple[str, str], int] = {}

    async def insert(self, table: object, **values: object) -> None:
        async with self.store.write() as connection:
            await connection.execute(table.insert().values(**values))

    async def look(self) -> Snapshot:
        """What the console knows: counts, boxes, what needs attention."""
        async with self.store.read() as connection:
            return await take(connection, Today(ZoneInfo("Asia/Shanghai")))

    async def listed(self, limit: int = 50, *, before: int | None = None, **wanted: str) -> list[EventView]:
        """The events that the console lists."""
        async with self.store.read() as connection:
            return await arrivals.newest(connection, Filter(**wanted), limit, before=before)

    def stream(self, box: str) -> str:
        return self._streams.setdefault(box, new_ulid())

    async def box(self, box: str, name: str = "", *, health: Health | None = None, **values: object) -> None:
        now = datetime.now(UTC)
        given = {"status": "online", "since": now, "version": "0.1.0", "last_seen": now, **values}
        raw = msgspec.json.encode(health) if health else None
        await self.insert(t.box, box=box, name=name, health=raw, **given)

    async def change_box(self, box: str, **values: object) -> None:
        async with self.store.write() as connection:
            await connection.execute(update(t.box).where(t.box.c.box == box).values(**values))

    async def device(self, box: str, device: str, name: str = "", **values: object) -> None:
        given = {"driver": "onvif", "state": "up", "updated": datetime.now(UTC), **values}
        await self.insert(t.device_state, box=box, device=device, name=name, **given)

    async def event(
        self,
        box: str,
        data: Data,
        *,
        device: str = "box",
        at: datetime | None = None,
        delay: timedelta = timedelta(seconds=1),
        clock: str = "synced",
        recorded: datetime | None = None,
    ) -> Envelope:
        """An event that happened `at` (now), was stored then or `recorded` later, and received `delay` later."""
        at = at or datetime.now(UTC)
        envelope = self._envelope(box, data, device, at, clock)
        values = {
            "event_id": envelope.id,
            **{name: getattr(envelope, name) for name in _COLUMNS if name != "event_id" and name != "box"},
        }
        async with self.store.write() as connection:
            last = (await connection.execute(select(func.coalesce(func.max(t.event.c.id), 0)))).scalar_one()
            values |= {"id": last + 1, "box": box, "time": at, "recorded": recorded or at, "received": at + delay}
            values |= {"clock": clock, "monotonic_ms": 12345, "drill": getattr(data, "drill", False)}
            await connection.execute(t.event.insert().values(**values, raw=msgspec.json.encode(envelope)))
        return envelope

    def _envelope(self, box: str, data: Data, device: str, at: datetime, clock: str) -> Envelope:
        return Envelope(
            specversion="1.0",
            id=new_ulid(),
            source=f"grid/1/{box[:6]}/{box}",
            type=TYPE_OF[type(data)],
            subject=device,
            time=at,
            recordedtime=at,
            monotonic="12.345",
            clock=clock,
            stream=self.stream(box),
            lane=LANE_OF[type(data)],
            seq=self.next_seq(box, LANE_OF[type(data)]),
            data=data,
        )

    def next_seq(self, box: str, lane: str) -> int:
        self._seqs[box, lane] = self._seqs.get((box, lane), 0) + 1
        return self._seqs[box, lane]

    def reference(self, box: str, content: bytes) -> PictureRef:
        """The name of a picture whose bytes are yet to come: `picture`."""
        digest = hashlib.sha256(content).hexdigest()
        return PictureRef(stream=self.stream(box), seq=self.next_seq(box, "media"), sha256=digest, bytes=len(content))

    async def picture(self, box: str, ref: PictureRef, content: bytes) -> str:
        """Stores the bytes; gives the path at which the console shows them."""
        await self.insert(
            t.media,
            box=box,
            stream=ref.stream,
            seq=ref.seq,
            sha256=ref.sha256,
            size=ref.bytes,
            jpeg=content,
            received=datetime.now(UTC),
        )
        return f"/picture/{box}/{ref.stream}/{ref.seq}"

    async def picture_of(self, owner: Envelope, box: str, content: bytes) -> str:
        """A picture event after its alarm, and then its bytes, as a box sends them."""
        ref = self.reference(box, content)
        await self.event(box, Picture(pictures=(ref,), owner=owner.id, cause="alarm"), device=owner.subject)
        return await self.picture(box, ref, content)


@contextlib.asynccontextmanager
async def county(folder: Path) -> AsyncIterator[County]:
    store = await open_store(database_url(folder))
    try:
        yield County(store)
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def console(
    store: Store, feed: object = None, port: int = 0, *, book: Book | None = None, who: User | None = None,
    **settings: object,
) -> AsyncIterator[str]:  # fmt: skip
    """The console over real HTTP; gives its address, at which the tests' clients are logged in, as the county centre or
    as `who`."""
    given = {"county": "431126", "county_name": "宁远县"}
    given |= dict.fromkeys(("update_interval_s", "poll_interval_s", "boxes_interval_s"), 0.05)
    app = create(store, feed, ConsoleSettings(**(given | settings)), book=book)
    bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, bound.set_result))
    try:
        await asyncio.wait({bound, serving}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        COOKIES[f"127.0.0.1:{bound.result()}"] = await cookie(store, who or await user(store))
        yield f"http://127.0.0.1:{bound.result()}"
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
