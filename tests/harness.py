"""A `Device` for driver tests: the whole contract, kept in memory instead of in an outbox.

What a driver emits must pass the wire's own definition. `restarted()` is the same device in the next process: what was
remembered is still there, what was not committed is not.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from edgeagent.driver import MAX_PICTURE_BYTES, Language, Observation, OutboxFull, State, Stored, new_ulid
from gridwire.events import LANE_OF, Data, Lane
from gridwire.messages import Board


@dataclass(frozen=True)
class Report:
    state: State
    reason: str
    detail: str
    last_seen: datetime | None


@dataclass
class DeviceRecorder:
    """Set `full` to make the outbox refuse; set `before_commit` to hold or to observe each commit."""

    folder: Path
    id: str = "terminal-1"
    name: str = "终端"
    language: Language = "en"
    full: bool = False
    picture_max_bytes: int = MAX_PICTURE_BYTES
    board: Board = field(default_factory=lambda: Board(revision=0))
    online: bool = True
    pictures_wanted: bool = True
    picture_wanted: bool = False
    """As if the rules wanted one with each event."""
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    stream: str = field(default_factory=new_ulid)
    memory: dict[str, bytes] = field(default_factory=dict)
    observations: list[Observation] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    """What became of each observation: its id and its number."""
    reports: list[Report] = field(default_factory=list)
    refused: int = 0
    """How often the outbox has refused something, being full."""
    judged: list[frozenset[str] | None] = field(default_factory=list)
    described: dict[str, str] = field(default_factory=dict)
    before_commit: Callable[[], None] = lambda: None

    @property
    def data(self) -> list[Data]:
        """The data of all events so far."""
        return [observation.data for observation in self.observations]

    def restarted(self) -> "DeviceRecorder":
        return DeviceRecorder(
            self.folder, self.id, self.name, self.language, memory=dict(self.memory), board=self.board
        )

    async def emit(self, observation: Observation, *, remember: Mapping[str, bytes | None] | None = None) -> Stored:
        return await asyncio.shield(asyncio.ensure_future(self._commit(observation, remember or {})))

    async def remember(self, values: Mapping[str, bytes | None]) -> None:
        self._refuse_if_full("record")
        self._remember(values)

    def recall(self, key: str) -> bytes | None:
        return self.memory.get(key)

    async def report(
        self, state: State, reason: str = "", detail: str = "", *, last_seen: datetime | None = None
    ) -> None:
        self.reports.append(Report(state, reason, detail, last_seen))

    def judge(self, faults: Iterable[str] | None) -> None:
        self.judged.append(None if faults is None else frozenset(faults))

    def describe(self, **info: str) -> None:
        self.described |= info

    async def _commit(self, observation: Observation, values: Mapping[str, bytes | None]) -> Stored:
        await asyncio.sleep(0)  # a disk answers later, never at once
        self.before_commit()
        data = observation.data
        lane = LANE_OF[type(data)]
        self._refuse_if_full(lane)
        assert observation.time is None or observation.time.tzinfo is not None, "times must be aware"
        assert msgspec.json.decode(msgspec.json.encode(data), type=type(data)) == data
        self.observations.append(observation)
        self._remember(values)
        self.stored.append(Stored(new_ulid(), self.stream, lane, len(self.observations), self.picture_wanted))
        return self.stored[-1]

    def _refuse_if_full(self, lane: Lane) -> None:
        if self.full:
            self.refused += 1
            raise OutboxFull(used_mb=1, quota_mb=1, free_mb=1, lane=lane)

    def _remember(self, values: Mapping[str, bytes | None]) -> None:
        for key, value in values.items():
            assert value is None or isinstance(value, bytes)
            if value is None:
                self.memory.pop(key, None)
            else:
                self.memory[key] = value


async def until(condition: Callable[[], object], within_s: float = 60.0) -> None:
    """Wait until a condition holds; it may have to be awaited. The limit is only there to end a test that hangs."""
    async with asyncio.timeout(within_s):
        while not (await found if inspect.isawaitable(found := condition()) else found):
            await asyncio.sleep(0.005)
