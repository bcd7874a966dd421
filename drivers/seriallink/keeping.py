"""Keeps a port open for years: opened again whenever it went away, ever more patiently; advice on its name."""

import asyncio
import logging
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from drivers.seriallink.link import Decoder, SerialLink
from drivers.seriallink.loss import LinkLost
from drivers.seriallink.settings import SerialSettings

log = logging.getLogger(__name__)

Frame = TypeVar("Frame")

_UNSTABLE_NAME = re.compile(r"/dev/tty(USB|ACM)[0-9]+")
_BY_ID = Path("/dev/serial/by-id")


async def keep_open(
    settings: SerialSettings,
    make_decoder: Callable[[], Decoder[Frame]],
    use: Callable[[SerialLink[Frame]], Awaitable[None]],
    on_lost: Callable[[LinkLost], Awaitable[None]],
) -> None:
    """Open the port and `use` it, again and again, until cancelled. `on_lost` is told each time that it went away.

    `use` should run until it raises LinkLost; what else it raises passes through.
    """
    loop = asyncio.get_running_loop()
    wait_s = settings.reopen_first_s
    advice = advise_name(settings.port)
    if advice:
        log.warning("%s", advice)
    while True:
        began_s = loop.time()
        try:
            async with SerialLink(settings, make_decoder()) as link:
                await use(link)
        except LinkLost as lost:
            await on_lost(lost)
        if loop.time() - began_s > settings.reopen_last_s:
            wait_s = settings.reopen_first_s
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, settings.reopen_last_s)


def advise_name(port: str, by_id: Path = _BY_ID) -> str | None:
    """Advice for people when a name changes with the order of plugging, with the lasting name where there is one."""
    if not _UNSTABLE_NAME.fullmatch(port):
        return None
    lasting = str(by_id / "…")
    if by_id.is_dir():
        target = os.path.realpath(port)
        lasting = next((str(link) for link in sorted(by_id.iterdir()) if os.path.realpath(link) == target), lasting)
    return (
        f"{port} changes its name with the order of plugging; use {lasting}"
        f" / {port} 的名称会随插拔顺序变化，请改用 {lasting}"
    )
