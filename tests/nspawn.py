"""A small Debian that boots with systemd, for tests of packages and units: made once, started in 2 s, thrown away.

Needs root, mmdebstrap and systemd-nspawn; `missing()` says what is not there. Nothing of it reaches a network.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.hubs import ROOT

CACHE = ROOT / ".cache" / "debian"
PACKAGES = (
    "systemd", "systemd-sysv", "systemd-timesyncd", "dbus", "udev", "python3", "tzdata", "libstdc++6", "zlib1g",
    "libgcc-s1", "ca-certificates", "mosquitto",
)  # fmt: skip
PATIENCE_S = 60.0
SUITES = {"12": "bookworm", "13": "trixie"}


def missing() -> str:
    """Why no machine can be booted here; empty if one can, as far as can be told."""
    if os.geteuid() != 0:
        return "root is needed to boot a machine"
    absent = [name for name in ("mmdebstrap", "systemd-nspawn", "nsenter") if shutil.which(name) is None]
    return f"not installed: {', '.join(absent)} (apt-get install mmdebstrap systemd-container)" if absent else ""


def root_of(release: str, packages: tuple[str, ...] = PACKAGES, stick: tuple[str, ...] = ()) -> Path:
    """The folder of a Debian release, made when it is not there yet. Raises `NoMachine`.

    `stick`: packages that are not installed; they lie beside it with all that they need, see `stick_of`.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    kind = hashlib.sha256(" ".join([*packages, *(f"/{name}" for name in stick)]).encode()).hexdigest()[:8]
    folder = CACHE / f"{SUITES[release]}-{kind}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other workers of the tests want it too
        if not folder.exists():
            _make(SUITES[release], folder, packages, stick)
    return folder


def stick_of(root: Path) -> Path:
    """Folder of the packages that a person would bring to such a machine on a stick."""
    return root.with_suffix(".stick")


def _make(suite: str, folder: Path, packages: tuple[str, ...], stick: tuple[str, ...]) -> None:
    tar, unpacked, brought = folder.with_suffix(".tar"), folder.with_suffix(".new"), stick_of(folder)
    brought.mkdir(exist_ok=True)
    fetch = (
        f'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get install -qq --yes --download-only --no-install-recommends '
        f"-oDir::Cache::archives={brought}/ {' '.join(stick)}"
    )
    made = subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(packages)}", "--quiet",
         *([f"--customize-hook={fetch}"] if stick else []),
         "--dpkgopt=path-exclude=/usr/share/locale/*", suite, str(tar)],
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    if made.returncode:
        raise NoMachine(f"mmdebstrap cannot make {suite}: {made.stderr[-500:]}")
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    subprocess.run(["tar", "-xf", tar, "-C", unpacked], check=True)
    tar.unlink()
    unpacked.rename(folder)


class NoMachine(Exception):
    """It cannot be booted here; the text says why."""


class Machine:
    """One boot. `shared` is a folder of the host, seen inside as /mnt. What is written elsewhere is gone at the end.

    `name` tells machines of one process apart.
    """

    def __init__(self, root: Path, shared: Path, name: str = "") -> None:
        self._root, self.shared, self._name = root, shared, name
        self._log = shared / "console.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.leader = 0

    def __enter__(self) -> Machine:
        environment = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                ["systemd-nspawn", f"--directory={self._root}", "--boot", "--volatile=overlay", "--private-network",
                 "--register=no", "--keep-unit", f"--machine=gridwire{self._name}-{os.getpid()}",
                 f"--bind={self.shared}:/mnt", "--console=pipe", "--quiet"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True,
            )  # fmt: skip
        try:
            self._await_boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if self.leader and process.poll() is None:
            os.kill(self.leader, signal.SIGRTMIN + 4)  # systemd: power off
        else:
            process.kill()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def run(self, command: str, *, check: bool = True, timeout_s: float = PATIENCE_S) -> str:
        """What a shell command prints inside, both streams. Raises AssertionError when it fails and `check` is set."""
        done = subprocess.run(
            self.order(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s,
            check=False, cwd="/",
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{command}\nends with {done.returncode}:\n{done.stdout}"
        return done.stdout.strip()

    def order(self, command: str) -> list[str]:
        """What to start on the host, for a shell command to run inside."""
        return [
            "nsenter", "--target", str(self.leader), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
            "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
            "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command,
        ]  # fmt: skip

    def ip(self, words: str) -> None:
        """`ip …` of the host in this machine's network."""
        self.in_network(["ip", *words.split()])

    def in_network(self, command: list[str], check: bool = True) -> subprocess.CompletedProcess[str]:
        """A program of the host, that sees this machine's network and the host's files."""
        order = ["nsenter", "--target", str(self.leader), "--net", *command]
        return subprocess.run(order, capture_output=True, text=True, check=check, timeout=PATIENCE_S)

    def cable(self, other: Machine, here: str, there: str) -> None:
        """Joins two machines, each with its address and length of prefix."""
        ends = [(self, f"gw{os.getpid()}a", here), (other, f"gw{os.getpid()}b", there)]
        (one, first, _), (two, second, _) = ends
        subprocess.run(
            ["ip", "link", "add", first, "netns", str(one.leader), "type", "veth",
             "peer", "name", second, "netns", str(two.leader)],
            check=True, capture_output=True,
        )  # fmt: skip
        for machine, link, address in ends:
            machine.ip(f"link set {link} name eth0")
            machine.ip(f"addr add {address} dev eth0")
            machine.ip("link set eth0 up")

    def until(self, command: str, expected: str = "", timeout_s: float = PATIENCE_S) -> str:
        """Until a command succeeds, and prints this."""
        end = time.monotonic() + timeout_s
        while True:
            said = self.run(f"{command} || echo FAILED", check=False)
            if not said.endswith("FAILED") and expected in said:
                return said
            assert time.monotonic() < end, f"{command}\nnever printed {expected!r}, but:\n{said}"
            time.sleep(0.1)

    @property
    def console(self) -> str:
        return self._log.read_text(errors="replace")

    def _await_boot(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while not self._find_leader() or self.run("systemctl is-system-running", check=False) not in (
            "running", "degraded",
        ):  # fmt: skip
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > end:
                raise NoMachine(f"systemd-nspawn does not boot it here:\n{self.console[-1500:]}")
            time.sleep(0.05)

    def _find_leader(self) -> bool:
        """The machine's process 1: a child, or grandchild, of systemd-nspawn."""
        assert self._process is not None
        for child in _children(self._process.pid):
            for candidate in (child, *_children(child)):
                try:
                    status = Path(f"/proc/{candidate}/status").read_text()
                    runs = os.readlink(f"/proc/{candidate}/exe").endswith("systemd")
                except OSError:
                    continue
                if runs and any(line.startswith("NSpid:") and line.endswith("\t1") for line in status.splitlines()):
                    self.leader = candidate
                    return True
        return False


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
