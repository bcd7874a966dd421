"""Everything that a driver author imports.

A driver is a module with two names: `Config`, a Struct with the settings of one device, and `Driver`, whose `run`
watches that device until it is cancelled. It is found by its name: `drivers.<name>` in this tree, or an entry point of
the group `edgeagent.drivers`. Drivers know nothing of the outbox, the broker or each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

import msgspec

from gridwire.events import (
    Alarm,
    Checkin,
    Data,
    DeviceState,
    Lane,
    Picture,
    PictureRef,
    Rating,
    Reading,
    Request,
    Severity,
    Sos,
)
from gridwire.identifiers import new_ulid
from gridwire.kinds import KINDS
from gridwire.limits import MAX_EVENT_BYTES, MAX_PICTURE_BYTES
from gridwire.messages import Answer, Board, Notice, Worker
from gridwire.problem import Language, Problem
from gridwire.settings import OwnFile, Secret, Settings, about

__all__ = [
    "KINDS",
    "MAX_EVENT_BYTES",
    "MAX_PICTURE_BYTES",
    "Alarm",
    "Answer",
    "Board",
    "Checkin",
    "CommandRefused",
    "Data",
    "Device",
    "DeviceConfig",
    "DeviceState",
    "Driver",
    "DriverProblem",
    "Found",
    "Lane",
    "Language",
    "Login",
    "Notice",
    "Observation",
    "OutboxFull",
    "OutboxUnwritable",
    "OwnFile",
    "Picture",
    "PictureRef",
    "Problem",
    "Rating",
    "Reading",
    "Request",
    "Search",
    "Secret",
    "Settings",
    "Severity",
    "Sos",
    "State",
    "Stored",
    "TooLarge",
    "Worker",
    "about",
    "new_ulid",
]

State = Literal["up", "degraded", "down"]


class DriverProblem(Problem):
    """Base of what a driver may raise out of `run`: the supervisor shows its text and tries again with back-off."""


class OutboxFull(Problem):
    """Nothing was stored or remembered: try again later. Who catches it has caught `OutboxUnwritable` too."""

    code = "outbox.full"
    en = (
        "the outbox is full ({used_mb} of {quota_mb} MiB, {free_mb} MiB free on its disk) and the event of lane "
        "{lane} was not stored"
    )
    zh = "待发库已满（已用 {used_mb} MiB，限额 {quota_mb} MiB，磁盘剩余 {free_mb} MiB），{lane} 通道的事件没有入库"


class OutboxUnwritable(OutboxFull):
    """Not for want of room: a disk that has become read-only, an error of reading or writing."""

    code = "outbox.unwritable"
    en = "the outbox cannot be written ({why}) and the event of lane {lane} was not stored"
    zh = "待发库无法写入（{why}），{lane} 通道的事件没有入库"


class TooLarge(Problem):
    code = "outbox.too-large"
    en = "{what} has {size} bytes, at most {limit} are allowed: not stored"
    zh = "{what}有 {size} 字节，超过上限 {limit} 字节，未入库"


class CommandRefused(Problem):
    code = "command.refused"
    en = "device {device} cannot do “{op}”: {why}"
    zh = "设备 {device} 无法执行“{op}”：{why}"


class DeviceConfig(Settings, frozen=True, kw_only=True):
    """Base of every driver's `Config`. What every device has (name, driver, grid) is not here: the agent knows it."""

    def __repr__(self) -> str:
        """Without values: settings end up in logs and tracebacks, and some are passwords."""
        return f"{type(self).__module__}.{type(self).__name__}(…)"


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a driver saw: the event's data, when it happened, and pictures that belong to it.

    `time` must be aware; None means now. `pictures` are JPEGs of at most 256 KiB each; they are stored and numbered
    with the event, in the same transaction, and named in `data.pictures`.
    """

    data: Data
    time: datetime | None = None
    pictures: tuple[bytes, ...] = ()


class Stored(NamedTuple):
    """The answer of `emit`: the event is on disk under a number, or the rules suppressed or hold it (`id`: empty)."""

    id: str
    stream: str
    lane: Lane
    seq: int
    picture_wanted: bool = False
    """The rules want a picture with this event: emit a `Picture` with `owner=id` as soon as there is one."""
    why: str = "stored"
    """What the rules decided of an alarm, as a stable word: `stored`, `held` (stored later, unless its end comes
    first), or why they suppressed it."""

    @property
    def is_stored(self) -> bool:
        return bool(self.id)


class Login(NamedTuple):
    """A user that may be tried at what was found. `reference`: what a configuration says for the password."""

    username: str
    password: str
    reference: str = ""

    def __repr__(self) -> str:
        """Without the password."""
        return f"Login({self.username!r})"


class Search(NamedTuple):
    """Where `edgeagent discover` looks, and what it may try there.

    `interfaces`: names, empty for all; not used when `hosts` are given: then each of them is asked, one by one, also at
    `ports`. `watched`: addresses of devices that the running agent watches; they must not be disturbed.
    """

    interfaces: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    logins: tuple[Login, ...] = ()
    timeout_s: float = 5.0
    probe_port: int = 0
    """UDP port to ask at; 0: that of the protocol. Simulated devices have others, so that tests do not meet."""
    watched: frozenset[str] = frozenset()


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One device that answered. A driver's module may have `discover(search)`, which yields them as they are found.

    `keys` tell it apart from all others, wherever it moves, strongest first, as `serial:…`, `mac:…`, `endpoint:…`.
    `settings` are those of the driver's `Config`, as they belong into a configuration. `events` and `pictures`: None
    when that could not be found out, or was not tried. `problems`: what a person should put right.
    """

    address: str
    keys: tuple[str, ...]
    prefix: str = "device"
    """Begin of its id in a configuration, e.g. `cam`."""
    name: str = ""
    maker: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    also: list[str] = []
    """Further addresses of the same device."""
    events: bool | None = None
    pictures: bool | None = None
    problems: tuple[Problem, ...] = ()
    login: Login | None = None
    settings: dict[str, str] = {}


