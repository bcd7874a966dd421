"""For tests of matters: raw signs as the messages of boxes, taken into a real store, and what is found there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select

from countyhub.cases.book import Book
from countyhub.correlate.matter import Matter
from countyhub.correlate.signals import DOWN, END, LATE_US, PULSE, UP, Signal, of_data, of_link
from countyhub.ingest import intake
from countyhub.ingest.committed import Committed
from countyhub.ingest.inbox import Inbox
from countyhub.ingest.intake import Intake
from countyhub.matters.follower import Follower
from countyhub.matters.windowfiles import WindowFiles
from countyhub.registry.columns import Row
from countyhub.registry.content import Content
from countyhub.registry.forms import AlarmKind, Area, Box, Camera, Category, Service
from countyhub.registry.snapshot import Registry
from countyhub.store.casetables import cases
from countyhub.store.engine import Store
from countyhub.store.mattertables import matter
from countyhub.store.worktables import lease
from gridwire.codec import encode_batch, encode_message
from gridwire.codec import encode_event as encode
from gridwire.events import LANE_OF, TYPE_OF, Alarm, Data, DeviceState, Envelope, Event
from gridwire.instants import instant, microseconds
from gridwire.messages import Status

ZONE = ZoneInfo("Asia/Shanghai")
COUNTY = "430181"
STREAM = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
_STATES = {END: "end", PULSE: "pulse", 2: "start"}


def signal_of(event: Event, box: str, happened: datetime | None, arrived: datetime) -> Signal | None:
    """As the hub reads it from its inbox. `happened`: its true time, None where that cannot be known."""
    at_us, arrived_us = microseconds(happened or arrived), microseconds(arrived)
    lane = f"{event.stream}/{event.lane}"
    return of_data(event.data, box, event.subject, lane, event.seq, at_us, late=arrived_us - at_us > LATE_US)


class Sender:
    """What one box sends, numbered as it does."""

    def __init__(self, box: str) -> None:
        self.box = box
        self.source = f"grid/1/{COUNTY}/{box}"
        self._seqs: dict[str, int] = {}
        self._connection = 1

    def event(self, data: Data, at: datetime, device: str = "cam-1", **more: object) -> Event:
        lane = LANE_OF[type(data)]
        seq = self._seqs[lane] = self._seqs.get(lane, 0) + 1
        attributes = {
            "specversion": "1.0",
            "id": f"01ARZ3NDEKTSV4RRFF{seq:08d}",
            "source": self.source,
            "type": TYPE_OF[type(data)],
            "subject": device,
            "time": at,
            "recordedtime": at,
            "monotonic": "12.345",
            "clock": "synced",
            "stream": STREAM,
            "lane": lane,
            "seq": seq,
            "data": data,
        }
        return Envelope(**(attributes | more))

    def status(self, mark: int) -> Status:
        """Its last will, or that it is there again."""
        state = "lost" if mark == DOWN else "online"
        self._connection += mark == UP
        return Status(state=state, boot=f"boot-{self.box}", connection=self._connection, version="0.1.0")


class County:
    """Boxes by name; signals of a storm as what they would send."""

    def __init__(self) -> None:
        self.boxes: dict[str, Sender] = {}
        self.signals: list[Signal] = []
        """As correlation should see all that was sent: for its oracle."""

    def box(self, name: str) -> Sender:
        if name not in self.boxes:
            self.boxes[name] = Sender(name)
        return self.boxes[name]

    def sends(self, box: str, *events: Event, received: datetime) -> Intake:
        for event in events:
            signal = signal_of(event, box, event.time, received)
            self.signals += [signal] if signal is not None else []
        return packed(self.box(box), events, received)

    def link(self, box: str, mark: int, at: datetime) -> Intake:
        status = self.box(box).status(mark)
        self.signals.append(of_link(box, connected=mark == UP, connection=status.connection, boot=status.boot, at=at))
        return intake.read(f"{self.box(box).source}/up/status", encode_message(status), received=at)

    def sign(self, signal: Signal) -> tuple[str, Event | int]:
        """The event of a signal, or the mark of its link."""
        if signal.what == "link":
            return signal.box, signal.mark
        at, box = instant(signal.at_us), self.box(signal.box)
        if signal.what == "device":
            return signal.box, box.event(DeviceState(state="down" if signal.mark == DOWN else "up"), at, signal.device)
        alarm = Alarm(kind=signal.kind, state=_STATES[signal.mark], source=signal.rule, drill=signal.drill)
        return signal.box, box.event(alarm, at, signal.device)


def packed(box: Sender, events: Sequence[Event], received: datetime) -> Intake:
    payload = encode_batch([encode(event) for event in events]) if len(events) > 1 else encode(events[0])
    return intake.read(f"{box.source}/up/{'batch' if len(events) > 1 else 'event'}", payload, received=received)


def rows(boxes: Iterable[str], cameras: int, *, kinds: Iterable[str] = ()) -> list[Row]:
    """A registry with these boxes and what their alarms become."""
    found: list[Row] = [Area(code=COUNTY, name="县", level="county"), Category(code="09", name="应急")]
    found += [Category(code="0901", name="报警", ledger="stability", handling="within_limit", owner="D01")]
    found += [Service(code="S01", name="低保", mode="proxy", category="0901", owner="D01")]
    towns = set()
    for box in boxes:
        if box[:9] not in towns:
            towns.add(box[:9])
            found.append(Area(code=box[:9], name="镇", level="township", parent=COUNTY))
        found.append(Area(code=box[:12], name="村", level="village", parent=box[:9]))
        found.append(Box(box=box, name=f"{box[-3:]}村盒子", village=box[:12]))
        found += [Camera(box=box, device=f"cam-{n}", name=f"路口{n}号") for n in range(1, cameras + 1)]
    return found + [AlarmKind(kind=kind, category="0901") for kind in kinds]


class Office:
    """A store with a follower beside it, whose clock is set by the test."""

    def __init__(self, store: Store, registry: Registry, now: datetime, *, windows: str = "") -> None:
        self.store = store
        self.now = now
        self.registry = registry
        self.book = Book(COUNTY, lambda: self.registry, zone=ZONE)
        self.inbox = Inbox(store)
        self._windows = windows
        self.follower = self.another()

    def another(self) -> Follower:
        """One that knows nothing but the tables."""
        files = WindowFiles(self._windows, ZONE)
        return Follower(self.store, Committed(self.store), self.book, files, "zh", clock=lambda: self.now)

    async def restart(self) -> None:
        """Another process, which knows nothing but the tables; the one before has died."""
        async with self.store.write() as connection:
            await connection.execute(delete(lease))
        self.follower = self.another()

    async def follow(self) -> None:
        """Until there is nothing more to read."""
        assert await self.follower.lease.take()
        while await self.follower.step():
            pass

    async def commit(self, *arrived: Intake) -> None:
        await self.inbox.commit(arrived)


def registry(content: Iterable[Row]) -> Registry:
    return Registry(Content.bare(content), ZONE, 1)


async def matters(store: Store) -> set[Matter]:
    """All that are written down."""
    async with store.read() as connection:
        found = (await connection.execute(select(matter))).all()
    return {
        Matter(row.key, row.begin_us, row.end_us, row.open, row.size, row.history,
               None if row.parent_key is None else (row.parent_key, row.parent_begin_us), row.raised_us)
        for row in found
    }  # fmt: skip


async def open_cases(store: Store) -> dict[str, str]:
    """Key -> stage of each case."""
    async with store.read() as connection:
        found = (await connection.execute(select(cases.c.key, cases.c.stage).order_by(cases.c.number))).all()
    return {row.key: row.stage for row in found}


async def table(store: Store, what: object, *columns: object) -> list[tuple]:
    async with store.read() as connection:
        return [tuple(row) for row in await connection.execute(select(*columns) if columns else select(what))]
