"""A machine that becomes another box: what the old one has not sent yet stays the old one's, with its certificate.

The whole store goes into a folder of its own, with a configuration that delivers it: nothing is lost, nothing is sent
under another name.
"""

from __future__ import annotations

import contextlib
import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from edgeagent.control import NAME as SOCKET
from edgeagent.enrol.identity import FOLDER, Identity, IdentityNotWritten, Record, own, write
from edgeagent.outbox import inspect
from edgeagent.outbox.lock import FILE_NAME as LOCK
from edgeagent.outbox.lock import hold
from gridwire.events import LANES
from gridwire.identifiers import county_of
from gridwire.problem import Problem

LEFT, COMING = "left", "identity.coming"
CONFIG = "edgeagent.toml"


class AnotherBox(Problem):
    code = "enrol.another-box"
    en = (
        "this machine is box {old}, the token is for {new}; {unsent} events of {old} are not sent yet. Best let them "
        "go first. To make it {new} now, and to deliver the rest as {old}: stop the agent, then add --move"
    )
    zh = (
        "本机是盒子 {old}，令牌属于 {new}；{old} 尚有 {unsent} 条事件未上报，最好先等其上报完毕。"
        "如需立即改为 {new}，剩余事件仍以 {old} 的名义上报：请先停止代理，再加 --move"
    )


class Left(NamedTuple):
    """Where the old box's store has gone, and how many events in it are not sent."""

    folder: Path
    box: str
    unsent: int

    @property
    def config(self) -> Path:
        return self.folder / CONFIG


def unsent(store: Path) -> int:
    """Events that the hub has not acknowledged; 0 where there is no outbox. Raises `OutboxUnreadable`."""
    try:
        with inspect.opened(store) as content:
            return sum(content.book.lanes[lane].waiting() for lane in LANES)
    except inspect.NoOutbox:
        return 0


def resume(store: Path) -> None:
    """A move that was cut off after the old identity had gone: the new one takes its place."""
    if (store / COMING).is_dir() and not (store / FOLDER).exists():
        (store / COMING).rename(store / FOLDER)


def set_aside(store: Path, old: Record, now: datetime) -> Left:
    """The store of the old box goes, the identity that is coming takes its place. Done again it goes on where it was.

    Raises `OutboxInUse`, `IdentityNotWritten`.
    """
    folder = store / LEFT / f"{old.box}-{now:%Y%m%d}"
    with hold(store):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for entry in sorted(store.iterdir()):
                if entry.name not in (LEFT, LOCK, SOCKET, COMING):
                    entry.rename(folder / entry.name)
            for each in (folder.parent, folder):
                own(each, store)
            write(folder / CONFIG, _config(folder, old).encode(), private=False)
            with contextlib.suppress(FileNotFoundError):
                (store / COMING).rename(store / FOLDER)
        except OSError as error:
            raise IdentityNotWritten(path=folder, reason=error.strerror or error) from error
    return Left(folder, old.box, unsent(folder))


def _config(folder: Path, old: Record) -> str:
    """Enough to deliver: no devices, no status page."""
    identity = Identity.of_store(folder)
    county = f'county = "{old.county}"\n' if county_of(old.box) != old.county else ""
    return (
        f'box = "{old.box}"\n{county}[hub]\nhost = {json.dumps(old.broker_host)}\nport = {old.broker_port}\n'
        f"[hub.tls]\nca = {json.dumps(str(identity.ca))}\ncert = {json.dumps(str(identity.pem))}\n"
        f"key = {json.dumps(str(identity.pem))}\n[store]\ndir = {json.dumps(str(folder))}\n[status]\nenabled = false\n"
    )
