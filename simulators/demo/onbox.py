"""What the box alone knows when the demo ends: what it has stored and nobody has confirmed, and whom it does not see.

Read from the box's own store, as the agent would tell it at its next start; nothing is excused that is not in there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from edgeagent.devices.sight import Sight
from edgeagent.outbox import export
from edgeagent.outbox.inspect import Content, opened
from gridwire.codec import Arrived, decode_up
from gridwire.events import Event
from gridwire.problem import Problem
from simulators.demo.counting import Blind

log = logging.getLogger(__name__)

_SIGHTS = "SELECT key, value FROM memory WHERE key GLOB 'device/*/sight'"
_ALIVE = "SELECT value FROM memory WHERE key = 'alive'"


class OnBox(NamedTuple):
    """`unsent`: stored and not confirmed by the hub. `blinds`: intervals that no device has come back from; what a
    device said after the agent's last sign of life may not have been stored, and is told at its next start."""

    unsent: list[Event]
    blinds: list[Blind]


def read(folder: Path, base: str, now: datetime, *, at_rest: bool) -> OnBox:
    """The store in this folder. `at_rest`: its agent has ended. Of one that is not there, or that cannot be read,
    nothing: then nothing is excused."""
    try:
        with opened(folder, snapshot=True) as content:
            return OnBox(list(_unsent(content, base)), list(_blinds(content, now, at_rest=at_rest)))
    except Problem as problem:
        log.info("nothing of the box's own record: %s", problem)
        return OnBox([], [])


def _unsent(content: Content, base: str) -> Iterator[Event]:
    for line in export.lines(content, export.select(content, unsent=True)):
        if line.lane != "media" and line.body is not None:
            for arrived in decode_up(line.body, source=base):
                if isinstance(arrived, Arrived):
                    yield arrived.event


def _blinds(content: Content, now: datetime, *, at_rest: bool) -> Iterator[Blind]:
    saved = content.connection.execute(_ALIVE).fetchone()
    alive = msgspec.json.decode(saved[0], type=datetime) if saved else None
    for key, value in content.connection.execute(_SIGHTS):
        sight = Sight.from_bytes(value)
        if at_rest and alive is not None:  # an agent that ended in good order has noted this itself
            sight = sight.interrupted(alive)
        if sight.blind_since is not None:
            state: Literal["open", "end"] = "open" if sight.state == "down" else "end"
            yield Blind(key.split("/")[1], sight.blind_since, max(now, sight.blind_since), state)
