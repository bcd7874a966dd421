"""The last rung: a camera without events is asked for a picture now and then, to know that it lives and sees."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable

from drivers.onvif.client import Client
from drivers.onvif.health import Health
from drivers.onvif.pictures import EXPECTED
from edgeagent.driver import Device, DriverProblem

_log = logging.getLogger(__name__)


class Stills:
    """`take` gives a JPEG; it is looked at every `look_every_s` and not stored: that has a schedule of its own."""

    def __init__(
        self,
        device: Device,
        client: Client,
        health: Health,
        take: Callable[[], Awaitable[bytes]],
        *,
        look_every_s: float,
    ) -> None:
        self._device = device
        self._client = client
        self._health = health
        self._take = take
        self._look_every_s = look_every_s
        self.seen_s = -math.inf
        """When there was a picture last, in monotonic seconds."""

    async def watch(self, why: DriverProblem, for_s: float) -> None:
        """For so long. Raises `HttpProblem` as soon as the camera does not answer at all: then all begins anew."""
        end_s = time.monotonic() + for_s
        while (left_s := end_s - time.monotonic()) > 0:
            try:
                await self._take()
            except EXPECTED as problem:
                _log.debug("%s: %s", self._device.id, problem)
                # Pictures may come from another port than ONVIF: is anybody there at all?
                await self._client.read_open_clock()
                await self._health.down(why)
            else:
                self.seen_s = time.monotonic()
                await self._health.degraded(why)
            await asyncio.sleep(min(self._look_every_s, left_s))
