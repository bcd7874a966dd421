"""The terminal's driver: patrol check-in by ID card, IC card or scanned code.

It keeps every part's port open, survives the unplugging of any of them, and reports them together as one device.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from drivers.seriallink import Decoder, LinkLost, SerialLink, SerialSettings, keep_open
from drivers.terminal.beeper import AnyBytes, Beeper
from drivers.terminal.checkin import CheckinDesk
from drivers.terminal.config import Config, EmAscii, EscPos, IcEm, Line, Part, SamIdCard, part_names
from drivers.terminal.em_ascii import EmAsciiDecoder
from drivers.terminal.icem import IcEmDecoder
from drivers.terminal.idcard_reader import IdCardReader
from drivers.terminal.idnumber import VillageKey, load_village_key
from drivers.terminal.line import LineDecoder
from drivers.terminal.parts import Parts
from drivers.terminal.readers import SpeakingReader, card_credential, code_credential
from drivers.terminal.sam_idcard import SamDecoder
from edgeagent.driver import CommandRefused, Device

Frame = TypeVar("Frame")
Work = Coroutine[None, None, None]


class Driver:
    """One terminal. `run` raises KeyFileUnreadable, KeyFileExposed, KeyFileMalformed, all `DriverProblem`s."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def run(self, device: Device) -> None:
        """Serve the terminal until cancelled."""
        key = load_village_key(Path(self._config.key_file))
        parts = Parts(part_names(self._config.part))
        async with asyncio.TaskGroup() as group:
            group.create_task(parts.report_changes(device))
            for work in _works(self._config, key, parts, device):
                group.create_task(work)

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """A terminal takes no commands yet."""
        raise CommandRefused(device=device.id, op=op, why="a terminal takes no commands / 终端不支持远程命令")


def _works(config: Config, key: VillageKey, parts: Parts, device: Device) -> list[Work]:
    """What runs for each configured part, all of them wired to one check-in desk."""
    named = list(zip(part_names(config.part), config.part, strict=True))
    beepers = {name: Beeper(name, part, parts) for name, part in named if isinstance(part, EscPos)}
    desk = CheckinDesk(device, tuple(beepers.values()), point=config.point, window_s=config.window_s)
    works = [_keep(name, parts, beeper.settings, AnyBytes, beeper.use) for name, beeper in beepers.items()]
    return works + [_reading(name, part, key, desk, parts, device) for name, part in named if part.role == "reader"]


def _reading(name: str, part: Part, key: VillageKey, desk: CheckinDesk, parts: Parts, device: Device) -> Work:
    """What runs for a part that reads."""
    match part:
        case SamIdCard():
            return _keep(name, parts, part, SamDecoder, IdCardReader(name, part, key, desk, parts, device).use)
        case IcEm() | EmAscii():
            decoder = EmAsciiDecoder if isinstance(part, EmAscii) else IcEmDecoder
            cards = SpeakingReader(name, desk, parts, partial(card_credential, order=part.uid_order, key=key))
            return _keep(name, parts, part, decoder, cards.use)
        case Line():
            codes = SpeakingReader(name, desk, parts, partial(code_credential, key=key))
            return _keep(name, parts, part, partial(LineDecoder, part.prefix, part.suffix), codes.use)
        case _:
            raise AssertionError(f"{name} does not read")


async def _keep(
    name: str,
    parts: Parts,
    settings: SerialSettings,
    make_decoder: Callable[[], Decoder[Frame]],
    use: Callable[[SerialLink[Frame]], Awaitable[None]],
) -> None:
    """Keep a part's port open and used; its losses are its state."""

    async def on_lost(lost: LinkLost) -> None:
        parts.note(name, lost.reason)

    await keep_open(settings, make_decoder, use, on_lost)
