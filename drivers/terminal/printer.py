"""The printer, which may also only beep: sounds tones, prints slips, and knows about its paper when it is told.

Nobody ever waits for it. A slip that cannot be printed within a minute is dropped and counted; a tone that cannot be
sounded at once is not sounded later. What is wrong is noted as the part's problem; silence is `unknown`, never `ok`.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from typing import NamedTuple

from drivers.seriallink import SerialLink
from drivers.terminal.config import EscPos
from drivers.terminal.frames import escpos
from drivers.terminal.parts import Parts
from drivers.terminal.tap import Tap

log = logging.getLogger(__name__)

MAX_SLIPS = 16
SLIP_KEEPS_S = 60.0
TONE_KEEPS_S = 1.0
LOOK_S = 10.0
ANSWER_S = 0.5


class _Slip(NamedTuple):
    asked_s: float
    data: bytes
    printed: Callable[[], None]


class Printer:
    """`missed` counts slips that were not printed; `on_missed` is told of each."""

    def __init__(self, name: str, settings: EscPos, parts: Parts, tap: Tap | None = None) -> None:
        self.settings = settings
        self.missed = 0
        self.on_missed: Callable[[], None] = _nothing
        self.paper: escpos.Paper = "unknown"
        self.online: bool | None = None
        self._name, self._parts = name, parts
        self._tap, self._told = tap or Tap(), ""
        self._sounds = {tone: bytes.fromhex(getattr(settings, tone)) for tone in ("done", "already", "failed", "next")}
        self._slips: deque[_Slip] = deque()
        self._tones: deque[tuple[float, bytes]] = deque()
        self._slip_waits, self._tone_waits, self._answered = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._answer: int | None = None
        self._is_open = False

    @property
    def prints(self) -> bool:
        return self.settings.role == "printer"

    def print(self, slip: bytes, printed: Callable[[], None] | None = None) -> None:
        """Have it printed as soon as may be; never waits. `printed` is called once the printer has taken it."""
        if not self.prints:
            return
        now_s = _now_s()
        while self._slips and (len(self._slips) >= MAX_SLIPS or now_s - self._slips[0].asked_s > SLIP_KEEPS_S):
            self._miss()
        self._slips.append(_Slip(now_s, slip, printed or _nothing))
        self._slip_waits.set()

    async def sound(self, tone: str) -> None:
        """`done`, `already`, `failed` or `next`; never waits for the device."""
        if self._is_open and self._sounds[tone]:
            self._tones.append((_now_s(), self._sounds[tone]))
            self._tone_waits.set()

    async def use(self, link: SerialLink[int]) -> None:
        """Serve on this link until it is lost (raises LinkLost)."""
        if self.prints:
            await link.write(escpos.RESYNC)
        self._is_open = True
        try:
            await _all_of(self._listen(link), self._sound_all(link), self._serve(link))
        finally:
            self._is_open = False
            self._tones.clear()

    async def _listen(self, link: SerialLink[int]) -> None:
        """What it says, so that its loss is known at once although nothing is to be printed."""
        while True:
            self._answer = await link.receive()
            self._answered.set()

    async def _sound_all(self, link: SerialLink[int]) -> None:
        """Tones do not stand in line behind a slip that the printer does not take, nor behind a look at its paper."""
        while True:
            while self._tones:
                asked_s, sound = self._tones.popleft()
                if _now_s() - asked_s <= TONE_KEEPS_S:
                    await link.write(sound)
            self._tone_waits.clear()
            await self._tone_waits.wait()

    async def _serve(self, link: SerialLink[int]) -> None:
        if not self.prints:
            self._parts.note(self._name)
            return
        while True:
            self._slip_waits.clear()
            await self._look(link)
            if await self._print_all(link):
                await self._look(link)  # its end may have come with this slip
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._slip_waits.wait()

    async def _look(self, link: SerialLink[int]) -> None:
        """How it is, as far as it says."""
        status, paper = await self._ask(link, escpos.ASK_STATUS), await self._ask(link, escpos.ASK_PAPER)
        self.online = None if status is None else escpos.is_online(status)
        self.paper = "unknown" if paper is None else escpos.paper_of(paper)
        if (told := f"{self.paper} {self.online}") != self._told:
            self._told = told
            self._tap.paper(self.paper, online=self.online)
        problem = {"out": "paper-out", "near-end": "paper-near-end"}.get(self.paper, "")
        if not problem or self.paper == "near-end":
            problem = "printer-offline" if self.online is False else problem
        self._parts.note(self._name, problem or ("printer-mute" if self.paper == "unknown" else ""))

    async def _ask(self, link: SerialLink[int], request: bytes) -> int | None:
        self._answered.clear()
        await link.write(request)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._answered.wait()
        except TimeoutError:
            return None
        return self._answer

    async def _print_all(self, link: SerialLink[int]) -> int:
        """Print what waits, and say how many; a printer that says nothing is believed to print."""
        while self._slips and _now_s() - self._slips[0].asked_s > SLIP_KEEPS_S:
            self._miss()
        count = 0
        while self._slips and self.paper != "out" and self.online is not False:
            slip = self._slips[0]
            await link.write(slip.data)
            if self._slips and self._slips[0] is slip:
                self._slips.popleft()
            slip.printed()
            count += 1
        return count

    def _miss(self) -> None:
        self._slips.popleft()
        self.missed += 1
        log.warning("%s: a slip was not printed, %d in all", self._name, self.missed)
        self.on_missed()


async def _all_of(*works: Coroutine[None, None, None]) -> None:
    """All at once; the first that fails ends the others, and its LinkLost is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _nothing() -> None:
    pass


def _now_s() -> float:
    return asyncio.get_running_loop().time()
