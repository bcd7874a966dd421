"""Parts that speak by themselves: the IC/EM card reader, the scanner and the keypad."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Generic, Literal, TypeVar

from drivers.seriallink import SerialLink
from drivers.terminal.actions import CODE_PREFIX, Action, Command, action_in_code
from drivers.terminal.desk import Credential, Desk
from drivers.terminal.frames.icem import CardSeen
from drivers.terminal.idnumber import VillageKey, mask_code, mask_resident
from drivers.terminal.parts import Parts
from drivers.terminal.presence import SpokenPresence
from gridwire.persons import card_number, is_resident_number

Frame = TypeVar("Frame")
Help = Callable[[], None]
"""Calls for help, at once."""

# A badge number. What is longer or holds other characters may be anything, a whole record of a person too.
_BADGE = re.compile(r"[0-9A-Za-z-]{4,24}")


async def _listen(link: SerialLink[Frame], name: str, parts: Parts, take: Callable[[Frame], Awaitable[None]]) -> None:
    """Hand on each frame, and say how the part is."""
    parts.note(name)
    link.on_quality = lambda garbage: parts.note(name, "garbage" if garbage else "")
    while True:
        await take(await link.receive())


class SpeakingReader(Generic[Frame]):
    """Checks in what a reader says. `credential_of` makes of a frame what may leave the terminal."""

    def __init__(self, name: str, desk: Desk, parts: Parts, credential_of: Callable[[Frame], Credential]) -> None:
        self._name = name
        self._desk = desk
        self._parts = parts
        self._credential_of = credential_of
        self._presence = SpokenPresence()
        desk.on_wish.append(self._presence.rearm)

    async def use(self, link: SerialLink[Frame]) -> None:
        """Listen on this link until it is lost (raises LinkLost)."""
        await _listen(link, self._name, self._parts, self.take)

    async def take(self, frame: Frame) -> None:
        """What was read: one presence of a card, however often it is said."""
        shown = self._credential_of(frame)
        if self._presence.shown(shown.number_hash.digest, asyncio.get_running_loop().time()):
            await self._desk.show(shown)


class Scanner(SpeakingReader[str]):
    """A reader of codes: some say who is there, some what is wanted."""

    def __init__(self, name: str, desk: Desk, call_help: Help, parts: Parts, key: VillageKey) -> None:
        super().__init__(name, desk, parts, partial(code_credential, key=key))
        self._act = Acting(desk, call_help)

    async def take(self, frame: str) -> None:
        action = action_in_code(frame)
        if action is not None:
            self._desk.tap.asked(action)
            await self._act.take(action, scanned=True)
        elif frame[: len(CODE_PREFIX)].upper() == CODE_PREFIX:
            await self._desk.refuse("not a code of this system / 不是本系统的二维码")
        else:
            await super().take(frame)


class Keypad(Generic[Frame]):
    """Has its keys' wishes done. `action_of` knows them; a key without one is passed over."""

    def __init__(
        self, name: str, desk: Desk, call_help: Help, parts: Parts, action_of: Callable[[Frame], Action | None]
    ) -> None:
        self._name, self._parts, self._action_of, self._desk = name, parts, action_of, desk
        self._act = Acting(desk, call_help)

    async def use(self, link: SerialLink[Frame]) -> None:
        """Listen on this link until it is lost (raises LinkLost)."""
        await _listen(link, self._name, self._parts, self._take)

    async def _take(self, frame: Frame) -> None:
        action = self._action_of(frame)
        self._desk.tap.asked(action, frame.hex().upper() if isinstance(frame, bytes) else str(frame))
        if action is not None:
            await self._act.take(action)


class Acting:
    """Brings what is asked for to where it is done: help to the calls for help, all else to the desk."""

    def __init__(self, desk: Desk, call_help: Help) -> None:
        self._desk, self._call_help = desk, call_help

    async def take(self, action: Action, *, scanned: bool = False) -> None:
        if action == Command("sos"):
            self._call_help()
        else:
            await self._desk.act(action, scanned=scanned)


def card_credential(seen: CardSeen, order: Literal["as-sent", "reversed"], key: VillageKey) -> Credential:
    """An IC or EM card: the hash of its UID in hex, and the UID's tail."""
    code = card_number(seen.uid, is_reversed=order == "reversed")
    return Credential("card", key.hash_number(code), mask_code(code))


def code_credential(code: str, key: VillageKey) -> Credential:
    """A scanned code. A citizen number in it is treated as one; of a text that is no badge number nothing is shown."""
    if is_resident_number(code.upper()):
        number = code.upper()
        return Credential("qr", key.hash_number(number), mask_resident(number))
    return Credential("qr", key.hash_number(code), mask_code(code) if _BADGE.fullmatch(code) else "")
