"""What happens at the terminal: check-ins, requests, matters and ratings, each stored before anybody hears "done".

All parts bring here what they have read; one thing happens at a time. Nothing here waits for a printer.

Whose card is it? People press, walk off, and others come: so a card that is shown while something waits for one
belongs to what waits, but a grid worker checks in with it all the same, for a patrol must not vanish in somebody
else's request. And whoever returns for an answer checks in too: the box cannot know that a card which is on no roster
is no new worker's, and the county can.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from drivers.terminal.actions import Action, Ask, Command, Point, Rate, Receipt, Report
from drivers.terminal.config import Config, Service
from drivers.terminal.idnumber import NumberHash
from drivers.terminal.presence import CardWindows
from drivers.terminal.printer import Printer
from drivers.terminal.receiptnumbers import LastReceipt, new_receipt_number
from drivers.terminal.roster import Roster
from drivers.terminal.slips import Slips
from drivers.terminal.tap import Tap
from drivers.terminal.visit import CODE_AGAIN_S, KEY_AGAIN_S, Visit, Wish
from edgeagent.driver import Checkin, Data, Device, Observation, OutboxFull, Rating, Request, Stored, TooLarge, Worker

log = logging.getLogger(__name__)

_WINDOWS, _RECEIPT = "card-windows", "last-receipt"
Tone = Literal["done", "already", "failed", "next"]
_EVENT_CHARS = 6
"""So much of the event's id stands on the slip."""
_MIN_POINT_S = 15.0
"""A point waits for its card even where requests do not."""


@dataclass(frozen=True)
class Credential:
    """What a person showed, in the form in which it may leave the terminal."""

    method: Literal["card", "id", "qr"]
    number_hash: NumberHash
    masked: str = ""
    name: str = field(default="", repr=False)


