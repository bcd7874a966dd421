"""What happens at the terminal: check-ins, requests, matters and ratings, each stored before anybody hears "done".

All parts bring here what they have read; one thing happens at a time. Nothing here waits for a printer.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from drivers.terminal.actions import Action, Ask, Command, Point, Rate, Receipt, Report
from drivers.terminal.config import Config, Service
from drivers.terminal.idnumber import NumberHash
from drivers.terminal.presence import CardWindows
from drivers.terminal.printer import Printer
from drivers.terminal.roster import Roster
from drivers.terminal.slips import Slips
from drivers.terminal.visit import Visit, Wish
from drivers.terminal.watching import Watch
from edgeagent.driver import Checkin, Data, Device, Observation, OutboxFull, Rating, Request, Stored, TooLarge

log = logging.getLogger(__name__)

_MEMORY = "card-windows"
_RECEIPT_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT_CHARS = 7
Tone = Literal["done", "already", "failed", "next"]


@dataclass(frozen=True)
class Credential:
    """What a person showed, in the form in which it may leave the terminal."""

    method: Literal["card", "id", "qr"]
    number_hash: NumberHash
    masked: str = ""
    name: str = field(default="", repr=False)


def new_receipt_number() -> str:
    """`R` and seven of Crockford's characters: easy to type, one of 34 thousand million, so none is given twice."""
    return "R" + "".join(secrets.choice(_RECEIPT_ALPHABET) for _ in range(_RECEIPT_CHARS))


