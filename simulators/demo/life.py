"""What happens in the village: alarms, visitors at the terminal, a camera that dies and comes back, an uplink cut."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import cycle

from simulators.camera import Camera
from simulators.camera.rhythm import keep_raising
from simulators.demo.village import PLACES
from simulators.demo.visitors import Visitor, Visitors
from simulators.proxy import Proxy
from simulators.terminal import SimTerminal
from simulators.terminal.cards import resident

ALARM_EVERY_S = 2.5
VISIT_EVERY_S = 20.0
# So often an IC card is held up once more.
TWICE = 0.25
# Once in two minutes each; not at the same time, so that each can be followed.
PERIOD_S = 120.0
REBOOT_AT_S, REBOOT_S = 12.0, 8.0
CUT_AT_S, CUT_S = 30.0, 20.0
# So long a card lies on the reader when no tone comes: long enough for the slowest reader.
PATIENCE_S = 10.0
# A card held up again sooner belongs to the same visit.
AGAIN_AFTER_S = 3.0

Tell = Callable[[str, str], None]
"""Takes what happens now, in Chinese and in English."""


class Life:
    """`run` until cancelled, then `calm`. `speed` 2: everything twice as often."""

    def __init__(
        self,
        cameras: Sequence[Camera],
        terminal: SimTerminal,
        uplink: Proxy,
        *,
        speed: float,
        chance: random.Random,
        tell: Tell,
    ) -> None:
        self._cameras, self._terminal, self._uplink = cameras, terminal, uplink
        self._speed, self._chance, self._tell = speed, chance, tell
        self._visitors = Visitors(chance)
        self._visit: asyncio.Task[None] | None = None
        self._cut_until_s = 0.0

    @property
    def cut_left_s(self) -> float:
        """Seconds until the uplink is mended."""
        return max(0.0, self._cut_until_s - time.monotonic())

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(keep_raising(self._cameras, ALARM_EVERY_S / self._speed, self._chance))
            group.create_task(self._keep_visiting())
            group.create_task(self._keep_rebooting())
            group.create_task(self._keep_cutting())

    async def calm(self) -> None:
        """Put everything right: alarms end, the visitor goes once served, the camera comes back, the uplink stands."""
        self._uplink.mend()
        for camera in self._cameras:
            for kind in list(camera.state.active):
                camera.raise_alarm(kind, active=False)
        if self._visit is not None:
            await self._visit
        await _until(lambda: not any(camera.down for camera in self._cameras))

    async def _keep_visiting(self) -> None:
        while True:
            await self._pause(VISIT_EVERY_S * self._chance.uniform(0.5, 1.5))
            # Whoever has begun is served, though the demo ends: a card taken away too soon is no loss of ours.
            self._visit = asyncio.get_running_loop().create_task(self._serve_visitor())
            await asyncio.shield(self._visit)

    async def _serve_visitor(self) -> None:
        visitor = self._visitors.next(time.monotonic())
        match visitor.part:
            case "idcard" if visitor.is_worker:
                self._tell("终端：网格员刷身份证签到", "terminal: a grid worker checks in by ID card")
                await self._lay_down(visitor)
            case "idcard":
                self._tell("终端：名册外的人刷身份证", "terminal: an ID card that is on no roster")
                await self._lay_down(visitor)
            case "iccard" if self._chance.random() < TWICE:
                self._tell("终端：同一张 IC 卡刷两次，只计一次", "terminal: one IC card shown twice, counts once")
                await self._show_twice(bytes.fromhex(visitor.what))
            case "iccard":
                self._tell("终端：网格员刷 IC 卡签到", "terminal: a grid worker checks in by IC card")
                self._terminal.show_ic(bytes.fromhex(visitor.what))
                await self._until_tone()
            case "scanner":
                self._tell("终端：网格员扫码签到", "terminal: a grid worker checks in by code")
                self._terminal.scan(visitor.what)
                await self._until_tone()

    async def _lay_down(self, visitor: Visitor) -> None:
        self._terminal.present_card(resident(visitor.what, visitor.name))
        await self._until_tone()
        self._terminal.lift_card()

    async def _show_twice(self, uid: bytes) -> None:
        self._terminal.show_ic(uid)
        await self._until_tone()
        await asyncio.sleep(AGAIN_AFTER_S)
        self._terminal.show_ic(uid)
        await self._until_tone()

    async def _until_tone(self) -> None:
        """Until the beeper has said anything new: the visitor waits for it."""
        before = len(self._terminal.beeps)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await _until(lambda: len(self._terminal.beeps) > before)

    async def _keep_rebooting(self) -> None:
        """One after the other: a camera that goes three times in ten minutes must be steady for a minute and more
        before its driver believes that it is back."""
        await self._pause(REBOOT_AT_S)
        for camera in cycle(self._chance.sample(self._cameras, len(self._cameras))):
            await self._reboot(camera)
            await self._pause(PERIOD_S - REBOOT_S)

    async def _reboot(self, camera: Camera) -> None:
        place = next(place for place in PLACES if place.id == camera.name)
        down_s = REBOOT_S / self._speed
        self._tell(f"摄像机「{place.zh}」断电 {down_s:.0f} 秒", f"camera {place.en}: no power for {down_s:.0f} s")
        camera.begin_reboot(down_s)
        await asyncio.sleep(down_s)
        await _until(lambda: not camera.down)
        self._tell(f"摄像机「{place.zh}」恢复供电", f"camera {place.en}: power is back")

    async def _keep_cutting(self) -> None:
        await self._pause(CUT_AT_S)
        while True:
            cut_s = CUT_S / self._speed
            self._tell(
                f"上行中断 {cut_s:.0f} 秒，事件照常存盘", f"uplink cut for {cut_s:.0f} s, events are still stored"
            )
            self._cut_until_s = time.monotonic() + cut_s
            self._uplink.cut()
            await self._pause(CUT_S)
            self._uplink.mend()
            self._tell("上行恢复，补传积压", "uplink mended, what waited is sent")
            await self._pause(PERIOD_S - CUT_S)

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - the devices tell nobody
        await asyncio.sleep(0.02)
