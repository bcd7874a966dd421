"""A village on a small board: the real agent in a control group, its cameras, terminal, broker and hub outside of it.

Two dozen cameras raise alarms with pictures and have their pictures judged, people check in and call for help, and what
an outage left behind goes to the hub meanwhile. All is counted: raised, stored, arrived, lost, twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from bench.cameras import Farm, OutboxWatch
from bench.processes import child
from bench.works.terminal import Terminal
from edgeagent.clock import Clock, Stamp
from edgeagent.driver import Alarm
from edgeagent.outbox import Limits, Outbox
from edgeagent.outbox.draft import Draft, gap_draft
from gridwire.events import LANES
from tests.cgroups import Group
from tests.hubs import HubProcess
from tests.instances import SOURCE
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess
from tests.systemd import Systemd
from tests.terminals import village_key

CAMERAS = 24
STREAM_ONLY = 4
"""So many of them have no snapshot: a frame of their video stream is taken, in a process of its own."""
PICTURE_WIDTH_PX = 1920
JUDGE_EVERY_S = 30
"""Thirty times as often as by default."""
ROUND_S = 10.0
"""In each, every camera sees motion begin and end, and ten people check in."""
CARDS_A_ROUND = 10
FIRST_CARD = 0xC0000000
OLD = "old-camera"
LIMITS = Limits(max_mb=256, pictures_max_mb=512, retain_days=7, linger_s=0.3)
_GROUP = 500
_LOOK_S = 0.5
_PATIENCE_S = 300.0
_RULE = '[[rule]]\nkinds = ["motion"]\npicture = true\n'


async def fill(folder: Path, count: int, apart_s: float = 60.0) -> None:
    """So many alarms into an outbox, the last of now; nobody has acknowledged them."""
    folder.mkdir(parents=True, exist_ok=True)
    clock = Clock()
    outbox = await Outbox.open(
        folder, LIMITS, boot=clock.boot, machine=clock.machine, gap=lambda gap: gap_draft(SOURCE, clock, gap)
    )
    now = clock.stamp()
    data = Alarm(kind="motion", state="start", source="V1")
    for first in range(0, count, _GROUP):
        numbers = range(first, min(first + _GROUP, count))
        ago_s = ((count - number) * apart_s for number in numbers)
        stamps = (Stamp(now.wall - timedelta(seconds=ago), max(0.0, now.boottime_s - ago), "synced") for ago in ago_s)
        await asyncio.gather(*(outbox.put(Draft(SOURCE, OLD, data, stamp)) for stamp in stamps))
    await outbox.close()


@dataclass
class Seen:
    """What a look every half second found."""

    own_bytes: int = 0
    alive: int = 0
    dead: int = 0
    slowest_s: float = 0.0
    processes: int = 0
    threads: int = 0
    files: int = 0
    """Open at the agent."""


class Count(NamedTuple):
    """Of one kind of event. `lost` and `twice` are of those at the hub, by what raised them."""

    raised: int
    stored: int
    arrived: int
    lost: int
    twice: int

    def __str__(self) -> str:
        return ", ".join(f"{name} {value:,}" for name, value in zip(self._fields, self, strict=True))


@dataclass
class Village:
    """Everything, running; made by `village`."""

    group: Group
    agent: AgentProcess
    broker: Mosquitto
    hub: HubProcess
    farms: tuple[Farm, ...]
    terminal: Terminal
    systemd: Systemd
    watch: OutboxWatch
    seen: Seen = field(default_factory=Seen)
    cards: list[int] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    raised: list[tuple[int, float]] = field(default_factory=list)
    """Camera and moment of each alarm, in order."""

    # -- what happens ------------------------------------------------------------------------------------------------

    async def motion(self, camera: int, *, active: bool) -> None:
        farm, number = self._farm(camera)
        at_s = await asyncio.to_thread(farm.alarm, number, active=active)
        self.raised.append((camera, at_s))

    def _farm(self, camera: int) -> tuple[Farm, int]:
        first = len(self.farms[0].cameras)
        return (self.farms[0], camera) if camera < first else (self.farms[1], camera - first)

    async def round(self) -> None:
        """Each camera sees something for a while, one after the other; ten people hold a card to the reader."""
        async with asyncio.TaskGroup() as tasks:
            for camera in range(CAMERAS):
                tasks.create_task(self._passer_by(camera, camera * ROUND_S / 2 / CAMERAS))
            for place in range(CARDS_A_ROUND):
                tasks.create_task(self._check_in(place * ROUND_S / CARDS_A_ROUND))
            tasks.create_task(asyncio.sleep(ROUND_S))

    async def storm(self) -> None:
        """Every camera sees something at once, and then no more: headlights, or a thunderstorm."""
        for active in (True, False):
            await asyncio.gather(*(self.motion(camera, active=active) for camera in range(CAMERAS)))
            await asyncio.sleep(ROUND_S / 3)

    async def _passer_by(self, camera: int, after_s: float) -> None:
        await asyncio.sleep(after_s)
        await self.motion(camera, active=True)
        await asyncio.sleep(ROUND_S / 3)
        await self.motion(camera, active=False)

    async def _check_in(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        card = FIRST_CARD + len(self.cards)
        self.cards.append(card)
        told = await asyncio.to_thread(self.terminal.do, "ic", uid=f"{card:08x}")
        self.shown.append(float(told["monotonic_s"]))

    async def call_for_help(self) -> None:
        await asyncio.to_thread(self.terminal.do, "button", contact=0, pressed=True)

    # -- what was seen -----------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Until cancelled: memory, watchdog, and whether the agent answers."""
        while True:
            self.seen.own_bytes = max(self.seen.own_bytes, self.group.own_bytes)
            self._count_processes()
            self.systemd.hear()
            if self.agent.page:
                began_s = time.monotonic()
                well = await asyncio.to_thread(_alive, self.agent.page)
                self.seen.slowest_s = max(self.seen.slowest_s, time.monotonic() - began_s)
                self.seen.alive, self.seen.dead = self.seen.alive + well, self.seen.dead + (not well)
            await asyncio.sleep(_LOOK_S)

    def _count_processes(self) -> None:
        pids, seen = self.group.pids(), self.seen
        seen.processes = max(seen.processes, len(pids))
        seen.threads = max(seen.threads, sum(len(_listed(f"/proc/{pid}/task")) for pid in pids))
        if self.agent.is_running:
            seen.files = max(seen.files, len(_listed(f"/proc/{self.agent.pid}/fd")))

    async def until(self, condition: Callable[[], Awaitable[object]], what: str) -> float:
        """Seconds that it took. Raises AssertionError after five minutes, or when the agent has ended."""
        began_s = time.monotonic()
        while not await condition():
            assert self.agent.is_running, f"the agent has ended:\n{self.agent.log[-4000:]}"
            assert time.monotonic() < began_s + _PATIENCE_S, f"not {what}:\n{self.agent.log[-4000:]}"
            await asyncio.sleep(0.2)
        return time.monotonic() - began_s

    async def all_up(self) -> bool:
        devices = (await self.agent.status()).get("devices", ())
        known = len(list((self.agent.folder / "store" / "devices").glob("*/setup.json")))
        return len(devices) == CAMERAS + 1 and all(each["state"] == "up" for each in devices) and known == CAMERAS

    async def all_sent(self) -> bool:
        lanes = (await self.agent.status()).get("lanes")
        return bool(lanes) and not any(lane["waiting"] for lane in lanes.values())

    def backlog_there(self) -> int:
        """How much of the outage's events the hub has."""
        rows = self.hub.rows(f"SELECT count(*) FROM event WHERE subject = '{OLD}'")
        return rows[0][0] if rows else 0

    def alarms(self) -> Count:
        """By camera and state; each camera's own log is the truth. It tells of motion by two topics: two alarms."""
        raised: Counter[object] = Counter()
        for farm in self.farms:
            for name, each in farm.raised().items():
                first = 0 if farm is self.farms[0] else len(self.farms[0].cameras)
                device = f"cam-{int(name.rpartition('-')[2]) + first}"
                raised.update((device, "start" if one["active"] else "end") for one in each for _ in one["topics"])
        return _count(raised, Counter(map(_alarm, self._stored())), Counter(map(_alarm, self._arrived())))

    def check_ins(self) -> Count:
        """By person: everybody came once. The hash of a person cannot be foretold, but that there is one for each."""
        stored = [_of(event, "checkin", "person") for event in self._stored()]
        arrived = [_of(event, "checkin", "person") for event in self._arrived()]
        at_box, at_hub = Counter(filter(None, stored)), Counter(filter(None, arrived))
        lost = len(self.cards) - len(at_hub)
        return Count(len(self.cards), at_box.total(), at_hub.total(), lost, at_hub.total() - len(at_hub))

    def backlog(self, count: int) -> Count:
        numbers = Counter(event["seq"] for event in self._arrived() if event["subject"] == OLD)
        stored = sum(event["subject"] == OLD for event in self._stored())
        return Count(count, stored, numbers.total(), count - len(numbers), numbers.total() - len(numbers))

    def pictures(self) -> Count:
        """As events of their own that name a JPEG, and the JPEGs. What was wanted: one with each start."""
        wanted = sum(self._starts())
        stored = sum(event["type"].endswith(".picture.v1") for event in self._stored())
        arrived = self.hub.rows("SELECT count(*), count(DISTINCT stream || seq) FROM media")[0]
        return Count(wanted, stored, arrived[0], stored - arrived[1], arrived[0] - arrived[1])

    def _starts(self) -> Iterator[int]:
        for farm in self.farms:
            for each in farm.raised().values():
                yield from (len(one["topics"]) for one in each if one["active"])

    def behind_the_call(self) -> int:
        """Events of the backlog that the hub stored after the call for help."""
        call = "SELECT min(id) FROM event WHERE lane = 'urgent'"
        return self.hub.rows(f"SELECT count(*) FROM event WHERE subject = '{OLD}' AND id > ({call})")[0][0]

    def _stored(self) -> list[dict[str, object]]:
        lanes = [lane for lane in LANES if lane != "media"]
        return [json.loads(body) for lane in lanes for (body,) in self.agent.rows(f"SELECT body FROM {lane}")]

    def _arrived(self) -> list[dict[str, object]]:
        return [json.loads(raw) for (raw,) in self.hub.rows("SELECT raw FROM event")]

    def commit_ms(self) -> list[float]:
        """From each alarm at its camera to its commit in the outbox."""
        known = [
            (at_s, next((done_s for done_s in self.watch.times[camera] if done_s >= at_s), None))
            for camera, at_s in self.raised
        ]
        return [1000 * (done_s - at_s) for at_s, done_s in known if done_s is not None]

    def beep_ms(self) -> list[float]:
        return [1000 * (beep - at) for at, beep in zip(self.shown, self.terminal.beeps(), strict=False)]


