"""Boxes and their devices as they last said of themselves, with what is missing of each, those with trouble first.

Nothing here writes, and nothing here formats for people: times are aware, in UTC, names as the devices sent them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.store import tables as t
from gridwire.messages import Health

LINKS = ("online", "offline", "lost", "unknown")
NO_PICTURES = 2
"""From this `data_level` on alarms come without pictures."""
MAX_DATA_LEVEL = 3
CAMERA_DRIVERS = frozenset({"onvif", "http_snapshot"})
"""Devices of these count as cameras (在线率, 完好率)."""
_Device = Sequence[Any]
"""Of one device what `DeviceView` says of it, but for its faults."""
_HEALTH = msgspec.json.Decoder(Health)
_DEVICE_RANK = {"down": 0, "degraded": 1, "starting": 3, "up": 4}
_RANK = {"lost": 0, "offline": 1, "unknown": 2, "online": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceView:
    """A device as birth and health last said; `since` by the box's wall clock."""

    id: str
    name: str
    driver: str
    state: str
    reason: str
    detail: str
    since: datetime | None
    faults: tuple[str, ...] | None = None
    """What is wrong with its picture; None: not judged."""

    @property
    def is_camera(self) -> bool:
        return self.driver in CAMERA_DRIVERS

    @property
    def is_online(self) -> bool:
        """Counts for the online rate (在线率): it answers, whatever else is wrong with it."""
        return self.state in ("up", "degraded")

    @property
    def is_intact(self) -> bool:
        """Counts for the intact rate (完好率): online, and its picture good as far as it was judged."""
        return self.is_online and not self.faults

    @property
    def order(self) -> tuple[int, str]:
        """Sorts the devices with trouble to the top, then by id."""
        return _DEVICE_RANK.get(self.state, 2), self.id


@dataclass(frozen=True, kw_only=True)
class BoxView:
    """A box as the hub knows it; `waiting`, `clock` and `data_…` are of its last health message. What is reckoned from
    its devices is reckoned once: many pages ask for it.

    `data_month_bytes`: what its link has used in this month of the contract; `data_level`: how much of the sending is
    limited to stay within the budget, 0 (nothing) to 3.
    """

    id: str
    name: str
    link: str
    reason: str
    since: datetime | None
    version: str
    last_seen: datetime | None
    waiting: int
    oldest_waiting_s: float
    clock: str
    data_level: int
    data_month_bytes: int
    missing: int
    lost: int
    devices: tuple[DeviceView, ...]
    disk_free_mb: int | None = None
    """MiB free on its disk; None: enough."""

    @property
    def label(self) -> str:
        return self.name or self.id

    @property
    def devices_up(self) -> int:
        return sum(device.state == "up" for device in self.devices)

    @property
    def devices_down(self) -> int:
        return sum(device.state == "down" for device in self.devices)

    @cached_property
    def cameras(self) -> tuple[DeviceView, ...]:
        return tuple(device for device in self.devices if device.is_camera)

    @cached_property
    def cameras_bad(self) -> tuple[DeviceView, ...]:
        """Those that are dark, or whose picture is bad."""
        return tuple(camera for camera in self.cameras if not camera.is_intact)

    @cached_property
    def cameras_online(self) -> int:
        """None of a box that is away: what it said last is no longer known."""
        return sum(camera.is_online for camera in self.cameras) if self.link == "online" else 0

    @cached_property
    def cameras_intact(self) -> int:
        return len(self.cameras) - len(self.cameras_bad) if self.link == "online" else 0

    @cached_property
    def rank(self) -> str:
        """Sorts the boxes with trouble to the top, then by code: a township stays together."""
        trouble = _RANK.get(self.link, 2)
        bad_picture = any(device.faults for device in self.devices)
        worth_a_look = (
            bad_picture
            or self.devices_down
            or self.missing
            or self.clock == "unsynced"
            or self.data_level >= NO_PICTURES
            or self.disk_free_mb is not None
        )
        if self.link == "online" and worth_a_look:
            trouble = 3
        return f"{trouble} {self.id}"


async def boxes(connection: AsyncConnection, where: ColumnElement[bool] | None = None) -> list[BoxView]:
    """All boxes ever heard of, those with trouble first. `where`: a condition on the table of boxes."""
    devices = await _devices(connection)
    missing = await _missing(connection)
    query = select(*(c for c in t.box.c if c.name != "birth"))
    rows = (await connection.execute(query if where is None else query.where(where))).mappings()
    views = []
    for row in rows:
        health = _health(row["health"])
        due, lost = missing.get(row["box"], (0, 0))
        counters = health.counters if health else {}
        views.append(
            BoxView(
                id=row["box"],
                name=row["name"],
                link=row["status"],
                reason=row["reason"],
                since=row["since"],
                version=row["version"],
                last_seen=row["last_seen"],
                waiting=sum(health.waiting.values()) if health else 0,
                oldest_waiting_s=health.oldest_waiting_s if health else 0.0,
                clock=health.clock if health else "",
                data_level=min(max(counters.get("data_level", 0), 0), MAX_DATA_LEVEL),
                data_month_bytes=counters.get("data_month_bytes", 0),
                missing=due,
                lost=lost,
                disk_free_mb=counters.get("disk_free_mb"),
                devices=_views(devices.get(row["box"], ()), health),
            )
        )
    return sorted(views, key=lambda view: view.rank)


def _views(devices: Iterable[_Device], health: Health | None) -> tuple[DeviceView, ...]:
    faults = {device.id: device.faults for device in health.devices} if health else {}
    return tuple(
        DeviceView(id=device, name=name, driver=driver, state=state, reason=reason, detail=detail, since=since,
                   faults=faults.get(device))
        for device, name, driver, state, reason, detail, since in devices
    )  # fmt: skip


def _health(raw: bytes | None) -> Health | None:
    """None for a box that has said nothing yet, or whose release speaks of its health otherwise."""
    if raw is None:
        return None
    try:
        return _HEALTH.decode(raw)
    except msgspec.DecodeError:
        return None


async def _devices(connection: AsyncConnection) -> dict[str, list[_Device]]:
    d = t.device_state.c
    query = (
        select(d.box, d.device, d.name, d.driver, d.state, d.reason, d.detail, d.since)
        .where(d.listed)
        .order_by(d.box, d.device)
    )
    found: dict[str, list[_Device]] = defaultdict(list)
    for box, *device in await connection.execute(query):
        found[box].append(device)
    return found


async def _missing(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    """For each box the numbers that are due and those that were lost for good."""
    s = t.stream_state.c
    query = select(s.box, func.sum(s.missing), func.sum(s.lost)).group_by(s.box)
    return {box: (int(due), int(lost)) for box, due, lost in await connection.execute(query)}
