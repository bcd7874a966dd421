"""A county for the works that need one: mosquitto, `countyhub run` as a process, and the agent's configuration."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench import alarm
from bench.senders import QUIET
from tests.certificates import Authority
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto, ServerTls

_PATIENCE_S = 30.0


class County(NamedTuple):
    broker: Mosquitto
    hub: HubProcess
    ca: Path | None


@contextlib.contextmanager
def county(folder: Path, *, tls: bool = False) -> Iterator[County]:
    """Broker and hub, the hub subscribed. `tls`: the listener wants TLS 1.3-capable clients that trust `ca`."""
    ca, server, extra = None, None, ""
    if tls:
        authority = Authority(folder / "ca")
        certificate = authority.issue("127.0.0.1", names=("IP:127.0.0.1",))
        ca, server = authority.ca, ServerTls(authority.ca, certificate.certificate, certificate.key)
        extra = f'[broker.tls]\nca = "{ca}"\n'
    with Mosquitto(folder / "broker", tls=server, extra=QUIET) as broker:
        hub = HubProcess(folder / "hub", broker.port, extra)
        with hub:
            _until_subscribed(hub)
            yield County(broker, hub, ca)


def _until_subscribed(hub: HubProcess) -> None:
    """The hub's log says when its connection stands; its session then holds what comes before the SUBACK."""
    until = time.monotonic() + _PATIENCE_S
    while "connected" not in hub.log:
        if time.monotonic() > until:
            raise RuntimeError(f"the hub does not connect:\n{hub.log}")
        time.sleep(0.05)
    time.sleep(0.3)


def agent_config(folder: Path, port: int, *, ca: Path | None = None, hub: str = "", more: str = "") -> Path:
    """An `edgeagent.toml` with defaults wherever it can; `hub`: further settings of that table."""
    folder.mkdir(parents=True, exist_ok=True)
    trust = f'[hub.tls]\nca = "{ca}"\n' if ca else ""
    path = folder / "edgeagent.toml"
    path.write_text(
        f'box = "{alarm.BOX}"\nname = "东山村"\n[hub]\nhost = "127.0.0.1"\nport = {port}\n{hub}\n{trust}'
        f'[store]\ndir = "{folder}/store"\n[status]\nport = 0\n{more}'
    )
    path.chmod(0o600)
    return path


class CommitWatch:
    """Sees what the hub has committed, by a read-only connection of its own, a look each millisecond."""

    def __init__(self, database: Path) -> None:
        self._db = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
        self._last = self._db.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()[0]
        self._version = self._db.execute("PRAGMA data_version").fetchone()[0]

    def look(self) -> list[int]:
        """Alarm numbers committed since the last look."""
        version = self._db.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return []
        self._version = version
        found = self._db.execute("SELECT id, seq, lane FROM event WHERE id > ? ORDER BY id", (self._last,)).fetchall()
        if found:
            self._last = found[-1][0]
        return [seq for _, seq, lane in found if lane == "alarm"]

    def close(self) -> None:
        self._db.close()
