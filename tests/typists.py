"""A technician at a terminal of 80 x 24, for tests: what the program shows, what is typed, Ctrl-C.

The program has a pty as its controlling terminal, so that passwords are not echoed and Ctrl-C is a signal.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import AsyncIterator

from tests.harness import until
from tests.hubs import PATIENCE_S, ROOT

_IN_FRONT = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0);"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)

_PROMPTS = ("：", ": ", "] ", "> ")
"""How a line ends that waits for an answer."""


class Typist:
    """`screen`: all that was shown."""

    def __init__(self, leader: int, process: asyncio.subprocess.Process) -> None:
        self.screen = ""
        self.process = process
        self._leader = leader
        self._raw = b""
        self._read_from = 0
        asyncio.get_running_loop().add_reader(leader, self._take)

    def _take(self) -> bool:
        """What can be read now; False at the end."""
        try:
            data = os.read(self._leader, 65536)
        except OSError:  # the other end is closed
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._leader)
            return False
        self._raw += data
        self.screen = self._raw.decode(errors="replace").replace("\r\n", "\n")
        return True

    async def sees(self, *texts: str) -> None:
        """Until these were shown, one behind the other, since what was seen last."""
        for text in texts:

            def shown(text: str = text) -> bool:
                return text in self.screen[self._read_from :] or self.process.returncode is not None

            with contextlib.suppress(TimeoutError):
                await until(shown, PATIENCE_S)
            found = self.screen.find(text, self._read_from)
            assert found >= 0, f"no {text!r} in:\n{self.screen[self._read_from :]}"
            self._read_from = found + len(text)

    async def types(self, text: str) -> None:
        """A line and Enter, as soon as a prompt stands there: what is typed before it would be echoed elsewhere."""
        await until(lambda: self.screen.endswith(_PROMPTS) or self.process.returncode is not None, PATIENCE_S)
        self.enters(text)

    def enters(self, text: str) -> None:
        """The same where no prompt stands: a part of the terminal is on trial."""
        os.write(self._leader, text.encode() + b"\n")

    async def answers(self, *pairs: tuple[str, str]) -> None:
        """Question (any part of it), and what is typed then."""
        for question, text in pairs:
            await self.sees(question)
            await self.types(text)

    def presses_ctrl_c(self) -> None:
        os.write(self._leader, b"\x03")

    async def ends(self) -> int:
        """The exit code; what it said last is on the screen."""
        code = await asyncio.wait_for(self.process.wait(), PATIENCE_S)
        while select.select([self._leader], [], [], 0)[0] and self._take():
            pass
        return code


@contextlib.asynccontextmanager
async def typist(*words: object) -> AsyncIterator[Typist]:
    """`edgeagent WORDS` in a terminal."""
    leader, follower = pty.openpty()
    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _IN_FRONT, "-m", "edgeagent.cli", *map(str, words),
        cwd=ROOT, env=environment, stdin=follower, stdout=follower, stderr=follower,
    )  # fmt: skip
    os.close(follower)
    person = Typist(leader, process)
    try:
        yield person
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        asyncio.get_running_loop().remove_reader(leader)
        os.close(leader)
