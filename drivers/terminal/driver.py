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
from drivers.terminal.config import Config
from drivers.terminal.idcard_reader import IdCardReader
from drivers.terminal.idnumber import VillageKey, load_village_key
from drivers.terminal.line import LineDecoder
from drivers.terminal.parts import Parts
from drivers.terminal.readers import SpeakingReader, card_credential, card_decoder, code_credential
from drivers.terminal.sam_idcard import SamDecoder
from edgeagent.driver import CommandRefused, Device

Frame = TypeVar("Frame")
Work = Coroutine[None, None, None]
_PARTS = ("idcard", "iccard", "scanner", "beeper")


class Driver:
    """One terminal. `run` raises KeyFileUnreadable, KeyFileExposed, KeyFileMalformed, all `DriverProblem`s."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def run(self, device: Device) -> None:
        """Serve the terminal until cancelled."""
        key = load_village_key(Path(self._config.key_file))
        parts = Parts(name for name in _PARTS if getattr(self._config, name))
        async with asyncio.TaskGroup() as group:
            group.create_task(parts.report_changes(device))
            for work in _works(self._config, key, parts, device):
                group.create_task(work)

    async def command(self, device: Device, op: str, args: Mapping[str, object]) -> Mapping[str, object]:
        """A terminal takes no commands yet."""
        raise CommandRefused(device=device.id, op=op, why="a terminal takes no commands / 终端不支持远程命令")


def _works(config: Config, key: VillageKey, parts: Parts, device: Device) -> list[Work]:
    """What runs for each configured part, all of them wired to one check-in desk."""
    beeper = Beeper(config.beeper, parts)
    desk = CheckinDesk(device, beeper, point=config.point, window_s=config.window_s)
    works: list[Work] = []
    if config.beeper:
        works.append(_keep("beeper", parts, config.beeper, AnyBytes, beeper.use))
    if idcard := config.idcard:
        works.append(_keep("idcard", parts, idcard, SamDecoder, IdCardReader(idcard, key, desk, parts, device).use))
    if iccard := config.iccard:
        ic_reader = SpeakingReader("iccard", desk, parts, partial(card_credential, settings=iccard, key=key))
        works.append(_keep("iccard", parts, iccard, partial(card_decoder, iccard), ic_reader.use))
    if scanner := config.scanner:
        code_reader = SpeakingReader("scanner", desk, parts, partial(code_credential, key=key))
        works.append(_keep("scanner", parts, scanner, partial(LineDecoder, scanner.prefix), code_reader.use))
    return works


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
