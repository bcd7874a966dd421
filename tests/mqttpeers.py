"""MQTT clients with everything that happened to them, and a broker that says what mosquitto never would."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from gridwire.mqtt import Message, MqttClient, MqttError, MqttSettings, Session
from tests.harness import until
from tests.mosquitto import Mosquitto

CONNACK = b"\x20\x03\x00\x00\x00"


class Peer:
    """A client with everything that happened to it."""

    def __init__(self, port: int, client_id: str = "peer", *, will=None, manual_ack=False, **settings: Any) -> None:
        self.sessions: list[Session] = []
        self.downs: list[MqttError | None] = []
        self.messages: list[Message] = []
        self.order: list[str] = []
        given = {"host": "127.0.0.1", "backoff_min_s": 0.02, "backoff_max_s": 0.1, **settings}
        self.client = MqttClient(
            MqttSettings(port=port, client_id=client_id, **given),
            will=will,
            on_up=self._up,
            on_down=self._down,
            on_message=self._message,
            manual_ack=manual_ack,
        )
        self.task = asyncio.create_task(self.client.run())

    def _up(self, session: Session) -> None:
        self.sessions.append(session)
        self.order.append("up")

    def _down(self, error: MqttError | None) -> None:
        self.downs.append(error)
        self.order.append("down")

    def _message(self, message: Message) -> None:
        self.messages.append(message)
        self.order.append("message")

    @property
    def payloads(self) -> list[bytes]:
        return [message.payload for message in self.messages]

    async def up(self, times: int = 1) -> Peer:
        await until(lambda: self.task.done() or len(self.sessions) >= times)
        if self.task.done():
            self.task.result()
        return self

    async def failed(self, code: str) -> MqttError:
        await until(lambda: self.client.state.last_error_code == code)
        return self.client._last_error

    async def stop(self) -> None:
        await self.client.stop()
        await self.task

    async def crash(self) -> None:
        """Gone without DISCONNECT."""
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


@contextlib.asynccontextmanager
async def peer(broker: Mosquitto, client_id: str = "peer", **settings: Any) -> AsyncIterator[Peer]:
    one = Peer(broker.port, client_id, **settings)
    try:
        yield await one.up()
    finally:
        await one.crash()


@contextlib.asynccontextmanager
async def scripted_broker(answers: list[bytes]) -> AsyncIterator[int]:
    """For what mosquitto cannot be brought to say: each packet that comes is answered with the next of `answers`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readexactly(1)
            length = (await reader.readexactly(1))[0]  # our packets here are all shorter than 128 bytes
            await reader.readexactly(length)
            writer.write(answer)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
