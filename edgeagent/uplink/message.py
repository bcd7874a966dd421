"""What goes to the broker in one piece."""

from __future__ import annotations

from typing import NamedTuple

from edgeagent.outbox import Row
from gridwire.events import Lane


class Message(NamedTuple):
    """What to publish: rows of one lane in one payload."""

    lane: Lane
    rows: list[Row]
    topic: str
    payload: bytes
    content_type: str
