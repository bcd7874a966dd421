"""The other boxes of the county, which go on saying that they are well: over MQTT, straight to the broker.

Theirs is no uplink that is cut. The one that is away in the week says nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from gridwire import topics
from gridwire.codec import encode_message
from gridwire.mqtt import MqttClient, MqttSettings, NotConnected
from simulators.demo.village import COUNTY
from simulators.week.sender import Sender

EVERY_S: Final = 60.0
RETRY_S: Final = 2.0


class Neighbours:
    """`run` until cancelled."""

    def __init__(self, broker: tuple[str, int], senders: Sequence[Sender]) -> None:
        host, port = broker
        self._senders = senders
        self._client = MqttClient(
            MqttSettings(host=host, port=port, client_id="demo-neighbours", clean_start=True, session_expiry_s=0,
                         backoff_max_s=RETRY_S)
        )  # fmt: skip

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._client.run())
            group.create_task(self._keep_telling())

    async def _keep_telling(self) -> None:
        while True:
            try:
                for sender in self._senders:
                    said = encode_message(sender.how_it_is(datetime.now(UTC)))
                    await self._client.publish(topics.topic(COUNTY, sender.box, "health"), said)
            except NotConnected:
                await asyncio.sleep(RETRY_S)
            else:
                await asyncio.sleep(EVERY_S)
