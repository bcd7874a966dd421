"""Runs a device's driver for a moment, while no agent does, and tells how the device was. Nothing is stored or sent.

In a process of its own, as the user to whom the store belongs: root would leave files there that the service cannot
write, and open what it cannot open. Whatever the driver does there (raises, blocks, crashes) is told like any other
fault.
"""

from __future__ import annotations

import asyncio
import errno
import multiprocessing
import os
import pwd
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, NamedTuple
from zoneinfo import ZoneInfo

from edgeagent import plugins
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


def try_driver(loaded: Loaded, account: Account, name: str, settings: DeviceSettings) -> Trial:
    """The first state that the driver reports, `starting` if it reports none in time."""
    user = _owner(Path(loaded.config.store.dir), account)
    receiver, sender = multiprocessing.Pipe(duplex=False)
    # Not started anew: the service's user could not read all of the configuration.
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryFile() as words, _ended(receiver, sender):
        task = (sender, words, user, loaded.config, name, settings)
        process = context.Process(target=_tell, args=task, daemon=True)
        process.start()
        sender.close()
        try:
            if not receiver.poll(TRIAL_S + GRACE_S):
                return Trial(CRASHED, "blocked", f"{TRIAL_S + GRACE_S:g} s")
            trial: Trial = receiver.recv()
        except EOFError:
            process.join(GRACE_S)
            return Trial(CRASHED, f"exit {process.exitcode}", _last_line(words))
        finally:
            process.kill()
            process.join()
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


@contextmanager
def _ended(*ends: Connection) -> Iterator[None]:
    try:
        yield
    finally:
        for end in ends:
            end.close()


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
            return Trial("down", problem.code.rpartition(".")[2], problem.text(language).partition(": ")[2])
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
