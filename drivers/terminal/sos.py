"""Calls for help: by a button on the Modbus bus or by a key. Urgent, stored whatever it takes; the siren never waits.

Which buttons are down is remembered with each event, so that a restart while one is held makes no second call.
"""

import asyncio
import logging
from datetime import UTC, datetime

import msgspec

from drivers.seriallink import SerialLink
from drivers.terminal import modbus
from drivers.terminal.config import Contact, Modbus, Siren
from drivers.terminal.modbus import Reply
from drivers.terminal.parts import Parts
from drivers.terminal.watching import Watch
from edgeagent.driver import Device, Observation, OutboxFull, Sos

log = logging.getLogger(__name__)

_MEMORY = "sos-pressed"
_RETRY_S = 2.0
# Polls that must agree: contacts bounce, and a spark on the line is no call for help.
_SAME_POLLS = 2
_MUTE_AFTER = 5


class Alarm:
    """Stores calls for help of one terminal, in order, and has the sirens sound."""

    def __init__(self, device: Device, *, drill: bool, watch: Watch | None = None) -> None:
        self.watch = watch or Watch()
        self.sirens: list[asyncio.Event] = []
        self._device, self._drill = device, drill
        self._pressed = _read(device.recall(_MEMORY))
        self._queue: asyncio.Queue[tuple[str, Sos, datetime, tuple[str, int]]] = asyncio.Queue(64)

    def is_pressed(self, button: str) -> bool:
        """As it was last stored."""
        return button in self._pressed

    def call(self, button: str, point: str, *, pressed: bool) -> None:
        """A button was pressed or let go. Never waits. Beyond 64 that wait for room on the disk, the newest is lost."""
        if pressed:
            self.sound()
        self.watch.help(button, point, pressed=pressed)
        # Also while its part is on trial: a call for help is never swallowed.
        event = Sos(state="start" if pressed else "end", point=point, drill=self._drill or self.watch.testing)
        try:
            self._queue.put_nowait((button, event, datetime.now(UTC), self.watch.here))
        except asyncio.QueueFull:
            log.error("a call for help is lost: 64 wait already for room on the disk")

    def sound(self) -> None:
        """The sirens, without a call for help."""
        for siren in self.sirens:
            siren.set()

    async def store_all(self) -> None:
        """Until cancelled. What waits here has not been told as stored to anybody."""
        while True:
            button, event, time, at = await self._queue.get()
            pressed = self._pressed | {button} if event.state == "start" and button else self._pressed - {button}
            while True:
                try:
                    stored = await self._device.emit(
                        Observation(data=event, time=time), remember={_MEMORY: _dump(pressed)}
                    )
                except OutboxFull as problem:
                    log.error("a call for help is not stored yet: %s", problem)
                    await asyncio.sleep(_RETRY_S)
                else:
                    self._pressed = pressed
                    self.watch.stored(event, stored, at)
                    break


class Bus:
    """Watches the buttons of one bus, and switches its siren."""

    def __init__(self, name: str, settings: Modbus, alarm: Alarm, parts: Parts) -> None:
        self._name, self._settings, self._alarm, self._parts = name, settings, alarm, parts
        self._wanted = asyncio.Event()
        if settings.siren is not None:
            alarm.sirens.append(self._wanted)
        self._sounding_until_s: float | None = None
        self._states: dict[int, tuple[bool, int]] = {}
        self._told = {index: alarm.is_pressed(self._button(index)) for index in range(len(settings.contact))}
        self._unanswered = 0

    async def use(self, link: SerialLink[Reply]) -> None:
        """Poll on this link until it is lost (raises LinkLost)."""
        self._unanswered = 0
        self._states.clear()
        if self._settings.siren is not None and self._sounding_until_s is None:
            await self._switch(link, self._settings.siren, on=False)  # it may have been left on
        while True:
            await self._mind_siren(link)
            for index, contact in enumerate(self._settings.contact):
                await self._look(link, index, contact)
            await asyncio.sleep(self._settings.poll_s)

    def _button(self, index: int) -> str:
        contact = self._settings.contact[index]
        return f"{self._name}/{contact.unit}/{contact.function}/{contact.address}"

    async def _look(self, link: SerialLink[Reply], index: int, contact: Contact) -> None:
        reply = await self._ask(link, modbus.read(contact.unit, contact.function, contact.address, 1), contact.unit)
        if reply is None:
            return
        try:
            closed = reply.bit(0) if contact.function <= modbus.READ_CONTACTS else reply.register(0) != 0
        except IndexError:
            return
        pressed = closed == contact.pressed_when
        same, times = self._states.get(index, (pressed, 0))
        times = times + 1 if same == pressed else 1
        self._states[index] = (pressed, times)
        if times >= _SAME_POLLS and pressed != self._told[index]:
            self._told[index] = pressed
            self._alarm.call(self._button(index), contact.point, pressed=pressed)

    async def _mind_siren(self, link: SerialLink[Reply]) -> None:
        siren, now_s = self._settings.siren, asyncio.get_running_loop().time()
        if siren is None:
            return
        if self._wanted.is_set() and await self._switch(link, siren, on=True):
            self._wanted.clear()
            self._sounding_until_s = now_s + siren.sounds_s
            return
        over = self._sounding_until_s is not None and now_s >= self._sounding_until_s
        if over and await self._switch(link, siren, on=False):
            self._sounding_until_s = None

    async def _switch(self, link: SerialLink[Reply], siren: Siren, *, on: bool) -> bool:
        reply = await self._ask(link, modbus.write_coil(siren.unit, siren.address, on=on), siren.unit)
        return reply is not None and not reply.exception

    async def _ask(self, link: SerialLink[Reply], request: bytes, unit: int) -> Reply | None:
        """The answer of that device, None when it does not come in time, or refuses. Raises LinkLost."""
        link.discard()
        await link.write(request)
        try:
            async with asyncio.timeout(self._settings.answer_timeout_s):
                while True:
                    reply = await link.receive()
                    if reply.unit == unit and reply.function == request[1]:
                        break
        except TimeoutError:
            self._unanswered += 1
            if self._unanswered >= _MUTE_AFTER:
                self._parts.note(self._name, "garbage" if link.garbage else "no-answer")
            return None
        self._unanswered = 0
        self._parts.note(self._name, "refuses" if reply.exception else "")
        return None if reply.exception else reply


def _read(remembered: bytes | None) -> frozenset[str]:
    try:
        return msgspec.json.decode(remembered or b"[]", type=frozenset[str])
    except msgspec.DecodeError:
        return frozenset()


def _dump(pressed: frozenset[str]) -> bytes:
    return msgspec.json.encode(sorted(pressed))
