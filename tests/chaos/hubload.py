"""A county's boxes for tests of several hubs: real outboxes and uplinks, and what devices and residents do at random.

Everything that was stored in an outbox is written down: it must be at the hub in the end, once.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from countyhub.correlate.signals import Signal, of_data
from countyhub.registry.columns import Row
from countyhub.registry.forms import Box as BoxRow
from countyhub.registry.forms import Camera
from edgeagent import plugins
from edgeagent.agent import Agent
from edgeagent.configfile import load
from edgeagent.driver import Alarm, Checkin, Data, DeviceState, Rating, Reading, Request, Sos, Stored
from edgeagent.outbox.draft import Draft
from gridwire.instants import microseconds
from gridwire.topics import base
from simulators.county.build import COUNTY

KINDS = ("intrusion", "smoke", "fire", "water_level", "crowd", "tamper", "signal_lost", "motion", "person")
TERMINAL = "station-terminal"
SECOND = timedelta(seconds=1)
HOLD_DOWN = timedelta(seconds=306)
"""A device is offline after 300 s, which is looked at every second."""


class Sent(NamedTuple):
    """An event that a box has stored."""

    box: str
    device: str
    data: Data
    at: datetime
    stored: Stored

    @property
    def name(self) -> str:
        """As the keys of cases name it."""
        return f"{self.box}/{self.stored.stream}/{self.stored.lane}/{self.stored.seq}"

    @property
    def settled(self) -> datetime:
        """When time alone changes nothing any more because of it, as far as cases are concerned."""
        is_down = isinstance(self.data, DeviceState) and self.data.state == "down"
        return self.at + HOLD_DOWN if is_down else self.at

    @property
    def signal(self) -> Signal | None:
        """As correlation should see it."""
        lane = f"{self.stored.stream}/{self.stored.lane}"
        return of_data(self.data, self.box, self.device, lane, self.stored.seq, microseconds(self.at), late=False)


class Box:
    """An agent without devices; what devices would tell is put into its outbox, past its rules."""

    def __init__(self, agent: Agent, name: str, cameras: list[str], sent: list[Sent]) -> None:
        self.agent, self.name, self.cameras = agent, name, cameras
        self._sent = sent

    async def emit(self, device: str, data: Data, ago: timedelta = timedelta(0)) -> None:
        stamp = self.agent.clock.stamp()._replace(clock="synced")  # wherever tests run there is no time server
        at = stamp.wall - ago
        draft = Draft(base(COUNTY, self.name), device, data, stamp, time=at)
        self._sent.append(Sent(self.name, device, data, at, await self.agent.outbox.put(draft)))

    @property
    def waiting(self) -> int:
        return sum(self.agent.outbox.waiting().values())


@contextlib.asynccontextmanager
async def box(folder: Path, port: int, name: str, cameras: list[str], sent: list[Sent]) -> AsyncIterator[Box]:
    folder.mkdir(parents=True)
    config = folder / "edgeagent.toml"
    config.write_text(
        f'box = "{name}"\nlanguage = "en"\n[hub]\nhost = "127.0.0.1"\nport = {port}\nbackoff_max_s = 1\n'
        f'health_every_s = 10\nresend_after_s = 3\nwill_delay_s = 1\n[store]\ndir = "{folder}"\n'
        "[status]\nenabled = false\n"
    )
    async with Agent(load(config, plugins.resolve)) as agent:
        running = asyncio.create_task(agent.run())
        try:
            yield Box(agent, name, cameras, sent)
        finally:
            agent.stopping.set()
            await running


@contextlib.asynccontextmanager
async def boxes(folder: Path, port: int, rows: list[Row], sent: list[Sent]) -> AsyncIterator[list[Box]]:
    """Of the whole county."""
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                box(folder / row.box, port, row.box, [each.device for each in rows
                                                      if isinstance(each, Camera) and each.box == row.box], sent)
            )
            for row in rows if isinstance(row, BoxRow)
        ]  # fmt: skip


class Village:
    """What happens in a village, until `over` says so. `down_s`: so long ago at least a device has failed; what is not
    five minutes ago is to be held down still."""

    def __init__(self, box: Box, dice: random.Random, down_s: float) -> None:
        self.box, self.dice, self.down_s = box, dice, down_s
        self._receipts = 0

    async def live(self, over: Callable[[], bool], pace_s: float) -> None:
        acts = (self.alarm, self.device, self.request, self.rate, self.sos, self.other, self.power)
        while not over():
            (act,) = self.dice.choices(acts, (50, 16, 12, 8, 3, 8, 3))
            await act()
            await asyncio.sleep(self.dice.uniform(0, 2 * pace_s))

    def _ago(self, least_s: float, most_s: float) -> timedelta:
        return self.dice.uniform(least_s, most_s) * SECOND

    async def alarm(self) -> None:
        """Now, or out of a backlog."""
        state = self.dice.choice(("pulse", "start", "end"))
        alarm = Alarm(kind=self.dice.choice(KINDS), state=state, drill=self.dice.random() < 0.05)
        ago = self._ago(0, 3) if self.dice.random() < 0.6 else self._ago(3, 3600)
        await self.box.emit(self.dice.choice(self.box.cameras), alarm, ago)

    async def device(self) -> None:
        """Down, or there again."""
        down = self.dice.random() < 0.6
        state = DeviceState(state="down" if down else "up", reason="timeout" if down else "")
        await self.box.emit(
            self.dice.choice(self.box.cameras), state, self._ago(self.down_s, 900) if down else self._ago(0, 600)
        )

    async def power(self) -> None:
        """All cameras, one after the other; sometimes it has come back meanwhile."""
        ago, back = self._ago(self.down_s + 70, 1500), self.dice.random() < 0.5
        for camera in self.box.cameras:
            await self.box.emit(camera, DeviceState(state="down", reason="timeout"), ago - self._ago(0, 60))
        if back:
            for camera in self.box.cameras:
                await self.box.emit(camera, DeviceState(state="up"), self._ago(0, 60))

    async def request(self) -> None:
        mode, item = self.dice.choice((("report", "0101"), ("report", "0201"), ("direct", "S01"), ("proxy", "S25")))
        receipt = self._receipt(self._receipts)
        self._receipts += 1
        await self.box.emit(TERMINAL, Request(item=item, mode=mode, receipt=receipt, text="路灯不亮"))

    async def rate(self) -> None:
        """Also before the request itself: it may have to wait in another lane."""
        receipt = self._receipt(self.dice.randint(0, self._receipts))
        await self.box.emit(TERMINAL, Rating(score=self.dice.randint(1, 5), receipt=receipt))

    def _receipt(self, number: int) -> str:
        return f"{self.box.name[-3:]}-{number:04d}"

    async def sos(self) -> None:
        sos = Sos(point=f"gate-{self.dice.randint(1, 9)}", drill=self.dice.random() < 0.2)
        await self.box.emit(f"button-{self.dice.randint(1, 3)}", sos)

    async def other(self) -> None:
        data: Data = Reading(quantity="water_level", value=self.dice.uniform(0, 3), unit="m")
        if self.dice.random() < 0.5:
            data = Checkin(method="card", person="p" * 64, key="k")
        await self.box.emit(TERMINAL, data)
