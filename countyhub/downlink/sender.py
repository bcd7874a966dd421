"""Publishes what the hub says to boxes. Nothing is kept here: what does not leave is asked for again by its own rules
(an event comes again until it is acknowledged, a board at the next birth, a command from its table).
"""

from __future__ import annotations

import asyncio

import msgspec

from gridwire import topics
from gridwire.codec import encode_message
from gridwire.mqtt import MqttClient, NotConnected, ReasonCode, WindowFull


class Downlink:
    """The boxes of one county, by the hub's connection to the broker."""

    def __init__(self, county: str) -> None:
        self.county = county
        self._client: MqttClient | None = None
        self._waiting: set[asyncio.Future[ReasonCode]] = set()

    def attach(self, client: MqttClient) -> None:
        """The connection to use; the client needs its callbacks, and those need this, hence afterwards."""
        self._client = client

    @property
    def is_connected(self) -> bool:
        return self._client is not None and self._client.connected

    async def send(self, box: str, name: str, message: msgspec.Struct) -> asyncio.Future[ReasonCode]:
        """Send a message of the table of topics; waits while the broker's window is full.

        The future is the broker's PUBACK. Raises NotConnected, PacketTooLarge.
        """
        return await self.send_bytes(box, name, encode_message(message))

    async def send_bytes(self, box: str, name: str, payload: bytes) -> asyncio.Future[ReasonCode]:
        """As `send`, of a payload made before."""
        row = topics.TOPICS[name]
        topic = topics.topic(self.county, box, name)
        while True:
            if self._client is None:
                raise NotConnected
            try:
                future = self._client.publish(
                    topic, payload, retain=row.retain, content_type="application/json", expiry_s=row.expiry_s
                )
            except WindowFull:
                await self._until_free()
                continue
            self._waiting.add(future)
            future.add_done_callback(self._waiting.discard)
            return future

    async def _until_free(self) -> None:
        """Until the broker has acknowledged anything (or the link has dropped, which ends all futures)."""
        if self._waiting:
            await asyncio.wait(set(self._waiting), return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(0.01)
