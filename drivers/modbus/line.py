"""Asks on an open link, one question at a time: silence between frames, and the answer that belongs to a question."""

import asyncio

from drivers.modbus.frames import WRITE_COIL, Reply
from drivers.seriallink import SerialLink

_SILENCE_BITS = 38.5
_MIN_SILENCE_S = 0.00175


class Line:
    """One for each link, that is for each opening of the port. `answer_timeout_s`: how long a device may take."""

    def __init__(self, link: SerialLink[Reply], *, baud: int, answer_timeout_s: float) -> None:
        self.link = link
        # Modbus over Serial Line V1.02, 2.5.1.1: 3.5 characters between frames, 1.75 ms above 19200 baud.
        self.silence_s = max(_MIN_SILENCE_S, _SILENCE_BITS / baud)
        self._answer_timeout_s = answer_timeout_s
        self._quiet_from_s = 0.0

    async def ask(self, request: bytes, answer_bytes: int) -> Reply | None:
        """The answer with so many bytes of data (`reply.data`), or a refusal (`reply.exception`); None when neither
        comes in time. Raises LinkLost."""
        if (wait_s := self._quiet_from_s + self.silence_s - _now_s()) > 0:
            await asyncio.sleep(wait_s)
        self.link.discard()
        await self.link.write(request)
        return await self.hear(request, answer_bytes)

    async def hear(self, request: bytes, answer_bytes: int) -> Reply | None:
        """The answer to a request that somebody else has sent, among what comes in time. Raises LinkLost."""
        until_s = _now_s() + self._answer_timeout_s
        found: Reply | None = None
        while found is None and (reply := await self.link.receive_within(until_s - _now_s())) is not None:
            found = reply if _answers(reply, request, answer_bytes) else None
        self.quiet()
        return found

    def quiet(self) -> None:
        """The line is quiet from now on."""
        self._quiet_from_s = _now_s()


def _answers(reply: Reply, request: bytes, answer_bytes: int) -> bool:
    """Whether it is the answer to this and no late one to another: an answer does not repeat the address."""
    if (reply.unit, reply.function) != (request[0], request[1]):
        return False
    if reply.exception:
        return True
    return reply.data == request[2:6] if reply.function == WRITE_COIL else len(reply.data) == answer_bytes


def _now_s() -> float:
    return asyncio.get_running_loop().time()
