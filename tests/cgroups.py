"""A control group for a test: processes that together get so much memory and so much of a core, like those of a unit.

Works with v1's controllers, and is written for cgroup v2 (as systemd does it); `missing()` says why neither can be used
here. The part for v2 has never run: where this was made memory and cpu belong to v1, and v2 has neither.

    with limited("small-box", memory_bytes=400 * 2**20, cores=0.5) as group:
        subprocess.Popen([*group.enter, "edgeagent", "run"])
        group.oom_kills
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
PERIOD_US = 100_000
"""That of systemd's CPUQuota=."""
_ENDS_S = 10.0


def missing() -> str:
    """Why no group can be made here; empty if one can."""
    if os.geteuid() != 0:
        return "root is needed to limit memory and processor of a group of processes"
    try:
        with limited("probe", memory_bytes=64 * 2**20, cores=1.0):
            return ""
    except OSError as error:
        return f"no cgroup controllers for memory and cpu can be written here: {error}"


@contextlib.contextmanager
def limited(name: str, *, memory_bytes: int, cores: float) -> Iterator[Group]:
    """What still runs in it at the end is killed. Nothing may be swapped. Raises OSError where no group can be made."""
    kind = Unified if (ROOT / "cgroup.controllers").exists() else Split
    group = kind(f"{name}-{os.getpid()}")
    try:
        group.make(memory_bytes, cores)
        yield group
    finally:
        group.remove()


class Group:
    """One group. `folders`: one a controller (v1), or one (v2)."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    def make(self, memory_bytes: int, cores: float) -> None:
        raise NotImplementedError

    @property
    def enter(self) -> tuple[str, ...]:
        """A command that joins the group and then becomes the command behind it, from its first page on."""
        files = " ".join(str(folder / "cgroup.procs") for folder in self._folders)
        return ("/bin/sh", "-c", f'for file in {files}; do echo $$ > $file; done; exec "$@"', "sh")

    def pids(self) -> list[int]:
        return [int(line) for line in (self._folders[0] / "cgroup.procs").read_text().split()]

    def remove(self) -> None:
        """Only what was started in it ends: their numbers are the kernel's."""
        until = time.monotonic() + _ENDS_S
        folders = [folder for folder in self._folders if folder.is_dir()]
        while folders and self.pids() and time.monotonic() < until:
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        for folder in folders:
            folder.rmdir()

    # -- what it used ------------------------------------------------------------------------------------------------

    @property
    def peak_bytes(self) -> int:
        """The most that was charged at a time, the files' cache too, which the kernel takes back when it is short."""
        raise NotImplementedError

    @property
    def own_bytes(self) -> int:
        """What the processes have of their own now, in no file: this cannot be taken back without swap."""
        raise NotImplementedError

    @property
    def oom_kills(self) -> int:
        raise NotImplementedError

    @property
    def cpu_s(self) -> float:
        raise NotImplementedError

    @property
    def throttled_s(self) -> float:
        """How long its processes wanted to run and were held."""
        raise NotImplementedError


class Unified(Group):
    """cgroup v2."""

    def __init__(self, name: str) -> None:
        self._folder = ROOT / name
        super().__init__(self._folder)

    def make(self, memory_bytes: int, cores: float) -> None:
        (ROOT / "cgroup.subtree_control").write_text("+memory +cpu")
        self._folder.mkdir()
        (self._folder / "memory.max").write_text(str(memory_bytes))
        with contextlib.suppress(FileNotFoundError):  # a kernel without swap
            (self._folder / "memory.swap.max").write_text("0")
        (self._folder / "cpu.max").write_text(f"{int(cores * PERIOD_US)} {PERIOD_US}")

    def _of(self, file: str, key: str) -> int:
        return _table(self._folder / file)[key]

    @property
    def peak_bytes(self) -> int:
        return int((self._folder / "memory.peak").read_text())

    @property
    def own_bytes(self) -> int:
        return self._of("memory.stat", "anon")

    @property
    def oom_kills(self) -> int:
        return self._of("memory.events", "oom_kill")

    @property
    def cpu_s(self) -> float:
        return self._of("cpu.stat", "usage_usec") / 1e6

    @property
    def throttled_s(self) -> float:
        return self._of("cpu.stat", "throttled_usec") / 1e6


class Split(Group):
    """cgroup v1: a hierarchy for each controller."""

    def __init__(self, name: str) -> None:
        self._memory, self._cpu, self._account = (ROOT / kind / name for kind in ("memory", "cpu", "cpuacct"))
        # Where cpu and cpuacct are one hierarchy, both names lead to one folder.
        super().__init__(*dict.fromkeys(folder.parent.resolve() / name for folder in self._all))

    @property
    def _all(self) -> tuple[Path, ...]:
        return self._memory, self._cpu, self._account

    def make(self, memory_bytes: int, cores: float) -> None:
        for folder in self._folders:
            folder.mkdir()
        (self._memory / "memory.limit_in_bytes").write_text(str(memory_bytes))
        with contextlib.suppress(OSError):  # a kernel without accounting of swap
            (self._memory / "memory.memsw.limit_in_bytes").write_text(str(memory_bytes))
        (self._cpu / "cpu.cfs_period_us").write_text(str(PERIOD_US))
        (self._cpu / "cpu.cfs_quota_us").write_text(str(int(cores * PERIOD_US)))

    def _of_memory(self, file: str) -> int:
        return int((self._memory / f"memory.{file}").read_text())

    @property
    def peak_bytes(self) -> int:
        return self._of_memory("max_usage_in_bytes")

    @property
    def own_bytes(self) -> int:
        return _table(self._memory / "memory.stat")["total_rss"]

    @property
    def oom_kills(self) -> int:
        return _table(self._memory / "memory.oom_control")["oom_kill"]

    @property
    def cpu_s(self) -> float:
        return int((self._account / "cpuacct.usage").read_text()) / 1e9

    @property
    def throttled_s(self) -> float:
        return _table(self._cpu / "cpu.stat")["throttled_time"] / 1e9


def _table(file: Path) -> dict[str, int]:
    """Lines of a name and a number."""
    return {name: int(value) for name, value in (line.split() for line in file.read_text().splitlines())}
