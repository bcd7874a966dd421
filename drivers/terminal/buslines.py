"""Questions and answers on a Modbus bus, one at a time, and how each device on it is."""

import asyncio

from drivers.seriallink import Lookout, Question, SerialLink
from drivers.terminal.config import Modbus
from drivers.terminal.frames import modbus
from drivers.terminal.frames.modbus import WRITE_COIL, Reply
from drivers.terminal.parts import Parts

_MUTE_AFTER = 3
_REST_S = 2.0
_SILENCE_BITS = 38.5
_MIN_SILENCE_S = 0.00175


class BusLine:
    """`begin` with each fresh link, then `ask`. A device that did not answer three times rests between questions."""

    def __init__(self, name: str, settings: Modbus, parts: Parts, lookout: Lookout) -> None:
        self._name, self._settings, self._parts, self._lookout = name, settings, parts, lookout
        # Modbus over Serial Line V1.02, 2.5.1.1: 3.5 characters between frames, 1.75 ms above 19200 baud.
        self._silence_s = max(_MIN_SILENCE_S, _SILENCE_BITS / settings.baud)
        self._link: SerialLink[Reply] | None = None
        self._quiet_from_s = 0.0
        self._unanswered: dict[int, int] = {}
        self._rests_until_s: dict[int, float] = {}
        self._refusals: dict[bytes, str] = {}

    def begin(self, link: SerialLink[Reply]) -> None:
        """Nothing is known of the devices behind a port that was just opened."""
        self._link = link
        self._unanswered.clear()
        self._rests_until_s.clear()
        self._refusals.clear()

    async def ask(self, request: bytes, answer_bytes: int, *, may_refuse: bool = False) -> Reply | None:
        """The answer with so many bytes of data; None when it does not come in time, or is a refusal. Raises LinkLost.

        `may_refuse`: that it refuses is no mistake of the settings, and proves that it lives.
        """
        assert self._link is not None
        unit, now_s = request[0], _now_s()
        if now_s < self._rests_until_s.get(unit, 0.0):
            return None
        if (wait_s := self._quiet_from_s + self._silence_s - now_s) > 0:
            await asyncio.sleep(wait_s)
        reply = await self._exchange(self._link, request, answer_bytes)
        self._quiet_from_s = _now_s()
        if reply is None:
            self._unanswered[unit] = self._unanswered.get(unit, 0) + 1
            if self._unanswered[unit] >= _MUTE_AFTER:
                self._rests_until_s[unit] = self._quiet_from_s + _REST_S
        else:
            self._unanswered[unit] = 0
            self._note_refusal(request, reply, may_refuse)
        self._tell()
        return None if reply is None or reply.exception else reply

    def can_watch(self) -> bool:
        """Whether a lookout may do the asking: the port can be lent, and all devices on it are well."""
        assert self._link is not None
        return self._link.is_lendable and not self._refusals and not any(self._unanswered.values())

    async def watch(self, request: bytes, quiet: Reply, until_s: float) -> Reply | None:
        """Ask the same until the answer is not `quiet`, the lookout is recalled, or that moment of the loop's clock.

        The other answer; None when there is none yet. Raises LinkLost.
        """
        assert self._link is not None
        answer, every_s = modbus.reply_bytes(quiet), self._settings.poll_s
        question = Question(request, answer, every_s, is_urgent=False, rest_s=self._silence_s)
        is_asked = await self._lookout.watch(self._link, question, until_s)
        reply = await self._hear(self._link, request, len(quiet.data)) if is_asked else None
        self._quiet_from_s = _now_s()
        return None if reply is None or reply.exception else reply

    async def _exchange(self, link: SerialLink[Reply], request: bytes, answer_bytes: int) -> Reply | None:
        link.discard()
        await link.write(request)
        return await self._hear(link, request, answer_bytes)

    async def _hear(self, link: SerialLink[Reply], request: bytes, answer_bytes: int) -> Reply | None:
        """The answer to this request among what comes in time."""
        until_s = _now_s() + self._settings.answer_timeout_s
        while (reply := await link.receive_within(until_s - _now_s())) is not None:
            if _answers(reply, request, answer_bytes):
                return reply
        return None

    def _note_refusal(self, request: bytes, reply: Reply, may_refuse: bool) -> None:
        if reply.exception and not may_refuse:
            address = int.from_bytes(request[2:4], "big")
            self._refusals[request[:4]] = f"unit {reply.unit}, {reply.function}/{address}: {reply.problem}"
        else:
            self._refusals.pop(request[:4], None)

    def _tell(self) -> None:
        mute = [unit for unit, times in self._unanswered.items() if times >= _MUTE_AFTER]
        hesitant = any(0 < times < _MUTE_AFTER for times in self._unanswered.values())
        if mute:
            problem = "garbage" if self._link is not None and self._link.garbage else "no-answer"
            self._parts.note(self._name, problem, "unit " + ", ".join(map(str, sorted(mute))))
        elif self._refusals:
            self._parts.note(self._name, "refuses", "; ".join(sorted(self._refusals.values())))
        elif not hesitant:
            self._parts.note(self._name)


def _answers(reply: Reply, request: bytes, answer_bytes: int) -> bool:
    """Whether it is the answer to this and no late one to another: an answer does not repeat the address."""
    if (reply.unit, reply.function) != (request[0], request[1]):
        return False
    if reply.exception:
        return True
    return reply.data == request[2:6] if reply.function == WRITE_COIL else len(reply.data) == answer_bytes


def _now_s() -> float:
    return asyncio.get_running_loop().time()
