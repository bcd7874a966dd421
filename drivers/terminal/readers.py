"""Readers that speak by themselves: the IC/EM card reader and the scanner."""

import asyncio
import re
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

from drivers.seriallink import SerialLink
from drivers.terminal.checkin import CheckinDesk, Credential
from drivers.terminal.icem import CardSeen
from drivers.terminal.idnumber import VillageKey, is_resident_number, mask_code, mask_resident
from drivers.terminal.parts import Parts
from drivers.terminal.presence import SpokenPresence

Frame = TypeVar("Frame")

# A badge number. What is longer or holds other characters may be anything, a whole record of a person too.
_BADGE = re.compile(r"[0-9A-Za-z-]{4,24}")


class SpeakingReader(Generic[Frame]):
    """Checks in what a reader says. `credential_of` makes of a frame what may leave the terminal."""

    def __init__(
        self, name: str, desk: CheckinDesk, parts: Parts, credential_of: Callable[[Frame], Credential]
    ) -> None:
        self._name = name
        self._desk = desk
        self._parts = parts
        self._credential_of = credential_of
        self._presence = SpokenPresence()

    async def use(self, link: SerialLink[Frame]) -> None:
        """Listen on this link until it is lost (raises LinkLost)."""
        self._parts.note(self._name)
        link.on_quality = lambda garbage: self._parts.note(self._name, "garbage" if garbage else "")
        while True:
            shown = self._credential_of(await link.receive())
            if self._presence.shown(shown.number_hash.digest, asyncio.get_running_loop().time()):
                await self._desk.check_in(shown)


def card_credential(seen: CardSeen, order: Literal["as-sent", "reversed"], key: VillageKey) -> Credential:
    """An IC or EM card: the hash of its UID in hex, and the UID's tail."""
    uid = seen.uid[::-1] if order == "reversed" else seen.uid
    code = uid.hex().upper()
    return Credential("card", key.hash_number(code), mask_code(code))


def code_credential(code: str, key: VillageKey) -> Credential:
    """A scanned code. A citizen number in it is treated as one; of a text that is no badge number nothing is shown."""
    if is_resident_number(code.upper()):
        number = code.upper()
        return Credential("qr", key.hash_number(number), mask_resident(number))
    return Credential("qr", key.hash_number(code), mask_code(code) if _BADGE.fullmatch(code) else "")
