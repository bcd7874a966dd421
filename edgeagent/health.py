"""How the box is, in one place: the birth and health messages are made here, and the status page reads the same.

Health is told here too (`run`): every `hub.health_every_s`, rarely when the data budget runs short. Birth is told by
`hublink`, when something in it has changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from edgeagent import __version__
from edgeagent.budget import DataBudget
from edgeagent.clock import Clock
from edgeagent.configfile import Loaded
from edgeagent.devices import Supervisor
from edgeagent.downlink import Downlink
from edgeagent.downlink.countyconfig import CountyPart
from edgeagent.intake import Intake
from edgeagent.outbox import Outbox
from edgeagent.outbox.use import StoreUse, disk
from edgeagent.uplink import Uplink
from gridwire.events import EVENT_LANES, LANES, Lane
from gridwire.messages import Birth, Health, StreamNumbers
from gridwire.mqtt import MqttClient, MqttState

_MIB = 2**20
LOW_DISK_BYTES = 512 * _MIB
LOW_DISK_SHARE = 0.1
"""Below either the box tells the hub how much is free; above, nobody needs to pay for the bytes."""
_FIRST_AFTER_S = 5.0


class _Recorded(msgspec.Struct):
    """Of an event only the time."""

    recordedtime: datetime


class Tally(NamedTuple):
    """What was counted since the start, zeros included where the names are known."""

    emitted: Mapping[str, int]
    suppressed: Mapping[str, int]
    evicted: Mapping[Lane, int]
    uplink: Mapping[str, int]
    restarts: Mapping[str, int]


class HealthReport:
    """Reads everybody, changes nothing."""

    def __init__(
        self,
        *,
        loaded: Loaded,
        clock: Clock,
        outbox: Outbox,
        intake: Intake,
        supervisor: Supervisor,
        uplink: Uplink,
        county: CountyPart,
        downlink: Downlink,
        client: MqttClient,
    ) -> None:
        self.loaded = loaded
        self._clock, self._outbox, self._intake = clock, outbox, intake
        self._supervisor, self._uplink, self._client = supervisor, uplink, client
        self._county, self._downlink = county, downlink
        self._started = clock.stamp().wall
        self._started_s = time.monotonic()

    def birth(self) -> Birth:
        config = self.loaded.config
        return Birth(
            box=config.box,
            name=config.name,
            version=__version__,
            boot=self._clock.boot,
            started=self._started,
            config_hash=self.loaded.hash,
            config_revision=self._county.revision,
            board_revision=self._supervisor.place.board.revision,
            devices=tuple(handle.described() for handle in self._supervisor.devices.values()),
            streams=self._streams(),
        )

    async def run(self, tell: Callable[[Health], None]) -> None:
        """Tell the hub: soon after the start, then at the usual pace, or as `DataBudget.health_every_s` allows; nothing
        while there is no link. For as long as it is not cancelled."""
        every_s = self.loaded.config.hub.health_every_s
        await asyncio.sleep(min(every_s, _FIRST_AFTER_S))
        while True:
            if self._client.connected:
                tell(await self.health())
            await asyncio.sleep(self.budget.health_every_s(every_s))

    async def health(self) -> Health:
        stamp = self._clock.stamp()
        state = self._client.state
        return Health(
            at=stamp.wall,
            uptime_s=round(time.monotonic() - self._started_s, 1),
            clock=stamp.clock,
            streams=self._streams(),
            devices=tuple(handle.health for handle in self._supervisor.devices.values()),
            waiting={lane: count for lane, count in self._outbox.waiting().items() if count},
            oldest_waiting_s=await self._oldest_waiting_s(stamp.wall),
            data_bytes=state.bytes_sent + state.bytes_received,
            counters=self.counters(),
        )

    def counters(self) -> dict[str, int]:
        """Everything that is counted and is not zero."""
        found = {f"emitted_{kind}": count for kind, count in self._intake.emitted.items()}
        found |= {f"suppressed_{why}": count for why, count in self._intake.suppressed.items()}
        found |= {f"evicted_{lane}": self._outbox.room.evicted[lane] for lane in LANES}
        found |= {f"uplink_{name}": count for name, count in self._uplink.counters.items()}
        found["alarms_held"] = self._intake.held
        found |= {"config_refused": self._county.refused, "downlink_refused": self._downlink.refused}
        found |= {"data_month_bytes": self.budget.account.used_bytes, "data_level": int(self.budget.level)}
        free, size = disk(Path(self.loaded.config.store.dir))
        if size and free < max(LOW_DISK_BYTES, LOW_DISK_SHARE * size):
            found["disk_free_mb"] = max(free // _MIB, 1)
        return {name: count for name, count in found.items() if count}

    @property
    def budget(self) -> DataBudget:
        return self._intake.budget

    # -- for the status page -------------------------------------------------------------------------------------

    @property
    def link(self) -> MqttState:
        return self._client.state

    @property
    def held(self) -> str:
        """Why the broker's refusal holds everything back; empty when nothing is held."""
        refusal = self._uplink.refusal
        return refusal.reason if refusal is not None else ""

    @property
    def in_flight(self) -> int:
        """Messages sent that the hub has not acknowledged."""
        return len(self._uplink.window.flights)

    @property
    def devices_started(self) -> bool:
        """Whether every device that is configured and enabled has a driver that runs, or is tried again."""
        wanted = {device for device, settings in self.loaded.config.device.items() if settings.enabled}
        return wanted <= self._supervisor.devices.keys()

    def tally(self) -> Tally:
        restarts = {device: handle.restarts for device, handle in self._supervisor.devices.items()}
        intake, evicted = self._intake, self._outbox.room.evicted
        return Tally(intake.emitted, intake.suppressed, evicted, self._uplink.counters, restarts)

    async def store_use(self) -> StoreUse:
        """Raises sqlite3.Error when the outbox's file cannot be looked at."""
        return await self._outbox.use()

    async def touch_store(self) -> None:
        """A real read, to see whether the store answers. Raises sqlite3.Error, ValueError when it is closed."""
        await self._outbox.read("alarm", 0, 0, 1)

    async def _oldest_waiting_s(self, now: datetime) -> float:
        """Age of the oldest event that the hub has not got, by the wall clock; 0 when there is none."""
        ages = [0.0]
        for lane in EVENT_LANES:
            for first, _ in self._outbox.book.lanes[lane].unsettled()[:1]:
                ages += [_age_s(row.body, now) for row in await self._outbox.read(lane, first, first, 1)]
        return round(max(ages), 1)

    def _streams(self) -> tuple[StreamNumbers, ...]:
        """The kept streams; for those of this boot the true time of the boot, once the clock is right."""
        stamp = self._clock.stamp()
        booted = _rounded(stamp.booted) if stamp.clock == "synced" else None
        return tuple(
            msgspec.structs.replace(numbers, booted=booted) if numbers.boot == self._clock.boot else numbers
            for numbers in self._outbox.numbers()
        )


def _age_s(body: bytes, now: datetime) -> float:
    return (now - msgspec.json.decode(body, type=_Recorded).recordedtime).total_seconds()


def _rounded(time_: datetime) -> datetime:
    """To the second: the clock is no better, and birth and health stay the same while nothing changes."""
    return (time_ + timedelta(milliseconds=500)).replace(microsecond=0)
