"""What went wrong with the devices of the week: a dark camera, a box that is away, a power cut at night, a fair."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from countyhub.cases.finding import Listed
from gridwire.events import Alarm, DeviceState
from simulators.week import hours
from simulators.week.course import Course
from simulators.week.everyday import Everyday
from simulators.week.handling import Handling
from simulators.week.hours import HOUR, MINUTE
from simulators.week.sender import Sender

Tale = AsyncIterator[datetime]
_SECOND = timedelta(seconds=1)
HELD_DOWN = 5 * MINUTE + _SECOND
"""So long correlation waits before it believes that something is down."""


async def dark(course: Course, sender: Sender, handling: Handling, device: str) -> Tale:
    """A camera that stopped to answer, and still does not: a spare part is awaited."""

    async def seen_to(case: Listed) -> Tale:
        yield course.now + 95 * MINUTE
        await course.acts(case.number, "begin", text="已到现场，电源指示灯不亮")
        yield course.now + 3 * HOUR
        await course.acts(case.number, "note", text="电源模块损坏，备件已下单，预计三日内到货")

    handling.expect("offline", sender.box, seen_to, device)
    sender.down[device] = ("timeout", course.now)
    course.arrives(
        sender.says(DeviceState(state="down", reason="timeout"), course.now, device), sender.health(course.now)
    )
    await course.settle()
    yield course.now + HELD_DOWN
    await course.settle()


async def away(course: Course, sender: Sender, handling: Handling) -> Tale:
    """A box whose line went, with some of it missing and some of it still on the box. It is away still."""
    camera = next(iter(sender.village.cameras))
    moved = Alarm(kind="motion", state="pulse", severity="notice", source="rule-1")

    async def seen_to(case: Listed) -> Tale:
        yield course.now + 40 * MINUTE
        await course.acts(case.number, "begin", text="电话联系村站，光纤被挖断，运营商已派单")

    handling.expect("site", sender.box, seen_to)
    for second in range(7):
        sender.event(moved, course.now + second * _SECOND, camera)  # was acknowledged, and is nowhere
    yield course.now + 4 * MINUTE
    course.arrives(sender.says(moved, course.now, camera))
    for second in range(1, 24):
        sender.keeps(moved, course.now + second * _SECOND, camera)
    yield course.now + MINUTE
    course.arrives(sender.health(course.now))
    yield course.now + MINUTE
    course.arrives(sender.lost(course.now))
    await course.settle()
    yield course.now + HELD_DOWN
    await course.settle()


async def power_cut(course: Course, sender: Sender) -> Tale:
    """First the cameras lose their pictures, then all of them are gone, then the box: one matter in the end."""
    began, cameras = course.now, list(sender.village.cameras)
    for number, device in enumerate(cameras[:4]):
        yield began + 6 * number * _SECOND
        course.arrives(sender.says(Alarm(kind="signal_lost", state="start", severity="warning"), course.now, device))
        await course.settle()
    for number, device in enumerate(cameras):
        yield began + (40 + 3 * number) * _SECOND
        course.arrives(sender.says(DeviceState(state="down", reason="unreachable"), course.now, device))
    await course.settle()
    yield began + 90 * _SECOND
    course.arrives(sender.lost(course.now))
    await course.settle()
    yield course.now + HELD_DOWN
    await course.settle()
    yield course.now + 52 * MINUTE
    course.arrives(sender.online(course.now), sender.birth(course.now))
    for device in cameras:
        up = DeviceState(state="up", blind_from=began, blind_until=course.now)
        course.arrives(sender.says(up, course.now + _SECOND, device))
    for device in cameras[:4]:
        over = Alarm(kind="signal_lost", state="end", severity="warning")
        course.arrives(sender.says(over, course.now + 2 * _SECOND, device))
    yield course.now + 10 * _SECOND
    await course.settle()


async def fair(course: Course, everyday: Everyday, sender: Sender, until: datetime) -> Tale:
    """A village fair, which stands in the calendar: its crowds are counted, and are no matter."""
    cameras = [device for device in sender.village.cameras if device not in sender.down]
    number = 0
    while course.now < until - 8 * MINUTE:
        kind = "intrusion" if number % 3 == 2 else "crowd"
        everyday.alarm(kind, cameras[number % len(cameras)], course.now, number % 5 == 0)
        number += 1
        yield course.now + 7 * MINUTE
    await course.settle()


def window(sender: Sender, begin: datetime, end: datetime) -> str:
    """The fair as an iCalendar file for the hub."""
    lines = (
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//gridwire//week//ZH", "BEGIN:VEVENT",
        f"UID:{sender.village.name}集市",
        f"DTSTAMP:{begin.astimezone(hours.UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART:{begin.astimezone(hours.UTC):%Y%m%dT%H%M%SZ}",
        f"DTEND:{end.astimezone(hours.UTC):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{sender.village.name}集市", f"LOCATION:{sender.village.code}", "CATEGORIES:crowd,intrusion",
        "END:VEVENT", "END:VCALENDAR", "",
    )  # fmt: skip
    return "\r\n".join(lines)
