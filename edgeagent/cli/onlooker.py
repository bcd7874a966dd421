"""A `Device` for looking on while no agent runs: the rules decide as they would, and nothing is stored or sent.

The driver gets the device's own folder, so that a subscription that an earlier process left is ended first, and the
next agent ends ours, should this process be killed.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from edgeagent.clock import Clock
from edgeagent.driver import MAX_PICTURE_BYTES, Alarm, Board, Language, Observation, State, Stored, new_ulid
from edgeagent.rules import Rules
from edgeagent.rules.dryrun import DryRun
from gridwire.events import LANE_OF

_STREAM = "0" * 26


class Onlooker:
    """`health` and `info`: what the driver has said last, as the running agent tells it."""

    def __init__(self, device: str, name: str, language: Language, folder: Path, rules: Rules, zone: ZoneInfo) -> None:
        self.zone, self.board, self.online = zone, Board(revision=0), False
        self.id, self.name, self.language, self.folder = device, name or device, language, folder
        self.picture_max_bytes, self.pictures_wanted = MAX_PICTURE_BYTES, True
        self.health: dict[str, object] = {"id": device, "state": "starting"}
        self.info: dict[str, str] = {}
        self._rules, self._clock = DryRun(rules), Clock()

    async def emit(self, observation: Observation, *, remember: Mapping[str, bytes | None] | None = None) -> Stored:
        data = observation.data
        if not isinstance(data, Alarm):
            return Stored(new_ulid(), _STREAM, LANE_OF[type(data)], 1)
        stamp = self._clock.stamp()
        decision = self._rules.feed(self.id, data, stamp.wall, stamp.clock, happened=observation.time)
        event = new_ulid() if decision.store else ""
        # No picture is taken: nobody would see it.
        return Stored(event, _STREAM, LANE_OF[Alarm], 1, why=decision.why)

    async def remember(self, values: Mapping[str, bytes | None]) -> None:
        """Nothing is remembered."""

    def recall(self, key: str) -> bytes | None:
        return None

    async def report(
        self, state: State, reason: str = "", detail: str = "", *, last_seen: datetime | None = None
    ) -> None:
        now = datetime.now(UTC).isoformat()
        self.health = {"id": self.id, "state": state, "reason": reason, "detail": detail, "since": now}

    def judge(self, faults: Iterable[str] | None) -> None:
        self.health["faults"] = None if faults is None else sorted(faults)

    def describe(self, **info: str) -> None:
        self.info = {name: value for name, value in {**self.info, **info}.items() if value}


@contextlib.contextmanager
def folder_of(store: Path, device: str) -> Iterator[Path]:
    """The device's folder, left to its owner as it was found; another one where no agent has made one yet."""
    folder = store / "devices" / device
    if not folder.is_dir():
        with tempfile.TemporaryDirectory() as other:
            yield Path(other)
        return
    try:
        yield folder
    finally:
        _give_back(folder)


def _give_back(folder: Path) -> None:
    """What root has written there belongs to the agent's user."""
    owner = folder.stat()
    for file in folder.rglob("*") if os.geteuid() == 0 else ():
        if file.lstat().st_uid != owner.st_uid:
            os.chown(file, owner.st_uid, owner.st_gid, follow_symlinks=False)