class Desk:
    """One per terminal. `run` must run; `on_wish` is called when something begins to wait for a card."""

    def __init__(
        self, config: Config, device: Device, printers: Sequence[Printer], roster: Roster, tap: Tap | None = None
    ) -> None:
        self.visit, self.tap = Visit(), tap or Tap()
        self.on_wish: list[Callable[[], None]] = []
        self._config, self._device, self._printers, self._roster = config, device, printers, roster
        self._slips = Slips(device.language, device.zone, device.name, drill=config.drill)
        self._windows = CardWindows.decode(timedelta(seconds=config.window_s), device.recall(_WINDOWS))
        self._services = {service.item: service for service in config.service}
        self._turn = asyncio.Lock()
        self._waits: asyncio.TaskGroup | None = None
        last = LastReceipt.decode(device.recall(_RECEIPT))
        left_s = last.left_s(datetime.now(UTC), config.rate_within_s) if last else 0.0
        if last and left_s > 0:
            self.visit.receipt.begin(last.receipt, _now_s(), left_s)

    async def run(self) -> None:
        """Until cancelled; then nothing waits for a card any more."""
        async with asyncio.TaskGroup() as self._waits:
            await asyncio.Event().wait()

    # -- what people do ------------------------------------------------------------------------------------------

    async def show(self, shown: Credential) -> None:
        """Somebody identifies: for what was asked for before, or to check in."""
        self.tap.showed(shown.method, shown.masked, shown.number_hash)
        if self.tap.testing:
            await self._try()
            return
        async with self._turn:
            now, wish = datetime.now(UTC), self.visit.wish.take(_now_s())
            if isinstance(wish, Ask | Report):
                filed = await self._file(wish, shown)
                if filed and self._worker(shown) is not None and not self._is_within_window(shown, now):
                    await self._check_in(now, shown)
            elif wish is not None:
                await self._tell_answers(now, shown)
            elif self._is_within_window(shown, now):
                self.tap.became("already")
                await self.sound("already")
            elif await self._check_in(now, shown):
                self._print_answers(now, shown)

    async def act(self, action: Action, *, scanned: bool = False) -> None:
        """A key, or a printed code, asks for something. `sos` is not for here."""
        if self.tap.testing:
            await self._try()
            return
        async with self._turn:
            if self.visit.is_bounce(action, _now_s(), CODE_AGAIN_S if scanned else KEY_AGAIN_S):
                return
            match action:
                case Rate(score):
                    await self._rate(score)
                case Ask() | Report():
                    await self._ask(action)
                case Receipt(number):
                    await self._show_receipt(number)
                case Point(name):
                    self.visit.point.begin(name, _now_s(), max(self._config.identify_s, _MIN_POINT_S))
                    await self._await_more()
                case Command("answers"):
                    self._begin(action)
                    await self._await_more()
                case Command():
                    self.visit.cancel()

    async def refuse(self, why: str = "") -> None:
        """Tell the person that what was shown cannot be read, or what was asked for not done."""
        self.tap.became("refused", why)
        await self.sound("failed")

    async def _try(self) -> None:
        """The part is on trial: it was understood, and nothing is done."""
        self.tap.became("tried")
        await self.sound("next")

    async def _await_more(self) -> None:
        """Understood; a card or another key is to follow."""
        self.tap.became("waits")
        await self.sound("next")

    async def sound(self, tone: Tone) -> None:
        for printer in self._printers:
            await printer.sound(tone)

    def print(self, slip: bytes, printed: Callable[[], None] | None = None) -> None:
        for printer in self._printers:
            printer.print(slip, printed)

    # -- check-in ------------------------------------------------------------------------------------------------

    def _worker(self, shown: Credential) -> Worker | None:
        return self._roster.find(shown.number_hash, self._device.board.workers)

    def _is_within_window(self, shown: Credential, now: datetime) -> bool:
        """A card that checked in a moment ago hears "already" and makes no event."""
        return self._windows.is_within(shown.number_hash.digest, now)

    async def _check_in(self, now: datetime, shown: Credential) -> bool:
        """Store the check-in, then sound "done"; "failed" when it could not be stored. Whether it was.

        The window commits with the event, so that a crash between them makes no second one.
        """
        windows = self._windows.with_card(shown.number_hash.digest, now)
        worker = self._worker(shown)
        event = Checkin(
            method=shown.method,
            person=shown.number_hash.digest,
            key=shown.number_hash.key_id,
            masked=shown.masked,
            name=shown.name,
            verified=worker is not None,
            point=self.visit.point.get(_now_s()) or self._config.point,
            slot=self._slot(now),
            drill=self._config.drill,
        )
        stored = await self._store(event, now, {_WINDOWS: windows.encode()})
        if stored is None:
            return False
        self._windows = windows
        self.visit.point.value = None  # it was for this check-in; the next worker scans it too
        await self.sound("done")
        name, online = worker.name if worker else shown.name, self._device.online
        number = stored.id[-_EVENT_CHARS:]
        slip = self._slips.checked_in(now, shown.masked, name, number, verified=worker is not None, online=online)
        self.print(slip)
        return True

    def _slot(self, now: datetime) -> str:
        local = now.astimezone(self._device.zone)
        minute = local.hour * 60 + local.minute
        return next((slot.name for slot in self._config.slot if slot.holds(minute)), "")

    # -- requests ------------------------------------------------------------------------------------------------

    async def _ask(self, wish: Ask | Report) -> None:
        """Wait for a card, if one may come; a service that is not on the list is refused."""
        if isinstance(wish, Ask) and self._services and wish.item not in self._services:
            log.warning("service item %s is not on the village's list", wish.item)
            await self.refuse("not on the village's list / 不在本村事项清单中")
            return
        if self._config.identify_s == 0:
            await self._file(wish, None)
            return
        self._begin(wish)
        if self._waits is not None:
            self._waits.create_task(self._file_unidentified(wish))
        await self._await_more()

    def _begin(self, wish: Wish) -> None:
        """From now on it waits for a card, also for one that lies there or was shown a moment ago."""
        self.visit.wish.begin(wish, _now_s(), self._config.identify_s or _MIN_POINT_S)
        for rearm in self.on_wish:
            rearm()

    async def _file_unidentified(self, wish: Ask | Report) -> None:
        """Nobody has shown a card, nor asked for anything else: the wish is filed without."""
        await asyncio.sleep(self._config.identify_s)
        async with self._turn:
            if self.visit.wish.value is wish:
                self.visit.wish.value = None
                await self._file(wish, None)

    async def _file(self, wish: Ask | Report, shown: Credential | None) -> bool:
        """Store a request, or a matter, under a fresh receipt number; whether it was stored.

        What is done for somebody needs to know for whom.
        """
        service = self._services.get(wish.item) if isinstance(wish, Ask) else None
        mode = _mode(wish, service)
        if shown is None and mode in ("proxy", "authorised"):
            await self.refuse("needs a card / 需要刷卡")
            return False
        now, number = datetime.now(UTC), new_receipt_number()
        item = wish.item if isinstance(wish, Ask) else wish.category
        event = Request(
            item=item,
            mode=mode,
            receipt=number,
            person=shown.number_hash.digest if shown else "",
            key=shown.number_hash.key_id if shown else "",
            masked=shown.masked if shown else "",
            drill=self._config.drill,
        )
        stored = await self._store(event, now, {_RECEIPT: LastReceipt(receipt=number, at=now).encode()})
        if stored is None:
            return False
        self.visit.receipt.begin(number, _now_s(), self._config.rate_within_s)
        await self.sound("done")
        what = f"{item} {service.name}" if service else item
        event_number = stored.id[-_EVENT_CHARS:]
        self.print(self._slips.requested(now, what, number, event_number, mode=mode, online=self._device.online))
        return True

    # -- ratings and answers -------------------------------------------------------------------------------------

    async def _rate(self, score: int) -> None:
        """Of the receipt shown or given last; of none, if that was too long ago."""
        receipt = self.visit.receipt.get(_now_s()) or ""
        event = Rating(score=score, receipt=receipt, drill=self._config.drill)
        if await self._store(event, datetime.now(UTC), {_RECEIPT: None}) is not None:
            self.visit.rated(_now_s())
            await self.sound("done")

    async def _show_receipt(self, number: str) -> None:
        """What has been answered to it is printed; the next rating belongs to it."""
        self.visit.receipt.begin(number, _now_s(), self._config.rate_within_s)
        board = self._device.board
        answers = [answer for answer in board.answers if answer.receipt.upper() == number]
        await self._await_more()
        self.print(self._slips.answers(datetime.now(UTC), answers, board.notices))

    async def _tell_answers(self, now: datetime, shown: Credential) -> None:
        """Asked for: also that there are none is printed, and the notices are."""
        if not self._print_answers(now, shown):
            self.print(self._slips.answers(now, (), self._device.board.notices))
        await self._await_more()

    def _print_answers(self, now: datetime, shown: Credential) -> bool:
        """What waits for this person; the next rating belongs to the last of it. Whether there was any."""
        board = self._device.board
        answers = [answer for answer in board.answers if answer.person == shown.number_hash.digest]
        if answers:
            self.visit.receipt.begin(answers[-1].receipt.upper(), _now_s(), self._config.rate_within_s)
            self.print(self._slips.answers(now, answers, board.notices))
        return bool(answers)

    async def _store(self, event: Data, now: datetime, remember: Mapping[str, bytes | None]) -> Stored | None:
        """Commit, or sound "failed"."""
        what = type(event).__name__.lower()
        try:
            stored = await self._device.emit(Observation(data=event, time=now), remember=remember)
        except (OutboxFull, TooLarge) as problem:
            log.error("%s not stored: %s", what, problem)
            self.tap.became("not-stored", f"{problem.text('en')} / {problem.text('zh')}")
            await self.sound("failed")
            return None
        if not stored.is_stored:
            # A rule of this box drops it. Nothing is on disk, so nobody may hear "done".
            log.warning("%s suppressed by the rules", what)
            self.tap.became("not-stored", "suppressed by the rules / 被规则抑制")
            await self.sound("failed")
            return None
        log.info("%s stored as %s", what, stored.id)
        self.tap.stored(event, stored)
        return stored


def _mode(wish: Ask | Report, service: Service | None) -> Literal["direct", "proxy", "authorised", "report"]:
    if isinstance(wish, Report):
        return "report"
    return wish.mode or (service.mode if service else "direct")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
