"""Takes the pictures that alarms want, one at a time and beside the alarms: no alarm ever waits for a picture."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from drivers.devicehttp.request import HttpProblem
from drivers.onvif.setup import Setup
from drivers.snapshot.fetch import NoSnapshot, PictureProblem, Snapshots
from edgeagent.driver import Device, DriverProblem, Observation, OutboxFull, Picture, Stored, TooLarge

MAX_WAITING = 16
# On the very first start the address of the picture is not known yet.
SETUP_WAIT_S = 60.0
_log = logging.getLogger(__name__)

EXPECTED = (PictureProblem, HttpProblem)


class Pictures:
    """`address_failed` is called when the snapshot address leads nowhere, so that it is asked again."""

    def __init__(
        self, device: Device, snapshots: Snapshots, setup: Setup, *, address_failed: Callable[[], None]
    ) -> None:
        self._device = device
        self._snapshots = snapshots
        self._setup = setup
        self._address_failed = address_failed
        self._owners: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING)
        self._one_at_a_time = asyncio.Lock()
        self._missed = 0
        self._problem = ""

    def want(self, stored: Stored) -> None:
        """Note that this alarm wants a picture; never waits. Beyond `MAX_WAITING` a picture is missed, and counted."""
        if not stored.picture_wanted or stored.suppressed:
            return
        try:
            self._owners.put_nowait(stored.id)
        except asyncio.QueueFull:
            self._missed += 1
            self._device.describe(pictures_missed=str(self._missed))

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            owner = await self._owners.get()
            try:
                jpeg = await self.take()
                await self._device.emit(Observation(data=Picture(owner=owner, cause="alarm"), pictures=(jpeg,)))
            except EXPECTED as problem:
                self._tell(problem)
            except (OutboxFull, TooLarge) as problem:
                _log.warning("%s: %s", self._device.id, problem)

    async def take(self) -> bytes:
        """A JPEG of now. Raises those of `EXPECTED`."""
        async with self._one_at_a_time:
            try:
                async with asyncio.timeout(SETUP_WAIT_S):
                    await self._setup.known.wait()
            except TimeoutError as error:
                raise NoSnapshot(url="-", status="-") from error
            uri = self._setup.facts.snapshot_uri if self._setup.facts else ""
            try:
                if not uri:
                    raise NoSnapshot(url="-", status="-")
                jpeg = await self._snapshots.fetch(uri, self._device.picture_max_bytes)
            except NoSnapshot:
                self._address_failed()
                raise
        self._told_well()
        return jpeg

    def _tell(self, problem: DriverProblem) -> None:
        if problem.code != self._problem:
            self._problem = problem.code
            _log.warning("%s: %s", self._device.id, problem)
            self._device.describe(picture_problem=problem.text(self._device.language))

    def _told_well(self) -> None:
        if self._problem:
            self._problem = ""
            self._device.describe(picture_problem="")
