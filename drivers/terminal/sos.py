"""Calls for help: by a button on the Modbus bus, by a key or by a printed code. Urgent, stored whatever it takes.

Which buttons are down is remembered with each event, so that a restart while one is held makes no second call. A key
has no release: it calls, and nobody says that it is over but whoever comes to help.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from drivers.terminal.tap import Tap
from edgeagent.driver import Device, Observation, OutboxFull, Sos

log = logging.getLogger(__name__)

_MEMORY = "sos-pressed"
_RETRY_S = 2.0
_MAX_WAITING = 64
KEY_AGAIN_S = 10.0
"""A key that is hit again and again in need is one call; the siren is kept sounding all the same."""


class _Call(NamedTuple):
    """`button` is empty for a key. `at`: where it came from, for who watches."""

    button: str
    event: Sos
    time: datetime
    at: tuple[str, int]


class HelpCalls:
    """Stores calls for help of one terminal, in order, and has the sirens sound.

    `on_key_stored` is called when the call of a key is on disk: who pressed it stands there and wants to know.
    """

    def __init__(self, device: Device, *, drill: bool, tap: Tap | None = None) -> None:
        self.tap = tap or Tap()
        self.sirens: list[Callable[[], None]] = []
        self.on_key_stored: Callable[[], Awaitable[None]] | None = None
        self._device, self._drill = device, drill
        self._pressed = _read(device.recall(_MEMORY))
        self._last_key: tuple[Sos, float] | None = None
        self._trials: set[str] = set()
        self._queue: asyncio.Queue[_Call] = asyncio.Queue(_MAX_WAITING)

    def is_pressed(self, button: str) -> bool:
        """As it was last stored."""
        return button in self._pressed

    def call(self, button: str, point: str, *, pressed: bool) -> None:
        """A button was pressed or let go. Never waits. Beyond 64 that wait for room on the disk, the newest is lost."""
        if pressed:
            self.sound()
        self.tap.help(button, point, pressed=pressed)
        drill = self._drill or self._is_trial(button, pressed=pressed)
        event = Sos(state="start" if pressed else "end", point=point, drill=drill)
        if not button and self._is_same_call(event):
            return
        try:
            self._queue.put_nowait(_Call(button, event, datetime.now(UTC), self.tap.here))
        except asyncio.QueueFull:
            log.error("a call for help is lost: %d wait already for room on the disk", _MAX_WAITING)

    def _is_trial(self, button: str, *, pressed: bool) -> bool:
        """Whether it began while its part was on trial: then it is a drill, and is stored and sent all the same."""
        before = button in self._trials
        self._trials.discard(button)
        if pressed and self.tap.testing:
            self._trials.add(button)
        return self.tap.testing if pressed else before

    def _is_same_call(self, event: Sos) -> bool:
        """Whether this key was hit a moment ago."""
        now_s, last = asyncio.get_running_loop().time(), self._last_key
        self._last_key = (event, now_s)
        return last is not None and last[0] == event and now_s - last[1] < KEY_AGAIN_S

    def sound(self) -> None:
        """The sirens, without a call for help."""
        for siren in self.sirens:
            siren()

    async def store_all(self) -> None:
        """Until cancelled. What waits here has not been told as stored to anybody."""
        while True:
            await self._store(await self._queue.get())

    async def _store(self, call: _Call) -> None:
        """However long it takes."""
        pressed = self._pressed - {call.button}
        if call.event.state == "start" and call.button:
            pressed |= {call.button}
        seen = Observation(data=call.event, time=call.time)
        while True:
            try:
                stored = await self._device.emit(seen, remember={_MEMORY: msgspec.json.encode(sorted(pressed))})
            except OutboxFull as problem:
                log.error("a call for help is not stored yet: %s", problem)
                await asyncio.sleep(_RETRY_S)
            else:
                break
        self._pressed = pressed
        self.tap.stored(call.event, stored, call.at)
        if not call.button and self.on_key_stored is not None:
            await self.on_key_stored()


def _read(remembered: bytes | None) -> frozenset[str]:
    try:
        return msgspec.json.decode(remembered or b"[]", type=frozenset[str])
    except msgspec.MsgspecError:
        return frozenset()
