"""What one process of the hub does and meets with, for its metrics: counted by the hub, read when somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from countyhub.ingest.inbox import Outcome

if TYPE_CHECKING:
    from gridwire.mqtt import MqttState


class Vitals:
    """`ingest`: what became of the messages since the start. `held`: name of a feed -> why it does not go on."""

    def __init__(self, link: Callable[[], MqttState], trouble: Callable[[], str]) -> None:
        self.ingest: Counter[str] = Counter()
        self.held: dict[str, str] = {}
        self._link, self._trouble = link, trouble

    def took(self, outcome: Outcome) -> None:
        """A commit of the inbox."""
        self.ingest["stored"] += outcome.stored
        self.ingest["repeated"] += outcome.repeats
        self.ingest["dead"] += outcome.dead
        self.ingest["reused"] += len(outcome.reused)

    @property
    def link(self) -> MqttState:
        """The connection to the boxes' broker."""
        return self._link()

    @property
    def blocked(self) -> bool:
        """Whether the database takes nothing at present."""
        return bool(self._trouble())