class Desk:
    """One per terminal. `help` is told of a call for help by a key."""

    def __init__(
        self, config: Config, device: Device, printers: Sequence[Printer], roster: Roster, watch: Watch | None = None
    ) -> None:
        self.visit, self.watch = Visit(), watch or Watch()
        self._config, self._device, self._printers, self._roster = config, device, printers, roster
        self._slips = Slips(device.language, device.zone, device.name, drill=config.drill)
        self._windows = CardWindows.decode(timedelta(seconds=config.window_s), device.recall(_MEMORY))
        self._services = {service.item: service for service in config.service}
        self._turn = asyncio.Lock()
        self._wish_ends: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what people do ------------------------------------------------------------------------------------------

    async def show(self, shown: Credential) -> None:
        """Somebody identifies: for what was asked for before, or to check in."""
        self.watch.showed(shown.method, shown.masked, shown.number_hash)
        if self.watch.testing:
            await self._try()
            return
        async with self._turn:
            now, wish = datetime.now(UTC), self.visit.wish.take(_now_s())
            if isinstance(wish, Ask | Report):
                await self._file(wish, shown)
            elif wish is not None or self._is_resident_with_answers(shown):
                await self._tell_answers(now, shown)
            else:
                await self._check_in(now, shown)

    async def act(self, action: Action) -> None:
        """A key, or a printed code, asks for something. `sos` is not for here."""
        if self.watch.testing:
            await self._try()
            return
        async with self._turn:
            if self.visit.is_bounce(action, _now_s()):
                return
            match action:
                case Rate(score):
                    await self._rate(score)
                case Ask() | Report():
                    await self._ask(action)
                case Receipt(number):
                    await self._show_receipt(number)
                case Point(name):
                    self.visit.point.begin(name, _now_s(), self._config.identify_s)
                    await self._await_more()
                case Command("answers"):
                    self.visit.wish.begin(action, _now_s(), self._config.identify_s)
                    await self._await_more()
                case Command():
                    self.visit.cancel()

    async def refuse(self, why: str = "") -> None:
        """Tell the person that what was shown cannot be read, or what was asked for not done."""
        self.watch.became("refused", why)
        await self.sound("failed")

    async def _try(self) -> None:
        """The part is on trial: it was understood, and nothing is done."""
        self.watch.became("tried")
        await self.sound("next")

    async def _await_more(self) -> None:
        """Understood; a card or another key is to follow."""
        self.watch.became("waits")
        await self.sound("next")

    async def sound(self, tone: Tone) -> None:
        for printer in self._printers:
            await printer.sound(tone)

    def print(self, slip: bytes) -> None:
        for printer in self._printers:
            printer.print(slip)

    # -- check-in ------------------------------------------------------------------------------------------------

    async def _check_in(self, now: datetime, shown: Credential) -> None:
        """Store the check-in, then sound "done"; "failed" when it could not be stored.

        A card that checked in within its window hears "already" and makes no event. The window commits with the event,
        so that a crash between them makes no second one.
        """
        card = shown.number_hash.digest
        if self._windows.is_within(card, now):
            self.watch.became("already")
            await self.sound("already")
            return
        windows = self._windows.with_card(card, now)
        worker = self._roster.find(shown.number_hash, self._device.board.workers)
        event = Checkin(
            method=shown.method,
            person=card,
            key=shown.number_hash.key_id,
            masked=shown.masked,
            name=shown.name,
            verified=worker is not None,
            point=self.visit.point.get(_now_s()) or self._config.point,
            slot=self._slot(now),
            drill=self._config.drill,
        )
        stored = await self._store(event, now, {_MEMORY: windows.encode()})
        if stored is None:
            return
        self._windows = windows
        await self.sound("done")
        name, online = worker.name if worker else shown.name, self._device.online
        number = stored.id[-6:]
        slip = self._slips.checked_in(now, shown.masked, name, number, verified=worker is not None, online=online)
        self.print(slip)

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
        self.visit.wish.begin(wish, _now_s(), self._config.identify_s)
        if self._wish_ends is not None:
            self._wish_ends.cancel()
        self._wish_ends = asyncio.get_running_loop().call_later(self._config.identify_s, self._file_unidentified, wish)
        await self._await_more()

    def _file_unidentified(self, wish: Wish) -> None:
        """Nobody has shown a card. The wish has waited, and is filed without."""

        async def file() -> None:
            async with self._turn:
                if self.visit.wish.value is wish and isinstance(wish, Ask | Report):
                    self.visit.wish.value = None
                    await self._file(wish, None)

        task = asyncio.ensure_future(file())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _file(self, wish: Ask | Report, shown: Credential | None) -> None:
        """Store a request, or a matter, under a fresh receipt number. What is done for somebody needs to know whom."""
        service = self._services.get(wish.item) if isinstance(wish, Ask) else None
        mode = _mode(wish, service)
        if shown is None and mode in ("proxy", "authorised"):
            await self.refuse("needs a card / 需要刷卡")
            return
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
        stored = await self._store(event, now, {})
        if stored is None:
            return
        self.visit.receipt.begin(number, _now_s(), self._config.rate_within_s)
        await self.sound("done")
        what = f"{item} {service.name}" if service else item
        is_report, event_number = isinstance(wish, Report), stored.id[-6:]
        self.print(self._slips.requested(now, what, number, event_number, report=is_report, online=self._device.online))

    # -- ratings and answers -------------------------------------------------------------------------------------

    async def _rate(self, score: int) -> None:
        """Of the receipt shown or given last; of none, if that was too long ago."""
        receipt = self.visit.receipt.get(_now_s()) or ""
        event = Rating(score=score, receipt=receipt, drill=self._config.drill)
        if await self._store(event, datetime.now(UTC), {}) is not None:
            self.visit.receipt.value = None
            await self.sound("done")

    async def _show_receipt(self, number: str) -> None:
        """What has been answered to it is printed; the next rating belongs to it."""
        self.visit.receipt.begin(number, _now_s(), self._config.rate_within_s)
        board = self._device.board
        answers = [answer for answer in board.answers if answer.receipt.upper() == number]
        await self._await_more()
        self.print(self._slips.answers(datetime.now(UTC), answers, board.notices))

    def _is_resident_with_answers(self, shown: Credential) -> bool:
        board = self._device.board
        if self._roster.find(shown.number_hash, board.workers) is not None:
            return False
        return any(answer.person == shown.number_hash.digest for answer in board.answers)

    async def _tell_answers(self, now: datetime, shown: Credential) -> None:
        board = self._device.board
        answers = [answer for answer in board.answers if answer.person == shown.number_hash.digest]
        if answers:
            self.visit.receipt.begin(answers[-1].receipt.upper(), _now_s(), self._config.rate_within_s)
        await self._await_more()
        self.print(self._slips.answers(now, answers, board.notices))

    async def _store(self, event: Data, now: datetime, remember: Mapping[str, bytes | None]) -> Stored | None:
        """Commit, or sound "failed"."""
        what = type(event).__name__.lower()
        try:
            stored = await self._device.emit(Observation(data=event, time=now), remember=remember)
        except (OutboxFull, TooLarge) as problem:
            log.error("%s not stored: %s", what, problem)
            self.watch.became("not-stored", f"{problem.text('en')} / {problem.text('zh')}")
            await self.sound("failed")
            return None
        if stored.suppressed:
            # A rule of this box drops it. Nothing is on disk, so nobody may hear "done".
            log.warning("%s suppressed by the rules", what)
            self.watch.became("not-stored", "suppressed by the rules / 被规则抑制")
            await self.sound("failed")
            return None
        log.info("%s stored as %s", what, stored.id)
        self.watch.stored(event, stored)
        return stored


def _mode(wish: Ask | Report, service: Service | None) -> Literal["direct", "proxy", "authorised", "report"]:
    if isinstance(wish, Report):
        return "report"
    return wish.mode or (service.mode if service else "direct")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