def _count(raised: Counter[object], stored: Counter[object], arrived: Counter[object]) -> Count:
    for found in (stored, arrived):
        del found[None]
    lost, twice = (raised - arrived).total(), (arrived - raised).total()
    return Count(raised.total(), stored.total(), arrived.total(), lost, twice)


def _alarm(event: dict[str, object]) -> object:
    found = _of(event, "alarm", "kind"), event["subject"], _of(event, "alarm", "state")
    return found[1:] if found[0] == "motion" and found[1] != OLD else None


def _of(event: dict[str, object], kind: str, key: str) -> object:
    data = event.get("data")
    return data.get(key) if event["type"] == f"cn.gridwire.{kind}.v1" and isinstance(data, dict) else None


def _listed(folder: str) -> list[str]:
    """Nothing of a process that has just ended."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _alive(page: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{page}/livez", timeout=60) as answer:
        return bool(answer.status == 200)
    return False


def _cameras(farms: tuple[Farm, ...]) -> str:
    cameras = [camera for farm in farms for camera in farm.cameras]
    return "".join(
        f'[device.cam-{number}]\ndriver = "onvif"\naddress = "127.0.0.1:{camera["port"]}"\n'
        f'username = "{camera["user"]}"\npassword = "{camera["password"]}"\njudge_every_s = {JUDGE_EVERY_S}\n'
        for number, camera in enumerate(cameras, 1)
    )


@contextlib.contextmanager
def _farm(folder: Path, count: int, *more: str) -> Iterator[Farm]:
    words = ("--count", count, "--picture-width", PICTURE_WIDTH_PX, "--json", *more)
    with child(Path(sys.executable), "simulators.camera", *words, log=folder / f"farm{len(more)}.log") as process:
        yield Farm(process)


@contextlib.contextmanager
def _terminal(folder: Path) -> Iterator[Terminal]:
    words = ("--dir", folder / "ports", "--json")
    with child(Path(sys.executable), "simulators.terminal", *words, log=folder / "terminal.log") as process:
        yield Terminal(process)


@contextlib.asynccontextmanager
async def village(folder: Path, group: Group, backlog: int, watchdog_s: float) -> AsyncIterator[Village]:
    """The agent runs in the group with its devices; the link is down: broker and hub are not started."""
    await fill(folder / "box" / "store", backlog)
    broker = Mosquitto(folder / "broker", extra="log_type none\nlog_type error")
    hub = HubProcess(folder / "hub", broker.port)
    systemd = Systemd(folder, watchdog_s)
    with (
        _farm(folder, CAMERAS - STREAM_ONLY) as many,
        _farm(folder, STREAM_ONLY, "--quirk", "no_snapshot_uri") as few,
        _terminal(folder) as terminal,
    ):
        devices = _RULE + _cameras((many, few)) + terminal.table(village_key(folder))
        agent = AgentProcess(folder / "box", broker.port, devices)
        agent.before, agent.environment = group.enter, systemd.environment
        watch = OutboxWatch(agent.database, CAMERAS)
        made = Village(group, agent, broker, hub, (many, few), terminal, systemd, watch)
        looking = asyncio.create_task(made.look())
        try:
            agent.start()
            yield made
        finally:
            looking.cancel()
            watch.stop()
            agent.kill()
            hub.kill()
            broker.stop()


class Took(NamedTuple):
    """Seconds: until all devices were up; from the link's return until the backlog was at the hub, from the end of the
    rounds until nothing waited, and all in all."""

    cold_s: float
    drain_s: float
    rest_s: float
    all_s: float


ABOUT = (
    f"{CAMERAS} cameras ({STREAM_ONLY} by their video stream only), pictures {PICTURE_WIDTH_PX} px wide, each judged "
    f"every {JUDGE_EVERY_S} s, six serial ports"
)


async def live(box: Village, backlog: int, rounds: int) -> Took:
    """One round without the link; then it comes back, somebody calls for help, everything happens at once and again
    and again while the backlog drains."""
    began_s = time.monotonic()
    cold_s = await box.until(box.all_up, "all devices up")
    await box.round()
    box.hub.start()
    box.broker.start()
    await box.until(lambda: asyncio.to_thread(box.backlog_there), "connected")

    async def drained() -> bool:
        return await asyncio.to_thread(box.backlog_there) >= backlog

    drain = asyncio.create_task(box.until(drained, "the backlog at the hub"))
    await box.call_for_help()
    await box.storm()
    for _ in range(rounds):
        await box.round()
    drain_s = await drain
    rest_s = await box.until(box.all_sent, "all sent")
    return Took(cold_s, drain_s, rest_s, time.monotonic() - began_s)
