"""The course of a demo: start, show, let things happen, stop, wait until all has arrived, count, say what came out."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from edgeagent.cli.say import say
from gridwire.problem import Language
from simulators.camera import PictureUnavailable
from simulators.demo import account, report
from simulators.demo.children import ChildDied
from simulators.demo.happened import kind_of
from simulators.demo.life import Life
from simulators.demo.screen import News, Screen, name_of
from simulators.demo.staff import Staff
from simulators.demo.stage import BrokerAway, NotReady, Stage
from simulators.demo.village import PLACES, Folder

DRAIN_S = 30.0
SAME_WISH_S = 0.5
_LOOK_EVERY_S = 0.5
# What comes twice comes a little later.
_LATE_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """`seconds`: end by itself after so many, counted from when all is up; None: at Ctrl-C. `is_empty`: a county
    without a past. The rest as for `Stage`."""

    folder: Folder
    is_kept: bool
    language: Language
    seconds: float | None
    speed: float
    seed: int
    broker: tuple[str, int] | None
    console_port: int
    is_empty: bool = False


class Stop:
    """Ctrl-C, SIGTERM or a closed terminal: the first asks for an end in good order, the second for one at once.

    `make` hands on what it is told, so that one wish comes twice, a moment apart: that is one.
    """

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.at_once = asyncio.Event()
        self._asked_s = 0.0

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        now_s = time.monotonic()
        if not self.asked.is_set():
            self.asked.set()
            self._asked_s = now_s
        elif now_s - self._asked_s > SAME_WISH_S:
            self.at_once.set()


async def play(options: Options) -> int:
    """The exit code: 0 when everything that could be seen is at the hub, once."""
    stop, screen = Stop(), Screen(options.language)
    stop.listen()
    code = 1
    try:
        stage = Stage(options.folder, options.language, broker=options.broker, console_port=options.console_port)
        async with stage:
            code = await _Demo(options, stage, screen, stop).run()
    except PictureUnavailable as problem:
        screen.say(str(problem))
    except BrokerAway as problem:
        screen.say(f"没有消息服务器 / no broker: {problem}")
    except OSError as problem:
        screen.say(f"无法启动 / cannot start: {problem}")
    if options.is_kept or code:
        screen.say(f"文件保留在 / the files stay in {options.folder.path}")
    else:
        shutil.rmtree(options.folder.path, ignore_errors=True)
    return code


class _Demo:
    """On a stage that is set."""

    def __init__(self, options: Options, stage: Stage, screen: Screen, stop: Stop) -> None:
        self._options, self._stage, self._screen, self._stop = options, stage, screen, stop
        self._begun_s = time.monotonic()
        self._told = dict.fromkeys(PLACES, 0)
        self._beside: list[asyncio.Task[None]] = []
        self._life = Life(
            stage.cameras,
            stage.terminal,
            stage.uplink,
            speed=options.speed,
            chance=random.Random(options.seed),
            tell=self._tell,
        )

    async def run(self) -> int:
        """Everything from the addresses to the count; the exit code."""
        code = 1
        try:
            async with asyncio.TaskGroup() as group:
                code = await self._course(group)
                for task in self._beside:
                    task.cancel()
        except* ChildDied as died:
            code = 1
            for problem in died.exceptions:
                if isinstance(problem, ChildDied):
                    self._screen.say(*report.death(problem))
        return code

    async def _course(self, group: asyncio.TaskGroup) -> int:
        self._screen.say(*report.addresses(self._stage, is_kept=self._options.is_kept))
        try:
            is_ready = await _unless(self._stop.asked, self._furnish) and await _unless(
                self._stop.asked, partial(self._open, group)
            )
        except NotReady as problem:
            self._screen.say(*report.not_ready(self._stage, str(problem)))
            return 1
        if is_ready:
            accounts = await account.make(self._options.folder.hub_config)
            self._screen.say(*report.login(self._stage, accounts, self._screen.language))
            company: list[asyncio.Task[None]] = []
            if not self._options.is_empty:
                staff = Staff(self._options.folder.hub_config, self._options.speed)
                company = [group.create_task(work()) for work in (self._stage.neighbours().run, staff.run)]
            await self._live()
            for task in company:
                task.cancel()
            await self._drain()
        await self._stage.stop_children()
        count, blinds = self._stage.last_count()
        self._screen.say(*report.counted(count, blinds, self._screen.language))
        return 0 if count.is_right else 1

    async def _furnish(self) -> None:
        if not self._options.is_empty:
            self._screen.say("  " + self._say(zh="县里过去的一周…", en="the county's last week…"))
            await self._stage.furnish(self._options.seed)

    async def _open(self, group: asyncio.TaskGroup) -> None:
        await self._stage.open()
        self._beside += [group.create_task(child.watch()) for child in self._stage.children]
        await self._stage.ready()

    async def _live(self) -> None:
        """Until somebody asks for the end, or the time is over."""
        self._begun_s = time.monotonic()
        self._screen.say("  " + self._say(zh="一切就绪。", en="all is up."), "")
        async with asyncio.TaskGroup() as group:
            living = group.create_task(self._life.run())
            await _unless(self._stop.asked, self._keep_showing, timeout_s=self._options.seconds)
            living.cancel()

    async def _drain(self) -> None:
        """Everything is put right; wait until all that happened is at the hub."""
        self._screen.say(
            self._say(
                zh=f"结束：一切恢复，等待村盒发完（最多 {DRAIN_S:.0f} 秒；再按 Ctrl-C 不等）…",
                en=f"the end: all is mended; until the box has sent all, {DRAIN_S:.0f} s at most (Ctrl-C: at once)…",
            )
        )
        if not await _unless(self._stop.at_once, self._settle, timeout_s=DRAIN_S):
            self._screen.say(
                self._say(
                    zh="没有等到全部送达、全部恢复：村盒自己的记录也计入。",
                    en="not all has arrived or come back: what the box alone knows is counted too.",
                )
            )

    async def _settle(self) -> None:
        await self._life.calm()
        while not await self._stage.is_settled():
            await self._show()
            await asyncio.sleep(_LOOK_EVERY_S)
        await asyncio.sleep(_LATE_S)

    async def _keep_showing(self) -> None:
        while True:
            began_s = time.monotonic()
            await self._show()
            # After many hours a look takes longer: the cameras, in this process too, must not wait for it.
            await asyncio.sleep(max(_LOOK_EVERY_S, 10 * (time.monotonic() - began_s)))

    async def _show(self) -> None:
        view = await self._stage.view()
        view.elapsed_s = time.monotonic() - self._begun_s
        if self._options.seconds is not None:
            view.left_s = max(0.0, self._options.seconds - view.elapsed_s)
        view.cut_left_s = self._life.cut_left_s
        self._tell_alarms()
        self._screen.show(view)

    def _tell_alarms(self) -> None:
        """What the cameras have raised since the last look."""
        for place, camera in zip(PLACES, self._stage.cameras, strict=True):
            fresh, self._told[place] = camera.raised[self._told[place] :], len(camera.raised)
            for record in fresh:
                if record.active:
                    kind = kind_of(record.kind)
                    self._tell(f"{place.zh}：{name_of(kind, 'zh')}", f"{place.en}: {name_of(kind, 'en')}")

    def _tell(self, zh: str, en: str) -> None:
        self._screen.news.append(News(time.monotonic() - self._begun_s, zh, en))

    def _say(self, *, zh: str, en: str) -> str:
        return say(self._screen.language, zh=zh, en=en)


async def _unless(event: asyncio.Event, work: Callable[[], Awaitable[None]], timeout_s: float | None = None) -> bool:
    """Do it unless the event comes first, or the time is over; whether it was done. Raises what the work raises."""
    working, waiting = asyncio.ensure_future(work()), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({working, waiting}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
        return False
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)
