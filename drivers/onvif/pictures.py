"""Pictures of one camera: with the alarms that want one, on schedule and on command; no alarm ever waits for one.

From the snapshot address; where there is none, or it gives nothing, one frame of the video stream.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from drivers.devicehttp.addresses import device_url
from drivers.devicehttp.request import HttpProblem
from drivers.onvif.config import Config
from drivers.onvif.setup import Setup
from drivers.snapshot.fetch import Snapshots
from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import NoSnapshot, NoStream, NotJpeg, PictureProblem, PictureRefused
from drivers.snapshot.rtsp import Stream, stream_urls
from drivers.snapshot.schedule import wait_s
from drivers.snapshot.worker import worker
from edgeagent.driver import (
    MAX_PICTURE_BYTES,
    Device,
    DriverProblem,
    Observation,
    OutboxFull,
    Picture,
    Stored,
    TooLarge,
)

MAX_WAITING = 16
# On the very first start the address of the picture is not known yet.
SETUP_WAIT_S = 60.0
_log = logging.getLogger(__name__)

EXPECTED = (PictureProblem, HttpProblem)
# After these the stream may still give a picture; a half or an enormous one would be no better there.
_NO_SNAPSHOT = (NoSnapshot, NotJpeg, PictureRefused, HttpProblem)


class Pictures:
    """`address_failed` is called when the snapshot address leads nowhere, so that it is asked again."""

    def __init__(self, device: Device, config: Config, setup: Setup, *, address_failed: Callable[[], None]) -> None:
        keep = Keep(width_px=config.picture_width_px, quality=config.picture_quality, privacy=config.privacy)
        self._device = device
        self._config = config
        self._url = device_url(config.address)
        self._snapshots = Snapshots(self._url, config.username, config.password, keep)
        self._stream = Stream(config.username, config.password, keep)
        self._setup = setup
        self._address_failed = address_failed
        self._owners: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING)
        self._one_at_a_time = asyncio.Lock()
        self._missed = 0
        self._problem = ""

    def want(self, stored: Stored) -> None:
        """Note that this alarm wants a picture; never waits. Beyond `MAX_WAITING` a picture is missed, and counted."""
        if not stored.picture_wanted:
            return
        try:
            self._owners.put_nowait(stored.id)
        except asyncio.QueueFull:
            self._missed += 1
            self._device.describe(pictures_missed=str(self._missed))

    async def run(self) -> None:
        """Until cancelled."""
        async with worker().held(), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_alarms())
            if self._config.picture_every_s:
                tasks.create_task(self._run_schedule())

    async def take(self) -> bytes:
        """A JPEG of now, as it is kept. Raises those of `EXPECTED`."""
        async with self._one_at_a_time:
            jpeg = await self._snapshot_or_frame(self._device.picture_max_bytes)
        self._told_well()
        return jpeg

    async def whole(self) -> bytes:
        """The same in full size, whatever the line takes: to be judged, not to be sent."""
        async with self._one_at_a_time:
            return await self._snapshot_or_frame(MAX_PICTURE_BYTES)

    async def _run_alarms(self) -> None:
        while True:
            await self._keep("alarm", await self._owners.get())

    async def _run_schedule(self) -> None:
        while True:
            now_s = datetime.now(UTC).timestamp()
            await asyncio.sleep(wait_s(now_s, self._config.picture_every_s, self._device.id))
            if self._device.pictures_wanted:
                await self._keep("schedule", "")

    async def _keep(self, cause: Literal["alarm", "schedule"], owner: str) -> None:
        try:
            jpeg = await self.take()
            await self._device.emit(Observation(data=Picture(owner=owner, cause=cause), pictures=(jpeg,)))
        except EXPECTED as problem:
            self._tell(problem)
        except (OutboxFull, TooLarge) as problem:
            _log.warning("%s: %s", self._device.id, problem)

    async def _snapshot_or_frame(self, max_bytes: int) -> bytes:
        """When both fail: what the stream said, unless there is none, then what the snapshot address said."""
        snapshot_uri, streams = await self._addresses()
        try:
            if not snapshot_uri:
                raise NoSnapshot(url="-", status="-")
            return await self._snapshots.fetch(snapshot_uri, max_bytes)
        except _NO_SNAPSHOT as problem:
            try:
                return await self._stream.frame(streams, max_bytes)
            except PictureProblem as of_stream:
                if isinstance(problem, NoSnapshot):
                    self._address_failed()
                if isinstance(of_stream, NoStream):
                    raise problem from of_stream
                raise

    async def _addresses(self) -> tuple[str, list[str]]:
        """Of the snapshot and of the stream; empty for what there is not. Raises `NoSnapshot`."""
        own = [self._config.rtsp] if self._config.rtsp else []
        if not own:
            try:
                async with asyncio.timeout(SETUP_WAIT_S):
                    await self._setup.known.wait()
            except TimeoutError as error:
                raise NoSnapshot(url="-", status="-") from error
        facts = self._setup.facts
        if facts is None:
            return "", own
        return facts.snapshot_uri, own or stream_urls(facts.stream_uri, self._url)

    def _tell(self, problem: DriverProblem) -> None:
        if problem.code != self._problem:
            self._problem = problem.code
            _log.warning("%s: %s", self._device.id, problem)
            self._device.describe(picture_problem=problem.text(self._device.language))

    def _told_well(self) -> None:
        if self._problem:
            self._problem = ""
            self._device.describe(picture_problem="")
