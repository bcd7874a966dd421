"""The printer, which may also only beep: sounds tones, prints slips, and knows about its paper when it is told.

Nobody ever waits for it. A slip that cannot be printed within a minute is dropped and counted; a tone that cannot be
sounded at once is not sounded later. What is wrong is noted as the part's problem; silence is `unknown`, never `ok`.
"""

import asyncio
import contextlib
import logging
from collections import deque

from drivers.seriallink import LinkLost, SerialLink
from drivers.terminal import escpos
from drivers.terminal.config import EscPos
from drivers.terminal.parts import Parts
from drivers.terminal.watching import Watch

log = logging.getLogger(__name__)

MAX_SLIPS = 16
SLIP_KEEPS_S = 60.0
LOOK_S = 5.0
ANSWER_S = 0.5


class Printer:
    """`missed` counts slips that were not printed."""

    def __init__(self, name: str, settings: EscPos, parts: Parts, watch: Watch | None = None) -> None:
        self.settings = settings
        self._watch, self._told = watch or Watch(), ""
        self.missed = 0
        self.paper: escpos.Paper = "unknown"
        self.online: bool | None = None
        self._name, self._parts = name, parts
        self._tones = {tone: bytes.fromhex(getattr(settings, tone)) for tone in ("done", "already", "failed", "next")}
        self._slips: deque[tuple[float, bytes]] = deque()
        self._wake = asyncio.Event()
        self._link: SerialLink[int] | None = None

    @property
    def prints(self) -> bool:
        return self.settings.role == "printer"

    def print(self, slip: bytes) -> None:
        """Have it printed as soon as may be; never waits."""
        if not self.prints:
            return
        if len(self._slips) >= MAX_SLIPS:
            self._slips.popleft()
            self.missed += 1
        self._slips.append((asyncio.get_running_loop().time(), slip))
        self._wake.set()

    async def sound(self, tone: str) -> None:
        """`done`, `already`, `failed` or `next`."""
        if self._link is None or not self._tones[tone]:
            return
        try:
            await self._link.write(self._tones[tone])
        except LinkLost:
            log.debug("a tone was lost with its part")  # `use` reports the loss

    async def use(self, link: SerialLink[int]) -> None:
        """Serve on this link until it is lost (raises LinkLost)."""
        self._link = link
        try:
            if not self.prints:
                self._parts.note(self._name)
                while True:
                    await link.receive()
            while True:
                await self._look(link)
                await self._print_all(link)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await self._wake.wait()
                self._wake.clear()
        finally:
            self._link = None

    async def _look(self, link: SerialLink[int]) -> None:
        """How it is, as far as it says."""
        status, paper = await self._ask(link, escpos.ASK_STATUS), await self._ask(link, escpos.ASK_PAPER)
        self.online = None if status is None else escpos.is_online(status)
        self.paper = "unknown" if paper is None else escpos.paper_of(paper)
        if (told := f"{self.paper} {self.online}") != self._told:
            self._told = told
            self._watch.paper(self.paper, online=self.online)
        problem = {"out": "paper-out", "near-end": "paper-near-end", "unknown": "printer-mute"}.get(self.paper, "")
        self._parts.note(self._name, problem or ("printer-offline" if self.online is False else ""))

    async def _ask(self, link: SerialLink[int], request: bytes) -> int | None:
        link.discard()
        await link.write(request)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await link.receive()
        except TimeoutError:
            return None

    async def _print_all(self, link: SerialLink[int]) -> None:
        """Print what waits; a printer that says nothing is believed to print."""
        now_s = asyncio.get_running_loop().time()
        while self._slips and now_s - self._slips[0][0] > SLIP_KEEPS_S:
            self._slips.popleft()
            self.missed += 1
        while self._slips and self.paper != "out" and self.online is not False:
            await link.write(self._slips[0][1])
            self._slips.popleft()
