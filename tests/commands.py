"""An `edgeagent` command while it runs, as a person sees it: its lines so far, keys pressed, Ctrl-C, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

from tests.hubs import ROOT
from tests.processes import AgentProcess


def edgeagent(*args: object, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command to its end, in a process of its own."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))} | environ
    return subprocess.run(
        [sys.executable, "-m", "edgeagent.cli", *map(str, args)],
        cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


class Command:
    """`lines`: what it has printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.lines.append(line.decode().rstrip("\n"))

    @property
    def told(self) -> list[Any]:
        return [json.loads(line) for line in self.lines]

    async def press(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        await self.process.stdin.drain()

    async def end(self) -> tuple[int, str]:
        """Exit code and standard error, once it ends by itself."""
        assert self.process.stderr is not None
        errors = (await asyncio.wait_for(self.process.stderr.read(), 60)).decode()
        await self._reading
        return await self.process.wait(), errors

    async def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        return await self.end()


@contextlib.asynccontextmanager
async def command(agent: AgentProcess, *words: object, language: str = "en") -> AsyncIterator[Command]:
    """`edgeagent WORDS` with that agent's configuration."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edgeagent.cli", *map(str, words),
        "--config", str(agent.config), "--language", language, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
