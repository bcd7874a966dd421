"""A program that a test runs as a process of its own: started, stopped, frozen, killed. What it is says who derives."""

from __future__ import annotations

import os
import signal
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

PATIENCE_S = 60.0
ROOT = Path(__file__).parents[1]


class OwnProcess(ABC):
    """As a context it runs inside, and is killed at the end."""

    _process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def start(self) -> Self:
        """Begin it, and keep it in `_process`."""

    def kill(self) -> None:
        """kill -9. Also when it has ended by itself."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def reload(self) -> None:
        """SIGHUP."""
        os.kill(self.pid, signal.SIGHUP)

    def wait(self) -> int:
        """The exit code of a process that ends by itself."""
        assert self._process is not None
        return self._process.wait(PATIENCE_S)

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{type(self).__name__} is not running"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def pause(self) -> None:
        """SIGSTOP: it stands still in the midst of whatever it does; its ports stay open, nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.kill()

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)  # a paused process does not hear SIGTERM
        try:
            return process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
