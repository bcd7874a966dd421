"""systemd as a service sees it: the socket where it says that it is ready, and where it feeds its watchdog."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from pathlib import Path

from tests.harness import until


class Systemd:
    """Listens; `environment` is that of the service. `told`: what came, `hungry_s`: the longest wait for food since the
    service was ready, as seen by who hears often."""

    def __init__(self, folder: Path, watchdog_s: float) -> None:
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._listener.bind(str(folder / "notify"))
        self._listener.setblocking(False)
        self._watchdog_s = watchdog_s
        usec = str(int(watchdog_s * 1e6))
        self.environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": usec}
        self.told: list[str] = []
        self.hungry_s = 0.0
        self._fed_s = 0.0

    def hear(self) -> list[str]:
        """Whatever has come by now."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.told.append(self._listener.recv(4096).decode())
                if self.told[-1].startswith(("READY=1", "WATCHDOG=1")):
                    self._fed_s = time.monotonic()
        if self._fed_s:
            self.hungry_s = max(self.hungry_s, time.monotonic() - self._fed_s)
        return self.told

    @property
    def fed(self) -> int:
        """How often."""
        return self.hear().count("WATCHDOG=1")

    @property
    def ready(self) -> int:
        """How often it has said so."""
        return sum(text.startswith("READY=1") for text in self.hear())

    async def until_fed_again(self) -> None:
        before = self.fed
        await until(lambda: self.fed > before + 3)

    async def until_hungry(self) -> None:
        """What was asked before the fault has been answered; then nothing comes for several times its patience."""
        while True:
            before = self.fed
            await asyncio.sleep(3 * self._watchdog_s)
            if self.fed == before:
                return

    def close(self) -> None:
        self._listener.close()
