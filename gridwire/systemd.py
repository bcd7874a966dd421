"""Tells systemd how a service is (sd_notify(3)): ready, reloading, stopping, status, and that it lives.

The watchdog is fed only after everything that was named has answered. Nothing is sent where systemd did not ask for it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

Answers = Callable[[], Awaitable[bool]]
"""Returns when a part of the service has come round: true if it does its work. One that hangs never returns."""
FEEDS = 3
"""How often the watchdog is fed within its time, so that one late answer ends nothing."""


class Rounds:
    """Answers whether a loop that sleeps until `wake` still comes round: it calls `came` at each turn."""

    def __init__(self, wake: asyncio.Event) -> None:
        self._wake = wake
        self._asking: list[asyncio.Future[bool]] = []

    async def answers(self) -> bool:
        """True once the loop has come round."""
        asked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asking.append(asked)
        self._wake.set()
        return await asked

    def came(self) -> None:
        while self._asking:
            asked = self._asking.pop()
            if not asked.done():
                asked.set_result(True)


class Notifier:
    """Does nothing when the process was not started by systemd."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        found = os.environ if environment is None else environment
        address = found.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        ours = found.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(found.get("WATCHDOG_USEC", "0")) / 1e6 if ours else 0.0

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={_line(status)}")

    def status(self, status: str) -> None:
        self._send(f"STATUS={_line(status)}")

    def reloading(self) -> None:
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    async def feed(self, *parts: Answers) -> None:
        """Feed the watchdog for ever, each time after every part has answered that it works. That this runs at all
        says that the loop turns. Returns at once where there is no watchdog."""
        while self.watchdog_s:
            await asyncio.sleep(self.watchdog_s / FEEDS)
            for part in parts:
                if not await part():
                    break
            else:
                self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.setblocking(False)  # a systemd that does not read must not stop the loop
            try:
                sender.connect(self._address)
                sender.sendall(text.encode())
            except OSError:
                return  # systemd is being restarted; the next message will reach it


def _line(text: str) -> str:
    return text.replace("\n", " ")
