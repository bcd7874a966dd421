"""The check-in itself: one event per presence and window, stored before anybody hears "done"."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from drivers.terminal.beeper import Beeper
from drivers.terminal.idnumber import NumberHash
from drivers.terminal.presence import CardWindows
from edgeagent.driver import Checkin, Device, Observation, OutboxFull, TooLarge

log = logging.getLogger(__name__)

_MEMORY = "card-windows"


@dataclass(frozen=True)
class Credential:
    """What a person showed, in the form in which it may leave the terminal."""

    method: Literal["card", "id", "qr"]
    number_hash: NumberHash
    masked: str = ""
    name: str = field(default="", repr=False)


class CheckinDesk:
    """Where all readers bring what they have read. One check-in at a time."""

    def __init__(self, device: Device, beepers: Sequence[Beeper], *, point: str, window_s: float) -> None:
        self._device = device
        self._beepers = beepers
        self._point = point
        self._windows = CardWindows.decode(timedelta(seconds=window_s), device.recall(_MEMORY))
        self._turn = asyncio.Lock()

    async def check_in(self, shown: Credential) -> None:
        """Store the check-in, then sound "done"; "failed" when it could not be stored.

        A card that checked in within its window hears "already" and makes no event. The window commits with the event,
        so that a crash between them makes no second one.
        """
        async with self._turn:
            now = datetime.now(UTC)
            card = shown.number_hash.digest
            if self._windows.is_within(card, now):
                await self._sound(Beeper.already)
                return
            windows = self._windows.with_card(card, now)
            if await self._store(shown, now, windows):
                self._windows = windows
                await self._sound(Beeper.done)
            else:
                await self._sound(Beeper.failed)

    async def refuse(self) -> None:
        """Tell the person that what was shown cannot be read."""
        await self._sound(Beeper.failed)

    async def _sound(self, tone: Callable[[Beeper], Awaitable[None]]) -> None:
        for beeper in self._beepers:
            await tone(beeper)

    async def _store(self, shown: Credential, now: datetime, windows: CardWindows) -> bool:
        event = Checkin(
            method=shown.method,
            person=shown.number_hash.digest,
            key=shown.number_hash.key_id,
            masked=shown.masked,
            name=shown.name,
            point=self._point,
        )
        try:
            stored = await self._device.emit(Observation(data=event, time=now), remember={_MEMORY: windows.encode()})
        except (OutboxFull, TooLarge) as problem:
            log.error("check-in not stored: %s", problem)
            return False
        if stored.suppressed:
            # A rule of this box drops check-ins. Nothing is on disk, so nobody may hear "done".
            log.warning("check-in suppressed by the rules")
            return False
        log.info("check-in stored as %s", stored.id)
        return True
