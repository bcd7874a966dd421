"""A driver to copy: a gauge on a serial port that sends its level as lines of text, e.g. `L=1.234`.

The port is opened exclusively, opened again when it was unplugged, and its loss is reported with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

from drivers.seriallink import LinkLost, SerialLink, SerialSettings, keep_open
from edgeagent.driver import CommandRefused, Device, DeviceConfig, Observation, OutboxFull, Reading

_LINE = re.compile(rb"L=(-?[0-9]{1,4}(?:\.[0-9]{1,4})?)\s*")
MAX_LINE_BYTES = 64


class Config(DeviceConfig, SerialSettings, frozen=True, kw_only=True):
    """A water-level gauge on a serial port. 串口水位计。"""


class Levels:
    """Levels out of a byte stream. Pure, raises on no input: what is no level is skipped."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[float]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-MAX_LINE_BYTES:]
        return [float(found[1]) for line in lines if (found := _LINE.fullmatch(line))]

    def silence(self) -> list[float]:
        """The line fell quiet: half a line is never joined to the next."""
        self._rest = b""
        return []


class Driver:
    """One gauge."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def run(self, device: Device) -> None:
        """Until cancelled, whatever happens to the port."""

        async def on_lost(lost: LinkLost) -> None:
            await device.report("down", lost.reason, lost.text(device.language))

        await keep_open(self._config, Levels, partial(_listen, device), on_lost)

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """It only sends. Raises `CommandRefused`."""
        raise CommandRefused(device=device.id, op=op, why="the gauge only sends / 该水位计只发送数据")


async def _listen(device: Device, link: SerialLink[float]) -> None:
    """Raises LinkLost."""
    await device.report("up")
    while True:
        level_m = await link.receive()
        try:
            await device.emit(Observation(data=Reading(quantity="water_level", value=level_m, unit="m")))
        except OutboxFull:
            continue  # a reading is the first thing that may be missing; the next one comes by itself
