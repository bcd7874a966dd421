"""Builds the whole product on this machine, piece after piece, and takes it down again in order.

In this process: cameras, terminal and the proxy that is the uplink. In processes of their own: broker, hub and agent.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from itertools import chain
from typing import Self

import msgspec

from countyhub.store.engine import open_store
from edgeagent.status.state import BoxStatus
from gridwire.problem import Language
from simulators.camera import Camera, CameraConfig, CameraFarm
from simulators.demo import happened, onbox
from simulators.demo.children import Child
from simulators.demo.counting import Blind, Count, Happened, count
from simulators.demo.fetch import NoAnswer, fetch
from simulators.demo.ledger import Ledger
from simulators.demo.neighbours import Neighbours
from simulators.demo.ports import accepts, free_port
from simulators.demo.screen import View
from simulators.demo.village import BASE, BOX, CAMERA_PASSWORD, PLACES, TERMINAL, WINDOW, Folder
from simulators.proxy import Proxy
from simulators.terminal import SimTerminal
from simulators.week.fill import Week, fill

START_TIMEOUT_S = 60.0


class BrokerAway(Exception):
    """Nobody listens at the broker's address."""


class NotReady(Exception):
    """Not everything was up in time; says what was not."""


class Stage:
    """`async with` starts devices and broker, `open` the rest; leaving stops what still runs. `ready` says when all of
    it works together."""

    def __init__(
        self, folder: Folder, language: Language, *, broker: tuple[str, int] | None, console_port: int
    ) -> None:
        self.week: Week | None = None
        self.folder, self.language = folder, language
        self.farm = CameraFarm(
            CameraConfig(name=place.id, password=CAMERA_PASSWORD, serial=f"GC2000-{number:06d}")
            for number, place in enumerate(PLACES, 1)
        )
        self.terminal = SimTerminal(folder.serial_ports)
        self.console_port, self.status_port = free_port(console_port), free_port()
        self._own_broker = broker is None
        self._broker = broker or ("127.0.0.1", free_port())
        self.uplink = Proxy(*self._broker)
        self.children: list[Child] = []
        self._begun = datetime.now(UTC)
        self._ledger = Ledger(folder.database, BASE, self._begun)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Raises PictureUnavailable without OpenCV, OSError, BrokerAway."""
        async with self._stack:  # what runs already is stopped when the rest cannot start
            await self._start()
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def cameras(self) -> list[Camera]:
        return list(self.farm.cameras.values())

    async def stop_children(self) -> None:
        """In order: the agent says goodbye, the hub commits what has come."""
        while self.children:
            await self.children.pop().stop()

    async def furnish(self, seed: int) -> None:
        """Before the hub runs: a county, and a week in it. Raises `WentWrong`, and what the database raises."""
        store = await open_store(f"sqlite:///{self.folder.database}")
        try:
            self.week = await fill(
                store, now=datetime.now(UTC), seed=seed, language=self.language, windows=self.folder.windows
            )
        finally:
            await store.close()

    async def open(self) -> None:
        """Hub and agent. Raises OSError."""
        await self._launch("countyhub", "countyhub.cli", "run", "--config", str(self.folder.hub_config))
        await self._launch("edgeagent", "simulators.demo.box", str(self.folder.agent_config))

    def neighbours(self) -> Neighbours:
        """The other boxes of the week, but for the one that is away."""
        week = self.week
        senders = [] if week is None else [each for box, each in week.senders.items() if box not in (BOX, week.away)]
        return Neighbours(self._broker, senders)

    async def ready(self) -> None:
        """Until every device is watched, the uplink stands and the console answers. Raises `NotReady`."""
        why = "nothing has answered"
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            try:
                box = await self.box()
                await fetch(self.console_port, "/readyz")
            except NoAnswer as problem:
                why = str(problem)
            else:
                dark = [device.id for device in box.devices if device.state != "up"]
                why = ", ".join(dark if box.connected else [*dark, "uplink"])
                if not why:
                    return
            await asyncio.sleep(0.2)
        raise NotReady(why)

    async def box(self) -> BoxStatus:
        """How the agent says it is. Raises `NoAnswer`."""
        return msgspec.json.decode(await fetch(self.status_port, "/status.json"), type=BoxStatus)

    # -- what happened, and what has become of it ----------------------------------------------------------------

    def happened(self) -> list[Happened]:
        """By the devices' own records."""
        alarms = (happened.alarms(camera.name, camera.raised) for camera in self.cameras)
        return [*chain(*alarms), *happened.checkins(TERMINAL, self.terminal.shown, self.folder.key, WINDOW)]

    def count(self) -> Count:
        """As of now, by the hub's database."""
        self._refresh()
        return count(self.happened(), self._ledger.rows, self._ledger.blinds)

    def last_count(self) -> tuple[Count, list[Blind]]:
        """Once agent and hub have ended: everything is read anew, and what the box alone knows counts as that. With the
        intervals in which nobody saw a device."""
        self._ledger = Ledger(self.folder.database, BASE, self._begun)
        self._refresh()
        left = onbox.read(self.folder.outbox, BASE, datetime.now(UTC), at_rest=True)
        self._ledger.await_unsent(left.unsent)
        blinds = [*self._ledger.blinds, *left.blinds]
        return count(self.happened(), self._ledger.rows, blinds), blinds

    async def view(self) -> View:
        """For the screen; what does not answer is left as it begins."""
        by_kind = self.count().by_kind
        view = View(
            cameras=len(PLACES),
            emitted=Counter({kind: tally.emitted for kind, tally in by_kind.items()}),
            blind=Counter({kind: tally.blind for kind, tally in by_kind.items()}),
            at_hub=Counter({kind: tally.stored for kind, tally in by_kind.items()}),
            pictured=self._ledger.pictured,
        )
        with suppress(NoAnswer):
            box = await self.box()
            view.cameras_up = sum(device.state == "up" for device in box.devices if device.driver == "onvif")
            view.link = "up" if box.connected else "down"
            view.waiting = sum(status.waiting for lane, status in box.lanes.items() if lane != "media")
            view.waiting_pictures = box.lanes["media"].waiting
            view.on_box = {name: box.emitted.get(name, 0) for name in ("alarm", "checkin")}
        if self.uplink.is_cut:
            view.link = "cut"
        return view

    async def is_settled(self) -> bool:
        """Nothing waits on the box, every device is watched, and nothing is missing at the hub."""
        try:
            box = await self.box()
        except NoAnswer:
            return False
        is_quiet = box.connected and not any(lane.waiting for lane in box.lanes.values())
        return is_quiet and all(device.state == "up" for device in box.devices) and self.count().is_right

    # -- piece after piece ---------------------------------------------------------------------------------------

    async def _start(self) -> None:
        self.folder.make()
        await self._stack.enter_async_context(self.farm)
        await self._stack.enter_async_context(self.terminal)
        await self._stack.enter_async_context(self.uplink)
        self._write_files()
        self._stack.push_async_callback(self.stop_children)
        if self._own_broker:
            await self._launch("broker", "simulators.broker", "--port", str(self._broker[1]))
        await self._until_broker()

    def _write_files(self) -> None:
        self.folder.write_hub(self.language, broker=self._broker, console_port=self.console_port)
        self.folder.write_agent(
            self.language,
            uplink_port=self.uplink.port,
            status_port=self.status_port,
            cameras={camera.name: camera.port for camera in self.cameras},
            terminal=self.terminal.settings,
        )

    async def _launch(self, name: str, module: str, *arguments: str) -> None:
        child = Child(name, module, arguments, self.folder.log(name))
        await child.start()
        self.children.append(child)

    async def _until_broker(self) -> None:
        deadline_s = time.monotonic() + (START_TIMEOUT_S / 3 if self._own_broker else 0)
        while not await accepts(*self._broker):
            if time.monotonic() > deadline_s:
                host, port = self._broker
                raise BrokerAway(f"{host}:{port}")
            await asyncio.sleep(0.05)

    def _refresh(self) -> None:
        with suppress(sqlite3.OperationalError):  # not made yet
            self._ledger.refresh()
