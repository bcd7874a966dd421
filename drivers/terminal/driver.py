"""The terminal's driver: everything that a village's self-service terminal does, from its serial ports.

It keeps every part's port open, survives the unplugging of any of them, and reports them together as one device.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from drivers.modbus.frames import ReplyDecoder
from drivers.seriallink import Decoder, LinkLost, Lookout, SerialLink, SerialSettings, keep_open
from drivers.terminal.bus import Bus
from drivers.terminal.config import Config, EmAscii, EscPos, IcEm, Keymap, Line, Modbus, Part, SamIdCard, part_names
from drivers.terminal.desk import Desk
from drivers.terminal.frames.em_ascii import EmAsciiDecoder
from drivers.terminal.frames.escpos import StatusDecoder
from drivers.terminal.frames.icem import IcEmDecoder
from drivers.terminal.frames.keymap import key_decoder
from drivers.terminal.frames.line import LineDecoder
from drivers.terminal.frames.sam_idcard import SamDecoder
from drivers.terminal.idcard_reader import IdCardReader
from drivers.terminal.idnumber import VillageKey, load_village_key
from drivers.terminal.parts import Parts, problem_text
from drivers.terminal.printer import Printer
from drivers.terminal.readers import Keypad, Scanner, SpeakingReader, card_credential
from drivers.terminal.roster import Roster, RosterBad
from drivers.terminal.slips import Slips
from drivers.terminal.sos import HelpCalls
from drivers.terminal.tap import ALL, Listening, Look, Tap
from edgeagent.driver import CommandRefused, Device, OutboxFull
from gridwire.problem import Both

log = logging.getLogger(__name__)

Frame = TypeVar("Frame")
Work = Coroutine[None, None, None]
_NOTICE_MEMORY = "privacy-notice"
_NOTICE_AGAIN_S = 300.0
"""A notice that was not printed, for want of paper, is tried again after so long."""
_ROSTER = "roster"


class Driver:
    """One terminal. `run` raises KeyFileUnreadable, KeyFileExposed, KeyFileMalformed, all `DriverProblem`s."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._tap = Tap()
        self._terminal: _Terminal | None = None

    async def run(self, device: Device) -> None:
        """Serve the terminal until cancelled."""
        key = load_village_key(Path(self._config.key_file))
        self._terminal = terminal = _Terminal(self._config, key, device, self._tap)
        try:
            async with asyncio.TaskGroup() as group:
                for work in terminal.works():
                    group.create_task(work)
        finally:
            terminal.close()

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """For people on the box: `watch` what the parts send (`Look`), `try` a printer or siren, `end` all trials."""
        match op:
            case "watch":
                look = msgspec.convert(args, Look)
                self._check(device, op, look.test if look.test != ALL else "")
                return {**await self._tap.after(look), "parts": self._parts()}
            case "try" if self._terminal is not None:
                self._check(device, op, str(args.get("part")))
                await self._terminal.try_part(str(args.get("part")))
                return {}
            case "end":
                self._tap.end_trial()
                return {}
        why = Both("终端只接受 watch 和 end，运行时还接受 try", "a terminal takes watch and end, and try while it runs")
        raise CommandRefused(device=device.id, op=op, why=why)

    def _check(self, device: Device, op: str, part: str) -> None:
        known = part_names(self._config.part)
        if part and part not in known:
            raise CommandRefused(device=device.id, op=op, why=f"{', '.join(known)}")

    def _parts(self) -> list[dict[str, object]]:
        """Each part: what it is, where it hangs, and how it is."""
        names = part_names(self._config.part)
        return [
            {
                "name": name,
                "protocol": part.__struct_config__.tag,
                "role": part.role,
                "port": part.port,
                "baud": part.baud,
                "problem": (problem := self._terminal.problem_of(name) if self._terminal is not None else None),
                "text": problem_text(problem or ""),
                "buttons": _buttons(part),
            }
            for name, part in zip(names, self._config.part, strict=True)
        ]


