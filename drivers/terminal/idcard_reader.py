"""The ID-card reader at work: look for a card, read it until two reads agree, check it in."""

import asyncio
import logging
from collections.abc import Collection

from drivers.seriallink import Lookout, Question, SerialLink
from drivers.terminal.config import SamIdCard
from drivers.terminal.desk import Credential, Desk
from drivers.terminal.frames import sam_idcard as sam
from drivers.terminal.frames.sam_idcard import Answer, CardUnreadable, IdCard, ReadsDiffer, SamFrame, Status, TextAhead
from drivers.terminal.idnumber import VillageKey
from drivers.terminal.parts import Parts
from drivers.terminal.presence import PolledPresence
from edgeagent.driver import Device

Link = SerialLink[SamFrame]

log = logging.getLogger(__name__)

# Polls without any answer before the reader counts as mute; answers that are neither "card" nor "no card".
_MUTE_AFTER = 3
_FAULTY_AFTER = 3
# Cards in a row without a second read: fewer are cards that were lifted too soon.
_NO_SECOND_AFTER = 2
_MAX_READS = 4
_TAIL_S = 1.5
"""A photo takes no longer at 9600 baud, and has mostly come before the reader is asked again."""


class IdCardReader:
    """Polls one reader. What it reads goes to the desk; what it cannot read is told to the person and counted."""

    def __init__(
        self,
        name: str,
        settings: SamIdCard,
        key: VillageKey,
        desk: Desk,
        parts: Parts,
        device: Device,
        lookout: Lookout,
    ) -> None:
        self._name = name
        self._settings = settings
        self._key = key
        self._desk = desk
        self._parts = parts
        self._device = device
        self._lookout = lookout
        self._question = Question(sam.FIND, sam.NO_CARD_ANSWER, settings.poll_s, is_urgent=True)
        self._presence = PolledPresence()
        desk.on_wish.append(self._presence.rearm)
        self._unanswered = 0
        self._faults = 0
        self._read_once_only = 0
        self._known = self._has_tail = False

    async def use(self, link: Link) -> None:
        """Poll on this link until it is lost (raises LinkLost)."""
        self._unanswered, self._known, self._has_tail = 0, False, False
        while True:
            if not self._known:
                await self._introduce(link)
            await self._deal_with(link, await self._ask(link, sam.FIND))
            while self._is_quiet(link) and await self._lookout.watch(link, self._question):
                await self._deal_with(link, await self._hear_whole(link))
            await asyncio.sleep(self._settings.poll_s)

    def _is_quiet(self, link: Link) -> bool:
        """Whether nobody is there, and all is well, so that the lookout may do the asking."""
        return self._presence.is_over and not self._faults and link.is_lendable

    async def _introduce(self, link: Link) -> None:
        answer = await self._ask(link, sam.MODULE_ID)
        if answer is not None:
            self._known = True
            self._device.describe(module=answer.data.hex().upper() if answer.is_fine else answer.status_name)

    async def _deal_with(self, link: Link, answer: Answer | None) -> None:
        """The answer to FIND."""
        if answer is None:
            return
        if answer.status not in (Status.NO_CARD, Status.FOUND):
            self._faults += 1
            return
        self._faults = 0
        if answer.status == Status.NO_CARD:
            self._presence.none()
        elif self._presence.found():
            await self._read_card(link)

    async def _read_card(self, link: Link) -> None:
        """Deal with a new card: it is settled when it was checked in or cannot be."""
        try:
            card = await self._read(link)
        except CardUnreadable as problem:
            log.warning("ID card not accepted: %s", problem)
            self._presence.settle()
            await self._desk.refuse(str(problem))
            return
        if card is not None:
            self._presence.settle()
            await self._desk.show(Credential("id", card.number_hash, card.masked, card.name))
        elif self._presence.fail():
            log.warning("ID card could not be read")
            await self._desk.refuse("ID card could not be read / 身份证读取失败")

    async def _read(self, link: Link) -> IdCard | None:
        """The card, None when it could not be read this time. Raises CardUnreadable when it never will be."""
        first = await self._read_once(link)
        if first is None:
            return None
        texts = [first]
        for _ in range(_MAX_READS - 1):
            text = await self._read_again(link, texts)
            if text is None:
                continue
            if text in texts:
                self._read_once_only = 0
                return sam.parse_twice_read(text, text, self._key, keep_name=self._settings.keep_name)
            texts.append(text)
        if len(texts) > 1:
            raise ReadsDiffer
        return self._believe_single(first)

    def _believe_single(self, text: bytes) -> IdCard:
        if self._settings.require_second_read:
            self._read_once_only += 1
            raise CardUnreadable("no second read", "读卡器不支持二次读取")
        return sam.parse_card(text, self._key, keep_name=self._settings.keep_name)

    async def _read_once(self, link: Link, known: Collection[bytes] = ()) -> bytes | None:
        """The card's text by select and read, after it was found."""
        selected = await self._ask(link, sam.SELECT)
        if selected is None or not selected.is_fine:
            return None
        return await self._ask_read(link, known)

    async def _read_again(self, link: Link, known: Collection[bytes]) -> bytes | None:
        """The text once more: at once, or else, with readers that refuse that, from the beginning."""
        text = await self._ask_read(link, known)
        if text is not None:
            return text
        # It may say that there is no card, as many do after a read, and yet let it be selected.
        await self._ask(link, sam.FIND)
        return await self._read_once(link, known)

    async def _ask_read(self, link: Link, known: Collection[bytes]) -> bytes | None:
        """The text; one that is known from a whole answer is not made to wait for its photo and checksum."""
        await self._send(link, sam.READ)
        answer = await self._hear(link, known)
        if isinstance(answer, TextAhead):
            self._has_tail = True
            return answer.text
        if answer is None or answer.status != Status.DONE:
            return None
        try:
            return sam.card_text(answer)
        except CardUnreadable:
            return None  # the late answer to an earlier request

    async def _ask(self, link: Link, request: bytes) -> Answer | None:
        """The reader's answer, None when it does not come in time. Raises LinkLost."""
        await self._send(link, request)
        return await self._hear_whole(link)

    async def _send(self, link: Link, request: bytes) -> None:
        if self._has_tail:
            self._has_tail = False
            await link.receive_within(_TAIL_S)
        link.discard()
        await link.write(request)

    async def _hear_whole(self, link: Link) -> Answer | None:
        answer = await self._hear(link)
        return answer if isinstance(answer, Answer) else None

    async def _hear(self, link: Link, known: Collection[bytes] = ()) -> SamFrame | None:
        """The whole answer, or, ahead of it, a text that is known."""
        timeout_s = self._settings.answer_timeout_s
        while isinstance(answer := await link.receive_within(timeout_s), TextAhead) and answer.text not in known:
            pass
        if answer is None:
            self._unanswered += 1
            if link.garbage:
                self._parts.note(self._name, "garbage")
            elif self._unanswered >= _MUTE_AFTER:
                self._parts.note(self._name, "no-answer")
            return None
        self._unanswered = 0
        self._parts.note(self._name, self._problem)
        return answer

    @property
    def _problem(self) -> str:
        """Of a reader that answers."""
        if self._faults >= _FAULTY_AFTER:
            return "faulty"
        return "second-read-refused" if self._read_once_only >= _NO_SECOND_AFTER else ""
