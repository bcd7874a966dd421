"""Cases of the week that people remember: overdue, supervised, given back, opened again, suspended, a call for help."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from countyhub.cases.finding import Listed
from countyhub.lifecycle.state import Office
from gridwire.events import Request, Sos
from simulators.week.county import COUNTY
from simulators.week.course import Course
from simulators.week.everyday import Everyday
from simulators.week.handling import Handling
from simulators.week.hours import HOUR, MINUTE
from simulators.week.sender import Sender

Tale = AsyncIterator[datetime]
Way = Callable[[Listed], Tale]
_SECOND = timedelta(seconds=1)


class Persons:
    """Tales by name, each of one village: `at` says who tells."""

    def __init__(self, course: Course, handling: Handling) -> None:
        self._course, self._handling = course, handling

    async def reported(self, sender: Sender, everyday: Everyday, item: str, text: str, way: Way) -> Tale:
        """Somebody reports a matter at the terminal now, and it goes this way."""
        self._handling.expect("request", sender.box, way)
        request = Request(item=item, mode="report", receipt=everyday.receipt(self._course.now), text=text)
        self._course.arrives(sender.says(request, self._course.now, sender.village.terminal))
        await self._course.settle()
        yield self._course.now

    async def sos(self, sender: Sender, *, drill: bool = False) -> Tale:
        """A button is pressed at a station; somebody is there within two minutes."""
        self._handling.expect("sos", sender.box, self.helped)
        course, terminal = self._course, sender.village.terminal
        course.arrives(sender.says(Sos(state="start", point="村站", drill=drill), course.now, terminal))
        yield course.now + _SECOND
        await course.settle()
        await course.tell()
        yield course.now + 20 * _SECOND
        course.arrives(sender.says(Sos(state="end", point="村站", drill=drill), course.now, terminal))

    # Ways of a case

    async def helped(self, case: Listed) -> Tale:
        yield self._course.now + 35 * _SECOND
        await self._course.acts(case.number, "begin", text="就在村站旁，马上到")
        await self._course.tell()
        yield self._course.now + 50 * _SECOND
        await self._course.acts(case.number, "feed_back", text="老人头晕，已扶坐休息，村医已到场")
        yield self._course.now + 20 * _SECOND
        await self._course.acts(case.number, "close", text="老人无大碍，家属已接回")

    async def left_lying(self, case: Listed) -> Tale:
        """Begun and then forgotten: it turns yellow, then red, and the hub moves it up."""
        yield self._course.now + 14 * MINUTE
        await self._handling.register(case)
        yield self._course.now + 5 * HOUR
        await self._course.acts(case.number, "begin", text="已到现场查看，联系施工队")

    async def slow(self, case: Listed) -> Tale:
        """Being worked on, and near its limit by now."""
        yield self._course.now + 9 * MINUTE
        await self._handling.register(case)
        yield self._course.now + 2 * HOUR
        await self._course.acts(case.number, "begin", text="路面破损约两平方米，已围挡，待回填")

    async def supervised(self, case: Listed) -> Tale:
        """With a department that takes its time; the inspectors look."""
        course = self._course
        yield course.now + 12 * MINUTE
        await self._handling.register(case)
        async for at in self._handling.given_to(case.number, "D07"):
            yield at
        await course.acts(case.number, "begin", text="已立案，等待水样检测结果")
        yield course.now + 20 * HOUR
        inspector = course.places.person("inspector", COUNTY)
        await course.act(case.number, "supervise", inspector, text="群众多次反映，请加快检测，三日内反馈")

    async def given_back(self, case: Listed) -> Tale:
        """First to the wrong department, which gives it back with its reason; then to the right one."""
        course, handling = self._course, self._handling
        yield course.now + 10 * MINUTE
        await handling.register(case)
        async for at in handling.given_to(case.number, "D10", "请水利局办理"):
            yield at
        await course.acts(case.number, "give_back", text="争议地块属承包地，非水利设施，请转自然资源局")
        yield course.now + 25 * MINUTE
        await course.acts(case.number, "assign", target=Office("department", "D06"), text="请自然资源局办理")
        yield course.now + 2 * HOUR
        await course.acts(case.number, "begin", text="已约双方到场指界")
        done = "已现场指界，双方签订协议"
        async for at in handling.finish(case.number, done):
            yield at
        async for at in handling.rated(case, 4):
            yield at

    async def again(self, case: Listed) -> Tale:
        """Closed, and not solved: the resident comes back, it is opened again and put right."""
        course, handling = self._course, self._handling
        yield course.now + 8 * MINUTE
        await handling.register(case)
        async for at in handling.handled_at(case.number, "village"):
            yield at
        async for at in handling.finish(case.number, "已更换灯泡"):
            yield at
        async for at in handling.rated(case, 2):
            yield at
        yield course.now + 4 * HOUR
        clerk = course.places.person("village_clerk", case.village)
        await course.act(case.number, "rework", clerk, text="群众回村站反映：亮了一晚又灭，要求重修")
        async for at in handling.finish(case.number, "线路接头进水，已重做并试亮两晚"):
            yield at
        async for at in handling.rated(case, 5):
            yield at

    async def suspended(self, case: Listed) -> Tale:
        """The township waits for material; the county has agreed that the clock stops."""
        course, handling = self._course, self._handling
        yield course.now + 11 * MINUTE
        await handling.register(case)
        async for at in handling.raised_to(case.number, "township"):
            yield at
        await course.acts(case.number, "begin", text="主管爆裂，需更换管段")
        yield course.now + 3 * HOUR
        await course.acts(case.number, "ask_pause", text="等待厂家发货，预计五个工作日，已安排临时送水")
        yield course.now + 50 * MINUTE
        dispatcher = course.places.person("dispatcher", COUNTY)
        await course.act(case.number, "agree_pause", dispatcher, text="同意挂起，到货即恢复")

    async def told_twice(self, case: Listed, first: list[str]) -> Tale:
        """Two residents report the same: the second is put under the first."""
        course, handling = self._course, self._handling
        yield course.now + 6 * MINUTE
        await handling.register(case)
        if first:
            await course.acts(case.number, "merge", parent=first[0], text="与前一件为同一处道路塌陷")
            return
        first.append(case.number)
        async for at in handling.handled_at(case.number, "township"):
            yield at
        async for at in handling.finish(case.number, "路面已回填压实，恢复通行"):
            yield at
        async for at in handling.rated(case, 5):
            yield at

    async def a_dog(self, case: Listed) -> Tale:
        """Nothing was there."""
        yield self._course.now + 5 * MINUTE
        await self._course.acts(case.number, "void", text="误报：画面中为家犬，无人员进入")
