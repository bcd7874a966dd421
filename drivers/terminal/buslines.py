"""How each device on a Modbus bus is, by its answers: one that is mute rests, one that refuses is told."""

import asyncio

from drivers.modbus import frames
from drivers.modbus.frames import Reply
from drivers.modbus.line import Line
from drivers.seriallink import Lookout, Question, SerialLink
from drivers.terminal.config import Modbus
from drivers.terminal.parts import Parts

_MUTE_AFTER = 3
_REST_S = 2.0


class BusLine:
    """`begin` with each fresh link, then `ask`. A device that did not answer three times rests between questions."""

    def __init__(self, name: str, settings: Modbus, parts: Parts, lookout: Lookout) -> None:
        self._name, self._settings, self._parts, self._lookout = name, settings, parts, lookout
        self._line: Line | None = None
        self._unanswered: dict[int, int] = {}
        self._rests_until_s: dict[int, float] = {}
        self._refusals: dict[bytes, str] = {}

    def begin(self, link: SerialLink[Reply]) -> None:
        """Nothing is known of the devices behind a port that was just opened."""
        self._line = Line(link, baud=self._settings.baud, answer_timeout_s=self._settings.answer_timeout_s)
        self._unanswered.clear()
        self._rests_until_s.clear()
        self._refusals.clear()

    async def ask(self, request: bytes, answer_bytes: int, *, may_refuse: bool = False) -> Reply | None:
        """The answer with so many bytes of data; None when it does not come in time, or is a refusal. Raises LinkLost.

        `may_refuse`: that it refuses is no mistake of the settings, and proves that it lives.
        """
        assert self._line is not None
        unit = request[0]
        if _now_s() < self._rests_until_s.get(unit, 0.0):
            return None
        reply = await self._line.ask(request, answer_bytes)
        if reply is None:
            self._unanswered[unit] = self._unanswered.get(unit, 0) + 1
            if self._unanswered[unit] >= _MUTE_AFTER:
                self._rests_until_s[unit] = _now_s() + _REST_S
        else:
            self._unanswered[unit] = 0
            self._note_refusal(request, reply, may_refuse)
        self._tell()
        return None if reply is None or reply.exception else reply

    def can_watch(self) -> bool:
        """Whether a lookout may do the asking: the port can be lent, and all devices on it are well."""
        assert self._line is not None
        return self._line.link.is_lendable and not self._refusals and not any(self._unanswered.values())

    async def watch(self, request: bytes, quiet: Reply, until_s: float) -> Reply | None:
        """Ask the same until the answer is not `quiet`, the lookout is recalled, or that moment of the loop's clock.

        The other answer; None when there is none yet. Raises LinkLost.
        """
        assert self._line is not None
        line, answer, every_s = self._line, frames.reply_bytes(quiet), self._settings.poll_s
        question = Question(request, answer, every_s, is_urgent=False, rest_s=line.silence_s)
        is_asked = await self._lookout.watch(line.link, question, until_s)
        reply = await line.hear(request, len(quiet.data)) if is_asked else None
        line.quiet()
        return None if reply is None or reply.exception else reply

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
            problem = "garbage" if self._line is not None and self._line.link.garbage else "no-answer"
            self._parts.note(self._name, problem, "unit " + ", ".join(map(str, sorted(mute))))
        elif self._refusals:
            self._parts.note(self._name, "refuses", "; ".join(sorted(self._refusals.values())))
        elif not hesitant:
            self._parts.note(self._name)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
