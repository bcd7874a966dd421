"""An RS-485 bus at work: watches its buttons, switches its siren, reads its registers.

A button counts as pressed at the first look that sees it, for a call for help may be short and the checksum has kept
noise out; as let go only when several looks agree, for contacts bounce. A device that does not answer is told, and
asked seldom, so that it does not hold up the buttons of the others.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Iterable
from typing import NamedTuple

from drivers.modbus import frames
from drivers.modbus.frames import Reply
from drivers.modbus.registers import number_in, word_count
from drivers.seriallink import Lookout, SerialLink
from drivers.terminal.buslines import BusLine
from drivers.terminal.config import Contact, Modbus, Register
from drivers.terminal.parts import Parts
from drivers.terminal.sos import HelpCalls
from edgeagent.driver import Device, Observation, OutboxFull, Reading

log = logging.getLogger(__name__)

_RELEASE_POLLS = 3
_SIREN_LOOK_S = 10.0
_MAX_GROUP = 64


class _Group(NamedTuple):
    """Buttons that stand side by side on one device: one question asks for all of them."""

    unit: int
    function: int
    address: int
    contacts: tuple[Contact, ...]

    @property
    def request(self) -> bytes:
        return frames.read(self.unit, self.function, self.address, len(self.contacts))

    @property
    def answer_bytes(self) -> int:
        count = len(self.contacts)
        return (count + 7) // 8 if self.function <= frames.READ_CONTACTS else 2 * count


def group(contacts: Iterable[Contact]) -> list[_Group]:
    """The questions that cover all of them; no address is asked for that was not named. Pure."""
    groups: list[_Group] = []
    for contact in sorted(contacts, key=lambda each: (each.unit, each.function, each.address)):
        last = groups[-1] if groups else None
        after = last is not None and (contact.unit, contact.function, contact.address) == (
            last.unit, last.function, last.address + len(last.contacts),
        )  # fmt: skip
        if last is not None and after and len(last.contacts) < _MAX_GROUP:
            groups[-1] = last._replace(contacts=(*last.contacts, contact))
        else:
            groups.append(_Group(contact.unit, contact.function, contact.address, (contact,)))
    return groups


class Bus:
    """One bus. `use` runs again after each loss of its port; what was told and what sounds lasts over that."""

    def __init__(
        self, name: str, settings: Modbus, calls: HelpCalls, parts: Parts, device: Device, lookout: Lookout
    ) -> None:
        self._name, self._settings, self._calls, self._device = name, settings, calls, device
        self._lookout = lookout
        self._line = BusLine(name, settings, parts, lookout)
        self._groups = group(settings.contact)
        self._told = {self._button(each): calls.is_pressed(self._button(each)) for each in settings.contact}
        self._released: dict[str, int] = {}
        self._seen: Reply | None = None
        """What the only question about buttons was answered last, if there is only one."""
        self._wanted = asyncio.Event()
        if settings.siren is not None:
            calls.sirens.append(self._want)
        self._wanted_from_s: float | None = None
        self._off_at_s = 0.0 if settings.siren is not None else None  # it may have been left on
        self._siren_look_s = 0.0
        self._read_at_s = dict.fromkeys(settings.register, 0.0)

    async def use(self, link: SerialLink[Reply]) -> None:
        """Poll on this link until it is lost (raises LinkLost)."""
        self._line.begin(link)
        self._released.clear()
        self._seen = None
        while True:
            await self._mind_siren()
            for each in self._groups:
                await self._look(each)
                await self._mind_siren()
            await self._read_next_register()
            if self._wanted.is_set():  # still: the siren does not answer
                await asyncio.sleep(self._settings.poll_s)
                continue
            if (quiet := self._quiet_answer()) is not None:
                await self._stand_watch(self._groups[0], quiet)
            else:
                await self._rest(self._pause_s())

    def _want(self) -> None:
        """The siren is to sound."""
        self._wanted.set()
        self._lookout.recall()

    def _quiet_answer(self) -> Reply | None:
        """That of the only question about buttons, if each is as it was last told and a lookout may ask for them."""
        is_calm = all(not told or not self._released.get(button, 0) for button, told in self._told.items())
        return self._seen if is_calm and self._line.can_watch() else None

    async def _stand_watch(self, only: _Group, quiet: Reply) -> None:
        """The buttons are watched until one of them, the siren or a register needs more."""
        reply = await self._line.watch(only.request, quiet, self._next_due_s())
        if reply is not None:
            self._take(only, reply)

    async def _rest(self, seconds: float) -> None:
        """Until somebody calls for help, but no longer than that. A bus without a siren need not wake for it."""
        if self._settings.siren is None:
            await asyncio.sleep(seconds)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wanted.wait()

    def _pause_s(self) -> float:
        """Until the next thing is due."""
        if self._settings.contact:
            return self._settings.poll_s
        due_s = self._next_due_s()
        if self._settings.siren is not None:
            due_s = min(due_s, self._siren_look_s)
        return min(max(due_s - _now_s(), self._settings.poll_s), _SIREN_LOOK_S)

    def _next_due_s(self) -> float:
        """When a register is to be read, or the siren switched off."""
        return min([*self._read_at_s.values(), math.inf if self._off_at_s is None else self._off_at_s])

    # -- buttons -------------------------------------------------------------------------------------------------

    def _button(self, contact: Contact) -> str:
        return f"{self._name}/{contact.unit}/{contact.function}/{contact.address}"

    async def _look(self, each: _Group) -> None:
        reply = await self._line.ask(each.request, each.answer_bytes)
        if reply is not None:
            self._take(each, reply)

    def _take(self, each: _Group, reply: Reply) -> None:
        self._seen = reply if len(self._groups) == 1 else None
        for index, contact in enumerate(each.contacts):
            is_bit = each.function <= frames.READ_CONTACTS
            closed = reply.bit(index) if is_bit else reply.register(index) != 0
            self._saw(contact, pressed=closed == contact.pressed_when)

    def _saw(self, contact: Contact, *, pressed: bool) -> None:
        button = self._button(contact)
        released = 0 if pressed else self._released.get(button, 0) + 1
        self._released[button] = released
        if pressed == self._told[button] or 0 < released < _RELEASE_POLLS:
            return
        self._told[button] = pressed
        self._calls.call(button, contact.point, pressed=pressed)

    # -- siren ---------------------------------------------------------------------------------------------------

    async def _mind_siren(self) -> None:
        """On at once when somebody calls, off after its time; that a device came back late makes no siren sound."""
        siren, now_s = self._settings.siren, _now_s()
        if siren is None:
            return
        if self._wanted.is_set():
            self._wanted_from_s = now_s if self._wanted_from_s is None else self._wanted_from_s
            if now_s - self._wanted_from_s > siren.sounds_s:
                log.error("%s: the siren did not answer while somebody called for help", self._name)
                self._wanted.clear()
                self._wanted_from_s = None
            elif await self._switch(on=True):
                self._wanted.clear()
                self._wanted_from_s, self._off_at_s = None, _now_s() + siren.sounds_s
        elif self._off_at_s is not None and now_s >= self._off_at_s:
            if await self._switch(on=False):
                self._off_at_s = None
        elif not self._settings.contact and now_s >= self._siren_look_s:
            self._siren_look_s = now_s + _SIREN_LOOK_S
            await self._line.ask(frames.read(siren.unit, frames.READ_COILS, siren.address, 1), 1, may_refuse=True)

    async def _switch(self, *, on: bool) -> bool:
        siren = self._settings.siren
        assert siren is not None
        return await self._line.ask(frames.write_coil(siren.unit, siren.address, on=on), 4) is not None

    # -- registers -----------------------------------------------------------------------------------------------

    async def _read_next_register(self) -> None:
        """One at most, so that many of them do not keep the buttons waiting."""
        now_s = _now_s()
        due = next((register for register, at_s in self._read_at_s.items() if now_s >= at_s), None)
        if due is None:
            return
        self._read_at_s[due] = now_s + due.every_s
        count = word_count(due.type)
        reply = await self._line.ask(frames.read(due.unit, due.function, due.address, count), 2 * count)
        value = number_in(reply.data, due.type) if reply is not None else None
        if value is not None:
            await self._emit(due, round(value * due.scale + due.offset, 6))

    async def _emit(self, register: Register, value: float) -> None:
        reading = Reading(quantity=register.quantity, value=value, unit=register.measured_in)
        try:
            await self._device.emit(Observation(data=reading))
        except OutboxFull as problem:
            log.warning("a reading of %s is lost: %s", register.quantity, problem)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
