"""What a driver gets of the agent, its `Device`: the way to intake and outbox, and what is the same for all devices.

A change of state and the interval in which nobody watched are remembered in the commit of the event that tells them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from edgeagent.config import DeviceSettings
from edgeagent.devices.sight import Sight
from edgeagent.driver import Board, DeviceState, Observation, OutboxFull, State, Stored
from edgeagent.intake import Intake
from edgeagent.outbox import Outbox
from gridwire.fit import fit
from gridwire.messages import DeviceHealth, DeviceInfo
from gridwire.problem import Language

log = logging.getLogger(__name__)


class Place:
    """What is the same for all devices of this box. Kept up to date by those who know."""

    def __init__(self) -> None:
        self.board = Board(revision=0)
        self.zone = ZoneInfo("UTC")
        self.online: Callable[[], bool] = lambda: False


class DeviceHandle:
    """The `Device` that a driver gets."""

    def __init__(
        self,
        device: str,
        settings: DeviceSettings,
        *,
        intake: Intake,
        outbox: Outbox,
        folder: Path,
        language: Language,
        place: Place,
    ) -> None:
        self.settings = settings
        self.info: dict[str, str] = {}
        self.health = DeviceHealth(id=device, state="starting")
        self.restarts = 0
        self.leaving = asyncio.Event()
        """We want its driver to end, as against a cancellation that the driver has brought upon itself."""
        self._id, self._intake, self._outbox = device, intake, outbox
        self._folder, self._language, self._place = folder, language, place
        self._sight = Sight.from_bytes(outbox.recall(self._key("sight")))

    @property
    def id(self) -> str:
        return self._id

    @property
    def name(self) -> str:
        return self.settings.name or self._id

    @property
    def language(self) -> Language:
        return self._language

    @property
    def folder(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    @property
    def picture_max_bytes(self) -> int:
        return self._intake.budget.picture_max_bytes

    @property
    def pictures_wanted(self) -> bool:
        return self._intake.budget.pictures_wanted

    @property
    def board(self) -> Board:
        return self._place.board

    @property
    def online(self) -> bool:
        return self._place.online()

    @property
    def zone(self) -> ZoneInfo:
        return self._place.zone

    async def emit(self, observation: Observation, *, remember: Mapping[str, bytes | None] | None = None) -> Stored:
        values = {self._key(key): value for key, value in (remember or {}).items()}
        work = self._intake.take(self._id, self.settings.grid, observation, values)
        return await asyncio.shield(asyncio.ensure_future(work))

    async def remember(self, values: Mapping[str, bytes | None]) -> None:
        await self._outbox.remember({self._key(key): value for key, value in values.items()})

    def recall(self, key: str) -> bytes | None:
        return self._outbox.recall(self._key(key))

    async def report(
        self, state: State, reason: str = "", detail: str = "", *, last_seen: datetime | None = None
    ) -> None:
        now = datetime.now(UTC)
        if (state, reason) != (self.health.state, self.health.reason):
            told = DeviceHealth(
                id=self._id, state=state, reason=reason, detail=detail, since=now, faults=self.health.faults
            )
            self.health = fit(told)
        sight, blind = self._sight.after(state, reason, last_seen or now, now)
        if sight == self._sight:
            return
        since, until = blind if blind is not None else (None, None)
        data = DeviceState(state=state, reason=reason, detail=detail, blind_from=since, blind_until=until)
        remember = {"sight": sight.to_bytes()}
        try:
            if self._sight.is_news(state, reason, blind):
                await self.emit(Observation(data=data), remember=remember)
            else:
                await self.remember(remember)
        except OutboxFull as problem:
            # The sight stays as it was: the interval is still open, and the next report tells it.
            log.error("%s: %s not recorded: %s", self._id, state, problem)
        else:
            self._sight = sight

    def unwatched_since(self, moment: datetime) -> dict[str, bytes]:
        """Nobody has watched it since then; gives what is to be remembered of that before anything else happens."""
        sight = self._sight.interrupted(moment)
        if sight == self._sight:
            return {}
        self._sight = sight
        return {self._key("sight"): sight.to_bytes()}

    def judge(self, faults: Iterable[str] | None) -> None:
        self.health = msgspec.structs.replace(self.health, faults=None if faults is None else tuple(sorted(faults)))

    def describe(self, **info: str) -> None:
        self.info = {name: value for name, value in {**self.info, **info}.items() if value}

    def _key(self, key: str) -> str:
        return f"device/{self._id}/{key}"

    def described(self) -> DeviceInfo:
        """For the birth message."""
        return fit(
            DeviceInfo(
                id=self._id,
                name=self.settings.name,
                driver=self.settings.driver,
                grid=self.settings.grid,
                info={key: str(value)[:200] for key, value in self.info.items()},
            )
        )
