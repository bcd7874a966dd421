"""Runs devices' drivers for a moment, while no agent does, and tells how the devices were. Nothing is stored or sent.

Each in a process of its own, as the user to whom the store belongs: root would leave files there that the service
cannot write, and open what it cannot open. Whatever the driver does there (raises, blocks, crashes) is told like any
other fault.
"""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import pwd
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, NamedTuple
from zoneinfo import ZoneInfo

from edgeagent import plugins
from edgeagent.checks.devices import AT_ONCE
from edgeagent.checks.scene import CRASHED, Account, Trial
from edgeagent.cli.onlooker import Onlooker, folder_of
from edgeagent.cli.say import choose
from edgeagent.config import Config, DeviceSettings
from edgeagent.configfile import Loaded
from edgeagent.driver import Driver
from edgeagent.rules import Rules
from gridwire.problem import Problem

TRIAL_S = 15.0
GRACE_S = 5.0
"""For its end. A driver that blocks the event loop does not even notice that its time is over."""
_EVERY_S = 0.05


def try_drivers(loaded: Loaded, account: Account, devices: Iterable[tuple[str, DeviceSettings]]) -> Iterator[Trial]:
    """Of each, in this order, the first state that its driver reports, `starting` if it reports none in time."""
    user = _owner(Path(loaded.config.store.dir), account)
    running: deque[_Attempt] = deque()
    with ExitStack() as ends:
        for name, settings in devices:
            if len(running) == AT_ONCE:
                yield running.popleft().outcome()
            running.append(ends.enter_context(_Attempt(user, loaded.config, name, settings)))
        while running:
            yield running.popleft().outcome()


class _Attempt:
    """One driver in a process of its own, from here on; ended when it is left."""

    def __init__(self, user: _User | None, config: Config, name: str, settings: DeviceSettings) -> None:
        self._receiver, sender = multiprocessing.Pipe(duplex=False)
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._ends_s = time.monotonic() + TRIAL_S + GRACE_S
        # Not started anew: the service's user could not read all of the configuration.
        context = multiprocessing.get_context("fork")
        task = (sender, self._words, user, config, name, settings)
        self._process = context.Process(target=_tell, args=task, daemon=True)
        self._process.start()
        sender.close()

    def __enter__(self) -> _Attempt:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.join()
        self._receiver.close()
        self._words.close()

    def outcome(self) -> Trial:
        """Waits for it."""
        try:
            if not self._receiver.poll(max(0.0, self._ends_s - time.monotonic())):
                return Trial(CRASHED, "blocked", f"{TRIAL_S + GRACE_S:g} s")
            trial: Trial = self._receiver.recv()
        except EOFError:
            self._process.join(GRACE_S)
            return Trial(CRASHED, f"exit {self._process.exitcode}", _last_line(self._words))
        finally:
            self._process.kill()
            self._process.join()
        return trial


class _User(NamedTuple):
    uid: int
    gid: int
    groups: frozenset[int]


def _owner(store: Path, account: Account) -> _User | None:
    """Whom the trial becomes; None: stays who it is. Whoever is not root can become nobody else."""
    if os.geteuid() != 0:
        return None
    try:
        status = store.stat()
        uid, gid = status.st_uid, status.st_gid
    except OSError:  # no agent has ever run
        uid, gid = account.uid, _group(account)
    groups = account.groups if uid == account.uid else frozenset({gid})
    return _User(uid, gid, groups) if uid != 0 else None


def _group(account: Account) -> int:
    try:
        return pwd.getpwuid(account.uid).pw_gid
    except KeyError:
        return min(account.groups, default=account.uid)


def _last_line(words: IO[bytes]) -> str:
    """Of a traceback that is what was raised."""
    words.seek(0)
    lines = words.read().decode("utf-8", "replace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "-")


# -- in the process of its own -------------------------------------------------------------------------------------


def _tell(
    sender: Connection, words: IO[bytes], user: _User | None, config: Config, name: str, settings: DeviceSettings
) -> None:
    """What is raised here and not expected ends the process, after its traceback."""
    os.dup2(words.fileno(), 2)
    try:
        if user is not None:
            _become(user)
        sender.send(_tried(config, name, settings))
    except OSError as error:
        sender.send(Trial(CRASHED, type(error).__name__, str(error)))


def _become(user: _User) -> None:
    """For ever. Raises OSError where a container does not let us, or where Python itself is closed to that user."""
    os.setgroups(sorted(user.groups))
    os.setgid(user.gid)
    os.setuid(user.uid)
    os.umask(0o077)
    os.chdir("/")
    if not os.access(os.__file__, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.__file__)


def _tried(config: Config, name: str, settings: DeviceSettings) -> Trial:
    language = choose(None, config.language)
    with folder_of(Path(config.store.dir), name) as folder:
        device = Onlooker(name, settings.name, language, folder, Rules.of(config), ZoneInfo(config.timezone))
        try:
            driver = plugins.load(settings.driver)(settings.options)
            asyncio.run(_until_told(driver, device))
        except Problem as problem:
            return Trial("down", problem.code.rpartition(".")[2], problem.sentence(language))
    told = {key: str(device.health.get(key, "")) for key in ("state", "reason", "detail")}
    return Trial(told["state"], told["reason"], told["detail"])


async def _until_told(driver: Driver, device: Onlooker) -> None:
    """Raises what the driver raises."""
    running = asyncio.create_task(driver.run(device))
    ends_s = asyncio.get_running_loop().time() + TRIAL_S
    try:
        while device.health["state"] == "starting" and asyncio.get_running_loop().time() < ends_s:
            done, _ = await asyncio.wait({running}, timeout=_EVERY_S)
            if done:
                running.result()
                return
    finally:
        if not running.done():
            running.cancel()
            await asyncio.wait({running})