class Device(Protocol):
    """What the agent hands to a driver: one configured device."""

    @property
    def id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def language(self) -> Language: ...

    @property
    def folder(self) -> Path:
        """A folder of the device's own for caches. Nothing in it may be needed: it can be deleted at any time."""

    @property
    def picture_max_bytes(self) -> int:
        """The largest picture wanted now: 256 KiB, less on a slow line or while the data budget runs short.

        A wish: where a picture cannot be made smaller, one of up to 256 KiB is taken all the same.
        """

    @property
    def pictures_wanted(self) -> bool:
        """False while the data budget of the link allows no pictures: those on schedule had better not be taken."""

    @property
    def board(self) -> Board:
        """Notices, answers and grid workers, as the hub has last told them; kept over restarts. Revision 0: none."""

    @property
    def online(self) -> bool:
        """Whether the hub can be reached now. What is emitted is stored either way."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the village, for what people read and for hours in settings."""

    async def emit(self, observation: Observation, *, remember: Mapping[str, bytes | None] | None = None) -> Stored:
        """Store an observation; returns when it is on disk. Shielded: once begun, it completes although cancelled.

        `remember` (key -> value, None deletes) commits in the same transaction, also when rules suppress the event:
        after a crash either both are there or neither. Raises `OutboxFull` (not stored, nothing remembered) and
        `TooLarge`.
        """

    async def remember(self, values: Mapping[str, bytes | None]) -> None:
        """Commit values alone, without an event. Raises `OutboxFull`."""

    def recall(self, key: str) -> bytes | None:
        """What was last remembered under this key, also by an earlier process."""

    async def report(
        self, state: State, reason: str = "", detail: str = "", *, last_seen: datetime | None = None
    ) -> None:
        """Say how the device is. A change is stored as an event, and so is the interval in which nobody watched:

        from `last_seen` (the last time that the device was surely watched; default: now) of the report that left `up`,
        or the last sign of life of an agent that was killed, until the next `up`.
        """

    def judge(self, faults: Iterable[str] | None) -> None:
        """Say what is wrong with its picture: names of faults, none when it is good; None when nobody has judged it."""

    def describe(self, **info: str) -> None:
        """Maker, model, firmware and the like, for the birth message and the status page.

        Added to what was told before; an empty text takes a value back.
        """


@runtime_checkable
class Driver(Protocol):
    """One device's driver. Constructed with its `Config`; doing anything else belongs into `run`."""

    async def run(self, device: Device) -> None:
        """Watch the device until cancelled. Raises `DriverProblem` when it cannot go on: it is run again, later."""

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """Do what the hub or a person asks, e.g. `snapshot`. Raises `CommandRefused`."""
