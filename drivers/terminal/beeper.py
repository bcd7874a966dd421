"""The beeper: sounds a tone when it can. A tone that could not be sounded at once is not sounded later."""

import logging

from drivers.seriallink import LinkLost, SerialLink
from drivers.terminal.config import EscPos
from drivers.terminal.parts import Parts

log = logging.getLogger(__name__)


class AnyBytes:
    """The decoder of a part that says nothing of interest: whatever it sends is a sign of life."""

    def feed(self, data: bytes) -> list[bytes]:
        return [data]

    def silence(self) -> list[bytes]:
        return []


class Beeper:
    """Sounds tones on its port while that is there."""

    def __init__(self, name: str, settings: EscPos, parts: Parts) -> None:
        self.settings = settings
        self._name = name
        self._done = bytes.fromhex(settings.done)
        self._already = bytes.fromhex(settings.already)
        self._failed = bytes.fromhex(settings.failed)
        self._parts = parts
        self._link: SerialLink[bytes] | None = None

    async def use(self, link: SerialLink[bytes]) -> None:
        """Sound tones on this link until it is lost (raises LinkLost)."""
        self._parts.note(self._name)
        self._link = link
        try:
            while True:
                await link.receive()
        finally:
            self._link = None

    async def done(self) -> None:
        await self._sound(self._done)

    async def already(self) -> None:
        await self._sound(self._already)

    async def failed(self) -> None:
        await self._sound(self._failed)

    async def _sound(self, tone: bytes) -> None:
        if self._link is None or not tone:
            return
        try:
            await self._link.write(tone)
        except LinkLost:
            log.debug("a tone was lost with the beeper")  # `use` reports the loss
