"""The demo's child processes: each with a log of its own, ended in good order, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

STOP_TIMEOUT_S = 12.0
_TAIL_LINES = 12


class ChildDied(Exception):
    """A child ended by itself. `log` is its file, `tail` the last lines of it."""

    def __init__(self, child: Child, code: int) -> None:
        super().__init__(f"{child.name}: {code}")
        self.name, self.code, self.log, self.tail = child.name, code, child.log, child.tail()


class Child:
    """`python -m MODULE …` in a session of its own: Ctrl-C at the terminal reaches the demo alone."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = (sys.executable, "-m", module, *arguments)
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    async def start(self) -> None:
        leash = (sys.executable, "-m", "simulators.demo.leash", str(os.getpid()))
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *leash, *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    async def watch(self) -> None:
        """Until it is stopped. Raises `ChildDied` when it ends by itself."""
        assert self._process is not None
        code = await self._process.wait()
        if not self._stopping:
            raise ChildDied(self, code)

    async def stop(self) -> int | None:
        """SIGTERM, then SIGKILL when that is not heard; the exit code."""
        self._stopping = True
        process = self._process
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
        return await process.wait()

    def tail(self) -> list[str]:
        """The last lines of its log."""
        return self.log.read_text(errors="replace").splitlines()[-_TAIL_LINES:]
