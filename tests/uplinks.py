"""For tests of the uplink: an agent without devices inside the test, and a hub that acknowledges only when told to."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edgeagent import plugins
from edgeagent.agent import Agent
from edgeagent.configfile import load
from edgeagent.driver import Alarm, Checkin, Data, Observation, Reading, Sos, Stored
from gridwire import messages, topics
from gridwire.codec import Arrived, decode_message, decode_up, encode_message
from gridwire.events import Gap
from gridwire.identifiers import new_ulid
from gridwire.mqtt import Message, MqttClient, MqttSettings
from tests.harness import until
from tests.hubs import COUNTY, PATIENCE_S
from tests.instances import BOX, SOURCE

KINDS: dict[str, Data] = {
    "urgent": Sos(point="gate"),
    "alarm": Alarm(kind="motion", state="pulse"),
    "record": Checkin(method="card", person="p", key="k"),
    "reading": Reading(quantity="level", value=1.0),
}
"""A small event of each lane."""


class Got(NamedTuple):
    """One message that reached the hub. `numbers`: what it carries, as (lane, seq); empty if it is no event.

    `streams`: of each of them; backlog of an earlier start may share a batch with newer events.
    """

    name: str
    numbers: tuple[tuple[str, int], ...]
    streams: tuple[str, ...]
    size: int
    message: Message

    @property
    def stream(self) -> str:
        return self.streams[0]

    def read(self, kind: type[Any]) -> Any:
        return decode_message(self.message.payload, kind, topic=self.name)


class Sink:
    """A county's hub that keeps nothing. While `acking`, it answers every message at once."""

    def __init__(self, port: int, *, acking: bool = False, protocol: str = "5", **settings: Any) -> None:
        self.acking = acking
        self.got: list[Got] = []
        self._up = asyncio.Event()
        self.client = MqttClient(
            MqttSettings(
                host="127.0.0.1", port=port, client_id="sink", protocol=protocol, backoff_min_s=0.05, backoff_max_s=0.1,
                **settings,
            ),
            on_message=self._hear,
            on_up=self._went_up,
        )  # fmt: skip
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Sink:
        self._keep(self.client.run())
        await self._up.wait()
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.acking = False  # who leaves answers nobody
        await self.client.stop()
        await asyncio.gather(*self._tasks)

    def _keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)

    def _went_up(self, _: object) -> None:
        async def subscribe() -> None:
            await self.client.subscribe([(name, 1) for name in topics.hub_filters(COUNTY)])
            self._up.set()

        self._keep(subscribe())

    def _hear(self, message: Message) -> None:
        address = topics.parse_up(message.topic)
        numbers: tuple[tuple[str, int], ...] = ()
        streams: tuple[str, ...] = (address.stream,)
        if address.name == "media":
            numbers = (("media", address.seq),)
        elif address.name in ("event", "batch"):
            found = decode_up(message.payload, source=SOURCE)
            assert all(isinstance(each, Arrived) for each in found), found
            numbers = tuple((each.key.lane, each.key.seq) for each in found)
            streams = tuple(each.key.stream for each in found)
        got = Got(address.name, numbers, streams, len(message.payload), message)
        self.got.append(got)
        if self.acking and numbers:
            self.ack(got)

    # -- what has come -------------------------------------------------------------------------------------------

    @property
    def events(self) -> list[Got]:
        """Messages with events or pictures, in order of arrival."""
        return [got for got in self.got if got.numbers]

    def seqs(self, lane: str = "alarm") -> list[int]:
        """Numbers of a lane in order of arrival, repeats included."""
        return [seq for got in self.got for where, seq in got.numbers if where == lane]

    def said(self, name: str) -> list[Got]:
        return [got for got in self.got if got.name == name]

    async def until_seqs(self, *expected: int, lane: str = "alarm") -> None:
        """Until exactly these have come, in any order and however often."""
        await until(lambda: set(self.seqs(lane)) == set(expected), PATIENCE_S)

    # -- what it says --------------------------------------------------------------------------------------------

    def say(self, name: str, message: msgspec.Struct) -> None:
        topic = topics.topic(COUNTY, BOX, name)
        self.client.publish(topic, encode_message(message), retain=topics.TOPICS[name].retain)

    def ack(self, got: Got) -> None:
        """Everything in a message."""
        for stream in set(got.streams):
            both = zip(got.streams, got.numbers, strict=True)
            numbers = [(seq, seq) for its, (_, seq) in both if its == stream]
            self.ack_numbers(stream, got.numbers[0][0], numbers)

    def ack_numbers(self, stream: str, lane: str, ranges: Iterable[tuple[int, int]]) -> None:
        self.say("ack", messages.Ack(stream=stream, lane=lane, ranges=tuple(ranges)))

    def ack_all(self) -> None:
        """Everything that has come, and from now on."""
        self.acking = True
        for got in self.events:
            self.ack(got)

    async def order(self, op: str, args: dict[str, object], *, expires_s: float = 60, order: str = "") -> str:
        """Give a command; returns its id."""
        order = order or new_ulid()
        expires = datetime.now(UTC) + timedelta(seconds=expires_s)
        self.say("cmd", messages.Command(id=order, op=op, args=args, by="test", expires=expires))
        return order

    async def reply(self, order: str, count: int = 1) -> messages.Reply:
        """The answer to a command, once it has come so often."""

        def found() -> list[messages.Reply]:
            replies = [got.read(messages.Reply) for got in self.said("reply")]
            return [reply for reply in replies if reply.id == order]

        await until(lambda: len(found()) >= count, PATIENCE_S)
        return found()[-1]


