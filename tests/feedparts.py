"""For tests of the feeds: a hub's database with events in it, a feed beside it, and who listens at the broker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from countyhub.config import Config
from countyhub.ingest import intake
from countyhub.ingest.inbox import Inbox
from countyhub.registry.content import Content
from countyhub.registry.forms import Area, Box
from countyhub.registry.live import LiveRegistry
from countyhub.registry.snapshot import Registry
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store
from gridwire.codec import encode_event
from gridwire.events import Alarm, Data
from gridwire.mqtt import Message, MqttClient, MqttSettings
from tests.harness import until
from tests.hubs import COUNTY, PATIENCE_S
from tests.instances import BOX, NOON, SOURCE, event
from tests.registries import ZONE

TOWNSHIP = BOX[:9]
ALARM = Alarm(kind="motion", state="start")


def config(folder: Path, feeds: dict[str, Any]) -> Config:
    return msgspec.convert({"county": COUNTY, "data_dir": str(folder), "feeds": feeds}, Config)


async def commit(store: Store, *seqs: int, data: Data = ALARM, **changes: Any) -> None:
    """Each in a transaction of its own."""
    for seq in seqs:
        raw = encode_event(event(data, seq, **changes))
        outcome = await Inbox(store).commit([intake.read(f"{SOURCE}/up/event", raw, received=NOON)])
        assert outcome.stored == 1


async def step(store: Store, number: str, act: str, **values: Any) -> None:
    """A step of a case, which is made with the first."""
    async with store.write() as connection:
        if act == "opened":
            case = {"number": number, "key": number, "open": True, "version": 1, "edition": 1, "arrived": NOON,
                    "changed": NOON, "state": b"{}", "village": BOX, "township": TOWNSHIP, "title": "积水",
                    "box": BOX}  # fmt: skip
            await connection.execute(cases.insert().values(case))
        await connection.execute(case_entry.insert().values(number=number, version=1, act=act, at=NOON, **values))


def known() -> Registry:
    """A registry that knows the box."""
    rows = [
        Area(code=COUNTY, name="宁远县", level="county", parent=""),
        Area(code=TOWNSHIP, name="文庙街道", level="township", parent=COUNTY),
        Area(code=BOX, name="东山村", level="village", parent=TOWNSHIP),
        Box(box=BOX, name="村部", village=BOX),
    ]
    return Registry(Content.bare(rows), ZONE)


def live(store: Store) -> LiveRegistry:
    """One that nobody has imported anything into; what it knows is given."""
    registry = LiveRegistry(store, ZONE)
    registry.current = known()
    return registry


@contextlib.asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Beside the test; a failure of it fails the test."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Listener:
    """Another system at the broker, with a session that lasts."""

    def __init__(self, port: int, topic: str = "hub/1/#", name: str = "listener") -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.types: list[str | None] = []
        self._topic = topic
        self._up = asyncio.Event()
        settings = MqttSettings(host="127.0.0.1", port=port, client_id=name, backoff_min_s=0.05, backoff_max_s=0.1)
        self.client = MqttClient(settings, on_message=self._hear, on_up=lambda _: self._up.set())

    def _hear(self, message: Message) -> None:
        self.got.append((message.topic, msgspec.json.decode(message.payload)))
        self.types.append(message.content_type)

    async def __aenter__(self) -> Listener:
        self._task = asyncio.create_task(self.client.run())
        await self._up.wait()
        await self.client.subscribe([(self._topic, 1)])
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.client.stop()
        await self._task

    @property
    def seqs(self) -> list[int]:
        """Numbers of events as they came, repeats included."""
        return [event["seq"] for _, event in self.got if "seq" in event]

    @property
    def once(self) -> list[int]:
        """The same, each where it came first."""
        return list(dict.fromkeys(self.seqs))

    async def until_seqs(self, *expected: int) -> None:
        """Until these have come, in this order."""
        await until(lambda: self.once == list(expected), PATIENCE_S)


def now() -> datetime:
    return datetime.now(UTC)
