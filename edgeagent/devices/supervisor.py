"""Keeps one task a device running: one device's fault never touches another, and never ends the agent.

This is the only place that catches what nobody expected.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from edgeagent.config import DeviceSettings
from edgeagent.devices.handle import DeviceHandle, Place
from edgeagent.devices.sight import last_alive, surely_watched
from edgeagent.driver import CommandRefused, Driver, OutboxFull
from edgeagent.intake.intake import Intake
from edgeagent.outbox import Outbox
from edgeagent.plugins import load
from gridwire.problem import Both, Language, Problem

log = logging.getLogger(__name__)

BACKOFF_MIN_S = 1.0
BACKOFF_MAX_S = 300.0
GOOD_AFTER_S = 600.0
"""A driver that ran this long begins again with the shortest pause."""
STOP_TIMEOUT_S = 10.0
"""A driver that has not ended by then, though cancelled, is left behind: others must not wait for it."""

_NOT_RUNNING, _NO_DEVICE = Both("当前未在运行", "not running now"), Both("没有该设备", "no such device")


class Question(msgspec.Struct, frozen=True):
    """What a person on the box asks of a device."""

    device: str
    op: str
    args: dict[str, object] = {}


class Supervisor:
    """Starts, restarts and stops the devices' drivers."""

    def __init__(self, intake: Intake, outbox: Outbox, folder: Path, language: Language) -> None:
        self.devices: dict[str, DeviceHandle] = {}
        self.place = Place()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._drivers: dict[str, Driver] = {}
        self._intake, self._outbox, self._folder, self._language = intake, outbox, folder, language
        self._alive = last_alive(outbox)

    async def apply(self, wanted: Mapping[str, DeviceSettings]) -> list[str]:
        """Run exactly these devices. Those whose settings did not change are left alone; gives the changed ones."""
        wanted = {device: settings for device, settings in wanted.items() if settings.enabled}
        changed = [
            device
            for device in self._tasks.keys() | wanted.keys()
            if device not in wanted or device not in self._tasks or self.devices[device].settings != wanted[device]
        ]
        left = [self.devices[device] for device in changed if device in self.devices]
        await asyncio.gather(*(self._stop(device) for device in changed))
        await self._note_unwatched(left, surely_watched(datetime.now(UTC)))
        begun = [self._handle(device, wanted[device]) for device in sorted(changed) if device in wanted]
        if self._alive is not None:
            await self._note_unwatched(begun, self._alive)
            self._alive = None  # what is started later was stopped by this process, which has noted it
        for handle in begun:
            self._start(handle)
        return changed

    async def stop(self) -> None:
        await self.apply({})

    def abandon(self) -> None:
        """The agent ends in disorder: whatever cancels the drivers' tasks now means it."""
        for handle in self.devices.values():
            handle.leaving.set()

    async def command(self, device: str, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """Have a device's driver do something. Raises `CommandRefused`."""
        driver = self._drivers.get(device)
        if driver is None:
            handle = self.devices.get(device)
            why = (handle.health.detail or _NOT_RUNNING) if handle is not None else _NO_DEVICE
            raise CommandRefused(device=device, op=op, why=why)
        try:
            return await driver.command(self.devices[device], op, args)
        except Problem:
            raise
        except Exception as error:
            log.exception("%s: command %s failed in the driver", device, op)
            raise CommandRefused(device=device, op=op, why=f"{type(error).__name__}: {error}") from error

    async def asked(self, args: Mapping[str, object]) -> Mapping[str, object]:
        """Have a device's driver do what a person on the box asks; its state comes with the answer.

        Raises `CommandRefused`, msgspec.ValidationError.
        """
        question = msgspec.convert(args, Question)
        result = await self.command(question.device, question.op, question.args)
        handle = self.devices.get(question.device)
        health = msgspec.to_builtins(handle.health) if handle is not None else {}
        return {**result, "health": health, "info": dict(handle.info) if handle is not None else {}}

    def _handle(self, device: str, settings: DeviceSettings) -> DeviceHandle:
        folder = self._folder / device
        return DeviceHandle(
            device,
            settings,
            intake=self._intake,
            outbox=self._outbox,
            folder=folder,
            language=self._language,
            place=self.place,
        )

    def _start(self, handle: DeviceHandle) -> None:
        self.devices[handle.id] = handle
        self._tasks[handle.id] = asyncio.create_task(self._keep_running(handle), name=f"device-{handle.id}")

    async def _stop(self, device: str) -> None:
        task = self._tasks.pop(device, None)
        if task is not None:
            self.devices[device].leaving.set()
            task.cancel()
            _, running = await asyncio.wait({task}, timeout=STOP_TIMEOUT_S)
            if running:
                log.error("%s: the driver does not end, and is left behind", device)
        self.devices.pop(device, None)
        self._drivers.pop(device, None)

    async def _note_unwatched(self, handles: Iterable[DeviceHandle], moment: datetime) -> None:
        """In one commit, before any of them is started and before the next sign of life."""
        values: dict[str, bytes | None] = {}
        for handle in handles:
            values |= handle.unwatched_since(moment)
        try:
            if values:
                await self._outbox.remember(values)
        except OutboxFull as problem:
            log.warning("since when devices are not watched could not be noted: %s", problem)

    async def _keep_running(self, handle: DeviceHandle) -> None:
        """Run the driver, and again after a pause, until cancelled; also when the driver swallows the cancellation."""
        pause_s = BACKOFF_MIN_S
        while not handle.leaving.is_set():
            started = asyncio.get_running_loop().time()
            reason, detail = await self._run_once(handle)
            if handle.leaving.is_set():
                break
            _forget_cancellations()
            handle.restarts += 1
            if asyncio.get_running_loop().time() - started > GOOD_AFTER_S:
                pause_s = BACKOFF_MIN_S
            await handle.report("down", reason, detail[:500])
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
            pause_s = min(pause_s * 2, BACKOFF_MAX_S)

    async def _run_once(self, handle: DeviceHandle) -> tuple[str, str]:
        """Run the driver until it ends; gives why it did."""
        driver: Driver | None = None
        try:
            driver = load(handle.settings.driver)(handle.settings.options)
            self._drivers[handle.id] = driver
            await driver.run(handle)
        except Problem as problem:
            log.warning("%s: %s", handle.id, problem)
            return problem.code.rpartition(".")[2][:64], problem.text(handle.language)
        except asyncio.CancelledError:
            if handle.leaving.is_set() or _is_cancelled():
                raise
            log.warning("%s: the driver waited for something that was cancelled", handle.id)
            return "driver-failed", "CancelledError"
        except (Exception, BaseExceptionGroup, SystemExit) as error:  # a library's sys.exit() is not meant for us
            log.exception("%s: the driver failed in a way that it did not expect", handle.id)
            return "driver-failed", f"{type(error).__name__}: {error}"
        finally:
            if self._drivers.get(handle.id) is driver:  # else this one was left behind, and has a successor
                self._drivers.pop(handle.id, None)
        return "driver-ended", ""


def _is_cancelled() -> bool:
    """Whether somebody has asked to end this task: at the end of the loop, when nobody calls `stop`."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _forget_cancellations() -> None:
    """Until Python 3.13 a TaskGroup that fails while it waits for its tasks leaves its own request behind."""
    task = asyncio.current_task()
    while task is not None and task.cancelling() > 0:
        task.uncancel()
