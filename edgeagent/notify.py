"""Tells systemd how the service is (sd_notify(3)): ready, reloading, stopping, status, watchdog."""

from __future__ import annotations

import os
import socket
import time


class Notifier:
    """Does nothing when the process was not started by systemd."""

    def __init__(self, environment: dict[str, str] | None = None) -> None:
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

    def alive(self) -> None:
        """Feed the watchdog. Only whoever has seen loop, store and uplink at work may call this."""
        self._send("WATCHDOG=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.connect(self._address)
                sender.sendall(text.encode())
            except OSError:
                return  # systemd is being restarted; the next message will reach it


def _line(text: str) -> str:
    return text.replace("\n", " ")