class Box:
    """A running agent: `emit` stores, `settle` waits until all that may go has gone."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.uplink = agent.uplink
        self.outbox = agent.outbox

    async def emit(
        self, lane: str = "alarm", count: int = 1, *, pictures: tuple[bytes, ...] = (), **changes: Any
    ) -> list[Stored]:
        """Events one after the other, each committed before the next."""
        data = msgspec.structs.replace(KINDS[lane], **changes)
        observation = Observation(data=data, pictures=pictures)
        return [await self.agent.intake.take("pond", None, observation, {}) for _ in range(count)]

    async def flood(self, lane: str, count: int) -> None:
        """Events at once, in as few commits as can be."""
        await asyncio.gather(*(self.emit(lane) for _ in range(count)))

    def waiting(self, lane: str = "alarm") -> int:
        return self.outbox.waiting()[lane]

    async def until_acked(self) -> None:
        await until(lambda: not any(self.outbox.waiting().values()), PATIENCE_S)

    async def connected(self) -> None:
        await until(lambda: self.uplink._up, PATIENCE_S)

    async def cut_off(self) -> None:
        await until(lambda: not self.uplink._up, PATIENCE_S)

    async def settle(self, sink: Sink) -> None:
        """Until the sink has everything that the uplink was willing to send: health is published behind it."""
        for _ in range(5):  # the first may overtake what is still being read
            before = len(sink.said("health"))
            await until(lambda: not self.uplink._wake.is_set(), PATIENCE_S)
            self.agent.link.tell_health(await self.agent.health.health())
            await until(lambda before=before: len(sink.said("health")) > before, PATIENCE_S)

    async def stop(self) -> None:
        """In good order."""
        self.agent.stopping.set()


@contextlib.asynccontextmanager
async def box(
    folder: Path,
    port: int,
    *,
    hub: str = "",
    store: str = "",
    health_every_s: int = 3600,
    prepare: Callable[[Agent], None] = lambda agent: None,
    kill: bool = False,
) -> AsyncIterator[Box]:
    """An agent of this folder. `prepare`: of what machine it is, or what clock it has, before it opens anything.
    `kill`: the link is cut at the end instead of closed."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "edgeagent.toml"
    config.write_text(
        f'box = "{BOX}"\nlanguage = "en"\n[hub]\nhost = "127.0.0.1"\nport = {port}\nbackoff_max_s = 1\n'
        f'health_every_s = {health_every_s}\n{hub}\n[store]\ndir = "{folder}"\n{store}\n[status]\nenabled = false\n'
    )
    agent = Agent(load(config, plugins.resolve))
    prepare(agent)
    async with agent:
        running = asyncio.create_task(agent.run())
        try:
            yield Box(agent)
        finally:
            if kill:
                running.cancel()
            agent.stopping.set()
            with contextlib.suppress(asyncio.CancelledError):
                await running


def noise(size: int, seed: int = 1) -> dict[str, str]:
    """The detail of an event, of so many characters: text that zstd makes little smaller."""
    return {"noise": random.Random(seed).randbytes(size // 2).hex()}


async def gaps(sink: Sink) -> list[Gap]:
    """All gaps that were declared, as the hub got them."""
    arrived = [
        each for got in sink.events if got.name != "media" for each in decode_up(got.message.payload, source=SOURCE)
    ]
    return [each.event.data for each in arrived if isinstance(each.event.data, Gap)]


async def declared(sink: Sink) -> list[tuple[str, tuple[int, int], str]]:
    """Of each run of numbers that is declared missing: lane, first and last, reason."""
    return sorted((gap.lane, run, gap.reason) for gap in await gaps(sink) for run in gap.ranges)
