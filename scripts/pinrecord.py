"""Records what a real box and a real hub say to each other over a real broker: one payload of each sort, as it went.

Started by `scripts/pinwire.py`; needs mosquitto. Made samples say what may be said, these what is.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from gridwire import compression, topics
from gridwire.mqtt import Message, MqttClient, MqttSettings
from scripts.pinsamples import sample
from tests.harness import until
from tests.hubs import COUNTY, PATIENCE_S, HubProcess
from tests.instances import BOX
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, emitter

WORKERS = {"sos": 1, "alarm": 2, "checkin": 1, "reading": 1, "picture": 1}
Json = dict[str, Any]


class Recorder:
    """Hears everything below the county's topics, and keeps the first payload of each sort."""

    def __init__(self, port: int) -> None:
        self.kept: dict[str, tuple[str, bytes]] = {}
        settings = MqttSettings(host="127.0.0.1", port=port, client_id="recorder")
        self.client = MqttClient(settings, on_message=self._hear, on_up=self._went_up)
        self.listening = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def _went_up(self, _: object) -> None:
        self._tasks.append(asyncio.create_task(self._subscribe()))

    async def _subscribe(self) -> None:
        await self.client.subscribe([(f"{topics.ROOT}/{COUNTY}/#", 1)])
        self.listening.set()

    def _hear(self, message: Message) -> None:
        name = message.topic.split("/")[5]
        self.kept.setdefault(f"recorded {sort_of(name, message.payload)}", (name, message.payload))

    def heard(self, *sorts: str) -> bool:
        return all(any(name.startswith(f"recorded {sort}") for name in self.kept) for sort in sorts)

    def samples(self) -> list[Json]:
        return [sample(name, topic, payload) for name, (topic, payload) in sorted(self.kept.items())]


def sort_of(topic: str, payload: bytes) -> str:
    """What it is kept once of: topic, type of the event, state, operation; compressed or not."""
    if topic == "media":
        return topic
    packed = payload.startswith(compression.MAGIC)
    plain = compression.decompress(payload, 1 << 20) if packed else payload
    body = msgspec.json.decode(plain)
    words = [] if topic == "batch" else [str(body[key]) for key in ("type", "state", "op", "lane") if key in body]
    return " ".join([topic, *words, *(["compressed"] if packed else [])])


async def record() -> list[Json]:
    """A box with a talkative device, a hub, a board, an order; then the box stops, and once more is lost."""
    with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name) / "broker") as broker:
        folder = Path(name)
        recorder = Recorder(broker.port)
        listening = asyncio.create_task(recorder.client.run())
        await recorder.listening.wait()
        with HubProcess(folder / "hub", broker.port, "[replay]\npause_s = 0.5\n") as hub:
            await hub.until_connected()
            await _life(folder, broker.port, hub, recorder)
        await recorder.client.stop()
        await listening
        return recorder.samples()


async def _life(folder: Path, port: int, hub: HubProcess, recorder: Recorder) -> None:
    """Everything once."""
    devices = emitter(folder / "pond.txt", WORKERS, until=40, every_ms=3)
    agent = AgentProcess(folder / "box", port, devices, hub="will_delay_s = 0")
    with agent:
        await until(lambda: recorder.heard("media", "batch", "health"), PATIENCE_S)
        await agent.until_drained()
        for words in (
            ("board", "notice", BOX, "--title", "低保公示", "--text", "本月名单已张贴"),
            ("box", "replay", BOX, "--since", "2026-01-01"),
        ):
            done = await asyncio.to_thread(hub.cli, *words)
            if done.returncode:
                raise RuntimeError(done.stderr)
        await until(lambda: recorder.heard("board", "cmd replay", "reply replay"), PATIENCE_S)
        agent.stop()
        await until(lambda: recorder.heard("status offline"), PATIENCE_S)
        agent.start()
        await agent.until_running()
        await agent.until_drained()
    await until(lambda: recorder.heard("status lost"), PATIENCE_S)