class _Terminal:
    """All parts of one terminal, wired to one desk, for one run."""

    def __init__(self, config: Config, key: VillageKey, device: Device, tap: Tap) -> None:
        self._tap = tap
        self._config, self._key, self._device = config, key, device
        self._named = list(zip(part_names(config.part), config.part, strict=True))
        self._parts = Parts((name for name, _ in self._named), tap.noted, beside=(_ROSTER,))
        self._printers = {
            name: Printer(name, part, self._parts, tap) for name, part in self._named if isinstance(part, EscPos)
        }
        for printer in self._printers.values():
            printer.on_missed = self._tell_missed
        self._roster = Roster(Path(config.roster_file) if config.roster_file else None)
        self._roster.on_problem = self._note_roster
        self._desk = Desk(config, device, tuple(self._printers.values()), self._roster, tap)
        self._lookout = Lookout()
        self._calls = HelpCalls(device, drill=config.drill, tap=tap)
        self._calls.on_key_stored = partial(self._desk.sound, "done")

    def works(self) -> list[Work]:
        """What runs: the desk first, one work a part, the reports, and the calls for help that wait for the disk."""
        works = [self._desk.run(), self._parts.report_changes(self._device), self._calls.store_all()]
        if not self._tap.all_on_trial:
            works.append(self._give_privacy_notice())
        if self._config.roster_file:
            works.append(self._roster.keep_looking())
        return works + [self._work(name, part) for name, part in self._named]

    def close(self) -> None:
        """After all works have ended."""
        self._lookout.close()

    async def _give_privacy_notice(self) -> None:
        """Before the first slip of a reader, and whenever its text has changed; remembered once a printer has it."""
        text = self._config.privacy_notice
        mark = hashlib.sha256(text.encode()).hexdigest()[:16].encode()
        if not text or self._device.recall(_NOTICE_MEMORY) == mark:
            return
        if not any(printer.prints for printer in self._printers.values()):
            self._device.describe(privacy_notice="no_printer")
            return
        slips = Slips(self._device.language, self._device.zone, self._device.name)
        printed = asyncio.Event()
        while not printed.is_set():
            self._desk.print(slips.privacy(datetime.now(UTC), text), printed.set)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_NOTICE_AGAIN_S):
                    await printed.wait()
        try:
            await self._device.remember({_NOTICE_MEMORY: mark})
        except OutboxFull as problem:
            log.warning("that the notice was printed is not remembered: %s", problem)

    def _note_roster(self, problem: RosterBad | None) -> None:
        text = problem.text(self._device.language) if problem is not None else ""
        self._parts.note(_ROSTER, "bad" if problem is not None else "", text)

    def _tell_missed(self) -> None:
        missed = sum(printer.missed for printer in self._printers.values())
        self._device.describe(slips_not_printed=str(missed))

    def problem_of(self, part: str) -> str | None:
        return self._parts.problem_of(part)

    async def try_part(self, part: str) -> None:
        """Have a printer print and beep, a siren sound."""
        printer, settings = self._printers.get(part), dict(self._named)[part]
        if printer is not None:
            slips = Slips(self._device.language, self._device.zone, self._device.name)
            printer.print(slips.trial(datetime.now(UTC)))
            await printer.sound("done")
        elif isinstance(settings, Modbus) and settings.siren is not None:
            self._calls.sound()

    def _call_for_help(self) -> None:
        self._calls.call("", self._config.point, pressed=True)

    def _work(self, name: str, part: Part) -> Work:
        parts, desk = self._parts, self._desk
        match part:
            case SamIdCard():
                cards = IdCardReader(name, part, self._key, desk, parts, self._device, self._lookout)
                work = self._keep(name, part, SamDecoder, cards.use)
            case IcEm() | EmAscii():
                decoder = EmAsciiDecoder if isinstance(part, EmAscii) else IcEmDecoder
                credential = partial(card_credential, order=part.uid_order, key=self._key)
                work = self._keep(name, part, decoder, SpeakingReader(name, desk, parts, credential).use)
            case Line():
                scanner = Scanner(name, desk, self._call_for_help, parts, self._key)
                work = self._keep(name, part, partial(LineDecoder, part.prefix, part.suffix), scanner.use)
            case Keymap() if part.length:
                keys = Keypad[bytes](name, desk, self._call_for_help, parts, part.action_of)
                work = self._keep(name, part, key_decoder(part.form), keys.use)
            case Keymap():
                lines = Keypad[str](name, desk, self._call_for_help, parts, part.action_of)
                work = self._keep(name, part, LineDecoder, lines.use)
            case EscPos():
                work = self._keep(name, part, StatusDecoder, self._printers[name].use)
            case Modbus():
                bus = Bus(name, part, self._calls, parts, self._device, self._lookout)
                work = self._keep(name, part, ReplyDecoder, bus.use)
        return work

    async def _keep(
        self,
        name: str,
        settings: SerialSettings,
        make_decoder: Callable[[], Decoder[Frame]],
        use: Callable[[SerialLink[Frame]], Awaitable[None]],
    ) -> None:
        """Keep a part's port open and used; its losses are its state."""
        self._tap.enter(name)

        async def on_lost(lost: LinkLost) -> None:
            self._parts.note(name, lost.reason)

        def listening() -> Decoder[Frame]:
            return Listening(make_decoder(), self._tap.noise)

        await keep_open(settings, listening, use, on_lost)


def _buttons(part: Part) -> list[str]:
    return [each.point or str(each.address) for each in part.contact] if isinstance(part, Modbus) else []
