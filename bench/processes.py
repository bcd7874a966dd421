"""Child processes of a measurement: started here, spoken to by lines of JSON, ended here by their own id."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.environment import ROOT

_TICKS = os.sysconf("SC_CLK_TCK")


class ChildFailed(RuntimeError):
    """A child ended, or said nothing in time; the message holds the end of what it wrote to stderr."""


class Child:
    """`python -m MODULE ARGUMENTS`, with its stderr in a file. `before`: a command that runs it."""

    def __init__(self, python: Path, module: str, *arguments: object, log: Path, before: Sequence[str] = ()) -> None:
        self._name, self._log = module, log
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [*before, python, "-m", module, *map(str, arguments)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, env=environment, text=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self, timeout_s: float = 60.0) -> dict[str, float]:
        """Its next line of JSON; other lines are skipped. Raises ChildFailed."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while selector.select(timeout_s):
                line = self._process.stdout.readline()
                if line.startswith("{"):
                    found: dict[str, float] = json.loads(line)
                    return found
                if not line:
                    break
        tail = self._log.read_text(errors="replace")[-2000:]
        raise ChildFailed(f"{self._name} (status {self._process.poll()}) said nothing more:\n{tail}")

    def stop(self, timeout_s: float = 10.0) -> None:
        """Close its stdin, which ends our own children; then SIGTERM, then SIGKILL."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        for end in (None, self._process.terminate, self._process.kill):
            if end is not None:
                end()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.5 if end is None else timeout_s)
                break
        self._process.stdout.close()


@contextlib.contextmanager
def child(python: Path, module: str, *arguments: object, log: Path, before: Sequence[str] = ()) -> Iterator[Child]:
    process = Child(python, module, *arguments, log=log, before=before)
    try:
        yield process
    finally:
        process.stop()


def cpu_s(pid: int) -> float:
    """User and system time of a process, in seconds (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def tree_cpu_s(pid: int) -> float:
    """The same with the time of all children that it has waited for (fields 16 and 17)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def rss_mib(pid: int) -> float:
    """Resident set of a process, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
