"""Puts a week together, plays it on an open database, and says what is remarkable in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final

from countyhub.audit import trail
from countyhub.config import CalendarSettings, Config
from countyhub.registry.live import LiveRegistry
from countyhub.rollup import checkins, sampling
from countyhub.store.engine import Store
from gridwire.problem import Language
from simulators.camera.picture import check_available
from simulators.week import county, devices, hours, places
from simulators.week.county import BOX, COUNTY, ROAD, ZONE
from simulators.week.course import Course
from simulators.week.everyday import Everyday
from simulators.week.handling import Handling
from simulators.week.hours import DAY, HOUR, MINUTE
from simulators.week.persons import Persons, Way
from simulators.week.sender import Sender

TELLER: Final = trail.Asker("week")
"""Under whose name the audit has what happens here; its rows bear the time at which it happens in the week."""
LENGTH = 7 * DAY
HOURLY = 4 * DAY
"""So long before its end the charts of boxes are without a gap; before that each day has a few looks."""
_AGO = 30 * DAY
"""So long before the week the county began with it: its registry, and its boxes."""


@dataclass
class Week:
    """What was made, and where to look: the dark camera, the box that is away, how many events the
    hub has taken, and how many letters nobody could read."""

    dark: tuple[str, str]
    away: str
    stormed: str
    fair: str
    senders: dict[str, Sender]
    events: int = 0
    letters: int = 0


async def fill(store: Store, *, now: datetime, seed: int = 1, language: Language = "zh", windows: Path) -> Week:
    """Seven days that end at `now`, in an empty database. `windows`: the folder where the hub will look for windows.

    Raises `PictureUnavailable` without OpenCV, `county.NotEmpty`, `course.WentWrong`, and
    what the store raises.
    """
    check_available()
    now = now.replace(microsecond=0)
    with trail.as_(TELLER, clock=lambda: now - _AGO):
        await county.take_in(store, county.rows(now), now - _AGO)
    registry = LiveRegistry(store, ZONE)
    await registry.refresh()
    settings = CalendarSettings(windows_dir=str(windows))
    config = Config(county=COUNTY, language=language, calendar=settings)
    staged = _Stage(store, config, registry, now, Random(seed))
    with trail.as_(TELLER, clock=lambda: staged.course.now):
        return await staged.play(windows)


class _Stage:
    """Everybody in their places, before the week begins."""

    def __init__(self, store: Store, config: Config, registry: LiveRegistry, now: datetime, random: Random) -> None:
        self.now, self.start, self._random = now, now - LENGTH, random
        found = places.read(registry.current, now)
        self.course = Course(store, config, registry, found, self.start)
        self.senders = {
            village.box: Sender(village, self.start - _AGO + number * HOUR, Random(random.random()))
            for number, village in enumerate(found.villages)
        }
        self.everyday = {
            box: Everyday(self.course, sender, Random(random.random())) for box, sender in self.senders.items()
        }
        self.handling = Handling(self.course, self.senders, Random(random.random()))
        self.course.on_opened = self.handling.see_to
        self.persons = Persons(self.course, self.handling)

    async def play(self, windows: Path) -> Week:
        boxes = list(self.senders)
        gone = self.now - 20 * HOUR
        week = Week(dark=(boxes[5], "cam-2"), away=boxes[9], stormed=boxes[1], fair=boxes[3], senders=self.senders)
        self._fair(self.senders[week.fair], windows)
        for sender in self.senders.values():
            self.course.arrives(sender.online(self.start), sender.birth(self.start), sender.health(self.start))
        for number, everyday in enumerate(self.everyday.values()):
            for day in range(-1, 8):
                midnight = hours.local(self.start + day * DAY, 0)
                self.course.begin(everyday.tale(midnight), max(self.start + timedelta(seconds=number), midnight))
        self._troubles(week, gone)
        self._remembered(boxes)
        self.course.begin(self._rubbish(boxes), self.now - 3 * DAY)
        self.course.begin(self._looks(), self.start + 10 * MINUTE)
        await self.course.run(self.now - MINUTE)
        await self._last_words(week)
        while await checkins.step(self.course.store, ZONE):
            """The ledger of check-ins, as the hub keeps it up."""
        week.events, week.letters = self.course.outcome.stored, self.course.outcome.dead
        return week

    def _fair(self, sender: Sender, windows: Path) -> None:
        begin = hours.local(self.now - 2 * DAY, 15)
        end = begin + 4 * HOUR
        windows.mkdir(parents=True, exist_ok=True)
        (windows / "fair.ics").write_text(devices.window(sender, begin, end), encoding="utf-8", newline="")
        self.course.begin(devices.fair(self.course, self.everyday[sender.box], sender, end), begin + MINUTE)

    def _troubles(self, week: Week, gone: datetime) -> None:
        course, (box, device) = self.course, week.dark
        course.begin(devices.dark(course, self.senders[box], self.handling, device), self.now - 50 * HOUR)
        course.begin(devices.away(course, self.senders[week.away], self.handling), gone)
        night = hours.local(self.now - 3 * DAY, 2, 10)
        course.begin(devices.power_cut(course, self.senders[week.stormed]), night)

    def _remembered(self, boxes: list[str]) -> None:
        """Cases with a way of their own. The first village is left to the demo's own box."""
        persons = self.persons
        told: list[str] = []
        self._report(boxes[2], ROAD, "村口水泥路塌陷一处，摩托车绕行", persons.left_lying, 108, 98)
        self._report(boxes[6], ROAD, "桥头路面破损，下雨积水", persons.slow, 70, 58)
        self._report(boxes[8], ROAD, "学校门口路面开裂", persons.slow, 60, 55)
        self._report(boxes[4], "0202", "养殖场污水流入水渠，气味大", persons.supervised, 118, 100)
        self._report(boxes[7], "0702", "承包地边界被占，请求处理", persons.given_back, 166, 150)
        self._report(boxes[10], "0102", "祠堂前路灯不亮", persons.again, 160, 148)
        self._report(boxes[11], "0103", "全组停水，水管爆裂", persons.suspended, 96, 78)
        twice = lambda case: persons.told_twice(case, told)  # noqa: E731 - both share the list
        first = self._report(boxes[6], ROAD, "村道塌方，过不了车", twice, 140, 134)
        self._report_at(first + 50 * MINUTE, boxes[6], ROAD, "进村路塌了半边", twice)
        self.course.begin(persons.sos(self.senders[boxes[3]]), hours.by_day(self.now, 34 * HOUR, 12 * HOUR))
        drill = hours.by_day(self.now, 130 * HOUR, 110 * HOUR)
        self.course.begin(persons.sos(self.senders[boxes[5]], drill=True), drill)
        self.course.begin(self._dog(boxes[8]), hours.local(self.now - 4 * DAY, 23, 20))

    def _report(self, box: str, item: str, text: str, way: Way, oldest_h: int, newest_h: int) -> datetime:
        """A matter that somebody reports between so many hours ago; when."""
        at = hours.by_day(self.now, oldest_h * HOUR, newest_h * HOUR)
        self._report_at(at, box, item, text, way)
        return at

    def _report_at(self, at: datetime, box: str, item: str, text: str, way: Way) -> None:
        self.course.begin(self.persons.reported(self.senders[box], self.everyday[box], item, text, way), at)

    async def _dog(self, box: str) -> AsyncIterator[datetime]:
        self.handling.expect("alarm", box, self.persons.a_dog)
        self.everyday[box].alarm("intrusion", next(iter(self.senders[box].village.cameras)), self.course.now, True)
        await self.course.settle()
        yield self.course.now

    async def _rubbish(self, boxes: list[str]) -> AsyncIterator[datetime]:
        """What a box with a broken card sent: nobody can read it, and it is kept."""
        sender = self.senders[boxes[7]]
        for payload in (b'{"specversion":"1.0","id":"01', b"\xff\xfe\x00garbled", b'{"type":"cn.gridwire.alarm.v9"}'):
            self.course.arrives(sender.rubbish(payload, self.course.now))
            yield self.course.now + 11 * HOUR

    async def _looks(self) -> AsyncIterator[datetime]:
        """Boxes and cameras are added up as the running hub does it, but seldom: all slots would take ten seconds."""
        await self.course.settle()
        while True:
            await sampling.look(self.course.store, ZONE, self.course.now)
            yield self.course.now + (HOUR if self.now - self.course.now < HOURLY else 6 * HOUR)

    async def _last_words(self, week: Week) -> None:
        """How every box is by now. The demo's own one was switched off: the real one comes in its place."""
        for box, sender in self.senders.items():
            if box == week.away:
                continue
            if box == BOX:
                self.course.arrives(sender.birth(self.now, current=False))
            else:
                self.course.arrives(sender.health(self.now))
        self.course.now = self.now
        await self.course.run(self.now)


__all__ = ["TELLER", "Week", "fill"]
