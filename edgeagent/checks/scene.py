"""What the checks look at: the configuration, the machine, what the running agent says, and the time."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from edgeagent import control
from edgeagent.config import Config, DeviceSettings
from edgeagent.configfile import Loaded
from edgeagent.driver import State
from edgeagent.status.state import BoxStatus
from gridwire.problem import Problem

SERVICE_USER = "edgeagent"


class Account(NamedTuple):
    """The user that the agent runs as. `groups`: all that it is in."""

    name: str
    uid: int
    groups: frozenset[int]


CRASHED = "crashed"
"""State of a trial in which the driver raised, blocked or ended its process; `reason` tells how, `detail` its words."""


class Trial(NamedTuple):
    """How a device was when its driver was run for a moment, in the driver's words; or `CRASHED`."""

    state: State | str
    reason: str = ""
    detail: str = ""


class Running(NamedTuple):
    """What the running agent says. `heard_s`: seconds since the hub's last acknowledgement; None: none yet."""

    status: BoxStatus
    heard_s: float | None = None


class Scene(NamedTuple):
    """`root`: where devices and kernel files are, `/` but in tests. `running` is None where no agent answers."""

    loaded: Loaded
    account: Account
    now: datetime
    root: Path = Path("/")
    agent_runs: bool = False
    running: Running | None = None
    trials: Callable[[Iterable[tuple[str, DeviceSettings]]], Iterator[Trial]] | None = None
    """Runs drivers for a moment, several at a time; answers in the order of the devices."""

    @property
    def config(self) -> Config:
        return self.loaded.config

    @property
    def store(self) -> Path:
        return Path(self.config.store.dir)

    def read(self, path: str) -> str:
        """A kernel file's text; empty when there is none."""
        try:
            return (self.root / path.lstrip("/")).read_text("utf-8", "replace").strip()
        except OSError:
            return ""


def account(name: str = "") -> Account:
    """That of the service if this machine has one, else whoever asks. Raises KeyError for a name that is unknown."""
    try:
        entry = pwd.getpwnam(name or SERVICE_USER)
    except KeyError:
        if name:
            raise
        groups = frozenset((os.getegid(), *os.getgroups()))
        return Account(_own_name(), os.geteuid(), groups)
    more = {group.gr_gid for group in grp.getgrall() if entry.pw_name in group.gr_mem}
    # The unit adds this one, whether the user is in it or not.
    more |= {group.gr_gid for group in grp.getgrall() if group.gr_name == "dialout" and not name}
    return Account(entry.pw_name, entry.pw_uid, frozenset({entry.pw_gid, *more}))


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def look(loaded: Loaded, user: str = "", root: Path = Path("/")) -> Scene:
    """The scene of now. Raises KeyError for a user that is unknown."""
    folder = Path(loaded.config.store.dir)
    runs = control.answers(folder)
    return Scene(loaded, account(user), datetime.now(UTC), root, runs, _ask(folder) if runs else None)


class _Told(msgspec.Struct, frozen=True):
    status: BoxStatus
    heard_s: float | None = None


def _ask(folder: Path) -> Running | None:
    """None for an agent that may not be asked by us, or is of another version."""
    try:
        answer = control.ask(folder, "status", {})
        told = msgspec.convert(answer.result, _Told) if answer.ok else None
    except (Problem, msgspec.ValidationError):
        return None
    return Running(told.status, told.heard_s) if told is not None else None
