"""Is the picture of one camera any good (视频质量诊断): looks now and then; an alarm is what two of three show.

The judgement itself runs in the picture worker. What the camera usually shows is kept in its folder, where it may be
lost; which faults are on is remembered with their alarms, so that a restart raises nothing twice and ends what ended.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from drivers.devicehttp.request import HttpProblem
from drivers.picture.agreement import Agreement
from drivers.picture.figures import MEASURES
from drivers.picture.work import LOOK_AT, Answer, question, read_answer
from drivers.snapshot.problems import PictureProblem
from drivers.snapshot.schedule import wait_s
from drivers.snapshot.worker import WorkerFailed, worker
from edgeagent.driver import Alarm, Device, Observation, OutboxFull, Picture, TooLarge
from gridwire import wholefile
from gridwire.problem import Both

ALARM_KIND = "picture"
MEMORY_KEY = "picture.on"
JUDGE_TIMEOUT_S = 30.0
# The state is up to 64 KiB a camera: flash is spared once a baseline stands.
SAVE_EVERY_S = 6 * 3600.0
SAVE_UNTIL_LEARNT = 18
_FILE = "picture.state"
_log = logging.getLogger(__name__)


class Diagnosis:
    """`take` gives a whole picture of now, as large as it comes; it raises `PictureProblem` or `HttpProblem`."""

    def __init__(self, device: Device, take: Callable[[], Awaitable[bytes]], *, every_s: float) -> None:
        self._device, self._take, self._every_s = device, take, every_s
        self._agreement = Agreement(_read(device.recall(MEMORY_KEY)))
        self._file = device.folder / _FILE
        self._state = _load(self._file)
        self._saved_s = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Look every `every_s`, until cancelled; 0: never."""
        if self._agreement.on:
            self._device.judge(self._agreement.on)
        while self._every_s:
            now_s = datetime.now(UTC).timestamp()
            await asyncio.sleep(wait_s(now_s, self._every_s, f"{self._device.id}/judge"))
            try:
                await self.look()
            except (PictureProblem, HttpProblem, WorkerFailed) as problem:
                # That there is no picture is told where pictures are taken; a camera that is down is told anyway.
                _log.info("%s: not judged: %s", self._device.id, problem)

    async def look(self) -> Answer:
        """Judge the picture of now; store what began and what ended."""
        async with self._one_at_a_time:
            jpeg = await self._take()
            found = await self._ask(jpeg, learn=True, beside=".jpg")
            self._keep(found)
            await self._tell(frozenset(found.faults), found)
            return found

    async def examine(self) -> Answer:
        """Judge the picture of now for somebody who looks; nothing is learnt or stored, the pictures come as PNG."""
        return await self._ask(await self._take(), learn=False, beside=".png")

    async def tell(self) -> dict[str, object]:
        """The same for `edgeagent camera`, as JSON can say it; with the faults that are on by two of three looks."""
        found = await self.examine()
        return {
            "faults": sorted(found.faults),
            "on": sorted(self._agreement.on),
            "ready": found.ready,
            "learnt": found.learnt,
            "figures": [{**measure._asdict(), "means": self._meaning(measure.name)} for measure in found.measures],
            "beside": base64.b64encode(found.beside).decode(),
        }

    def _meaning(self, measure: str) -> str:
        return MEASURES.get(measure, Both(measure, measure)).text(self._device.language)

    async def reset(self) -> None:
        """Forget what the camera usually shows: it was moved on purpose. Faults that are on end with good pictures."""
        async with self._one_at_a_time:
            self._state = b""
            self._save()

    async def _ask(self, jpeg: bytes, *, learn: bool, beside: str) -> Answer:
        header, data = question(self._state, jpeg, learn=learn, beside=beside)
        return read_answer(await worker().call(LOOK_AT, header, data, timeout_s=JUDGE_TIMEOUT_S))

    def _keep(self, found: Answer) -> None:
        self._state = found.state
        if found.learnt < SAVE_UNTIL_LEARNT or time.monotonic() - self._saved_s > SAVE_EVERY_S:
            self._save()

    def _save(self) -> None:
        try:
            wholefile.replace(self._file, self._state, on_disk=False)
            self._saved_s = time.monotonic()
        except OSError as error:
            _log.warning("%s: what the camera usually shows is not kept: %s", self._device.id, error)

    async def _tell(self, faults: frozenset[str], found: Answer) -> None:
        """In one step with what is remembered; an outbox that is full is told the same at the next look."""
        before = self._agreement.on
        change = self._agreement.feed(faults)
        on = before
        for fault, state in [*((name, "end") for name in change.ended), *((name, "start") for name in change.started)]:
            on = on - {fault} if state == "end" else on | {fault}
            if not await self._store(fault, state == "start", on, found):
                self._agreement = Agreement(before)
                return
        self._device.judge(self._agreement.on if found.ready or self._agreement.on else None)

    async def _store(self, fault: str, begins: bool, on: frozenset[str], found: Answer) -> bool:
        why = {figure.name: f"{figure.value:.3g} / {figure.limit:.3g}" for figure in found.measures if figure.fault}
        state: Literal["start", "end"] = "start" if begins else "end"
        alarm = Alarm(kind=ALARM_KIND, state=state, source=fault, object=fault, detail=why)
        try:
            stored = await self._device.emit(Observation(data=alarm), remember={MEMORY_KEY: _dump(on)})
            if stored.picture_wanted and begins and found.beside:
                evidence = Picture(owner=stored.id, cause="alarm")
                await self._device.emit(Observation(data=evidence, pictures=(found.beside,)))
        except OutboxFull as full:
            _log.warning("%s: %s", self._device.id, full)
            return False
        except TooLarge as problem:
            _log.warning("%s: %s", self._device.id, problem)
        return True


def _load(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _read(remembered: bytes | None) -> frozenset[str]:
    try:
        return msgspec.json.decode(remembered or b"[]", type=frozenset[str])
    except msgspec.DecodeError:
        return frozenset()


def _dump(on: frozenset[str]) -> bytes:
    return msgspec.json.encode(sorted(on))
