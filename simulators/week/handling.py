"""How the people of the county see to a case on a usual day: in time, by the office that it is with, and rated at last.

What is special about some cases their own tales do: `expect` hands the next case of a place over to them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from random import Random

from countyhub.cases.finding import Listed
from countyhub.lifecycle.state import Office
from gridwire.events import Rating
from simulators.week import hours, words
from simulators.week.course import Course
from simulators.week.hours import HOUR, MINUTE
from simulators.week.sender import Sender

Tale = AsyncIterator[datetime]
_NEVER_MERGED = ("found", "filed", "reported", "assigned", "handling", "feedback")


class Handling:
    """Sees to every case that opens. `senders`: box -> what its box says, for ratings at the terminal."""

    def __init__(self, course: Course, senders: dict[str, Sender], random: Random) -> None:
        self._course, self._senders, self._random = course, senders, random
        self._expected: list[tuple[str, str, str, Callable[[Listed], Tale]]] = []

    def expect(self, head: str, box: str, tale: Callable[[Listed], Tale], device: str = "") -> None:
        """The next case whose key begins with `head`, of this box (and device), goes the way of `tale`."""
        self._expected.append((head, box, device, tale))

    def see_to(self, case: Listed) -> Tale:
        """How this one goes."""
        for index, (head, box, device, tale) in enumerate(self._expected):
            if case.key.split("/")[0] == head and case.box == box and device in ("", case.device):
                del self._expected[index]
                return tale(case)
        if case.origin == "machine":
            return self.machine(case)
        return self.resident(case)

    # The usual

    async def machine(self, case: Listed) -> Tale:
        """An alarm: at once what is urgent, a site without power the same day, a broken camera in office hours."""
        kind = case.key.split("/")[0]
        kind = case.key.split("/")[3] if kind == "alarm" else kind
        done = self._random.choice(words.ALARM_DONE.get(kind, ("已到场查看，情况正常",)))
        if case.handling == "at_once":
            yield self._after(2 * MINUTE, 6 * MINUTE)
            if not await self._is_with_somebody(case.number):
                return
            if self._random.random() < 0.4:
                await self._course.acts(case.number, "settle", text=done)
                return
            await self._course.acts(case.number, "begin", text="已出发")
            yield self._after(8 * MINUTE, 40 * MINUTE)
        elif kind in ("site", "township"):
            yield self._after(10 * MINUTE, 50 * MINUTE)
            if not await self._is_with_somebody(case.number):
                return
            await self._course.acts(case.number, "begin", text="已联系供电所和运营商")
            yield self._after(4 * HOUR, 9 * HOUR)
        else:
            yield hours.in_office(self._random, self._after(20 * MINUTE, 3 * HOUR))
            if not await self._is_with_somebody(case.number):
                return
            await self._course.acts(case.number, "begin", text="已联系维修")
            yield hours.in_office(self._random, self._after(2 * HOUR, 9 * HOUR))
        async for at in self.finish(case.number, done):
            yield at

    async def resident(self, case: Listed) -> Tale:
        """A request or a reported matter: registered by the clerk, then as far up as it must go."""
        yield self._after(3 * MINUTE, 25 * MINUTE)
        await self.register(case)
        service = case.category == "1101"
        chance = self._random.random()
        if service:
            done, level = self._random.choice(words.SERVICE_DONE), "township" if case.mode == "proxy" else "village"
        else:
            done = words.REPORTS.get(case.category, ("", "已办理"))[1]
            level = "village" if chance < 0.55 else "township" if chance < 0.85 else "department"
        if case.handling == "at_once":
            level = "village"
        async for at in self.handled_at(case.number, level):
            yield at
        async for at in self.finish(case.number, done):
            yield at
        async for at in self.rated(case, self._random.choice((5, 5, 5, 5, 4, 4, 3))):
            yield at

    # Pieces of a way

    async def register(self, case: Listed) -> None:
        """By the clerk of the village, unless the hub was first."""
        if (await self._course.case(case.number)).stage == "found":
            clerk = self._course.places.person("village_clerk", case.village)
            await self._course.act(case.number, "register", clerk)

    async def raised_to(self, number: str, level: str) -> Tale:
        """Passed up, office by office."""
        while (case := await self._course.case(number)).level != level:
            await self._course.acts(number, "pass_up", text=f"本级无法办理，请上级处理（{case.title}）")
            yield hours.in_office(self._random, self._after(8 * MINUTE, 70 * MINUTE))

    async def given_to(self, number: str, department: str, text: str = "请依职责办理，按时反馈") -> Tale:
        """From where it is up to the county, which gives it to a department."""
        async for at in self.raised_to(number, "county"):
            yield at
        await self._course.acts(number, "assign", target=Office("department", department), text=text)
        yield hours.in_office(self._random, self._after(15 * MINUTE, 3 * HOUR))

    async def handled_at(self, number: str, level: str) -> Tale:
        """Until it is being handled there."""
        case = await self._course.case(number)
        if level == "department":
            owner = self._owner_of(case.category)
            steps = self.given_to(number, owner)
        elif level == "village" and case.level in ("grid", "village"):
            steps = self._soon(case)
        else:
            steps = self.raised_to(number, level)
        async for at in steps:
            yield at
        await self._course.acts(number, "begin", text="已受理，正在办理")

    async def finish(self, number: str, done: str) -> Tale:
        """Fed back, up to whoever gave it, and closed."""
        case = await self._course.case(number)
        if case.stage not in ("handling", "feedback"):
            return
        if case.handling != "at_once" and not case.key.startswith(("site/", "township/")):
            yield hours.in_office(self._random, self._after(2 * HOUR, 20 * HOUR))
            if (await self._course.case(number)).stage != "handling":
                return
        acted = await self._course.acts(number, "feed_back", text=done)
        while acted.case.givers:
            yield self._after(5 * MINUTE, 40 * MINUTE)
            acted = await self._course.acts(number, "feed_back", text="情况属实，同意反馈意见")
        yield self._after(MINUTE, 12 * MINUTE)
        more = {"target": Office("department", "D05")} if case.mode == "authorised" else {}
        await self._course.acts(number, "close", text=done, **more)

    async def rated(self, case: Listed, score: int) -> Tale:
        """The resident comes by the terminal again."""
        if not case.receipt or (await self._course.case(case.number)).stage != "closed":
            return
        yield hours.in_office(self._random, self._after(30 * MINUTE, 20 * HOUR))
        sender = self._senders[case.box]
        if sender.is_away:
            return
        rating = Rating(score=score, receipt=case.receipt)
        self._course.arrives(sender.says(rating, self._course.now, sender.village.terminal))
        await self._course.settle()

    async def _soon(self, case: Listed) -> Tale:
        if case.handling == "at_once":
            yield self._after(MINUTE, 4 * MINUTE)
        else:
            yield hours.in_office(self._random, self._after(20 * MINUTE, 3 * HOUR))

    async def _is_with_somebody(self, number: str) -> bool:
        """Whether nobody else has seen to it, and it is not part of something larger by now."""
        return (await self._course.case(number)).stage in _NEVER_MERGED

    def _owner_of(self, category: str) -> str:
        row = self._course.book.registry.category(category, self._course.now)
        return row.owner if row and row.owner != "D01" else "D08"

    def _after(self, low: timedelta, high: timedelta) -> datetime:
        return hours.after(self._random, self._course.now, low, high)
