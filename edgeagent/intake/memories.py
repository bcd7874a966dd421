"""What the rules remember, device by device, as it stands on disk; and which devices hold alarms back."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from edgeagent.outbox import Outbox
from edgeagent.rules import MAX_HELD, RuleMemory

_HOLDING: Final = "rules.holding"
"""Under this key stand the devices whose memory may hold something: after a start nobody else knows where to look."""


class RuleMemories:
    """The memories of all devices. What `changes` gives must be committed, then `keep` makes it true here."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._memories: dict[str, RuleMemory] = {}
        self._listed = {device for device in _devices(outbox.recall(_HOLDING)) if self.of(device).held}
        """Only ever grows while the process runs: commits overtake each other's making, never each other."""
        self._on_disk = set(self._listed)

    def of(self, device: str) -> RuleMemory:
        """As it was last kept, else as it stands on disk."""
        if device not in self._memories:
            self._memories[device] = RuleMemory.from_bytes(self._outbox.recall(_key(device)))
        return self._memories[device]

    def changes(self, device: str, memory: RuleMemory) -> dict[str, bytes | None]:
        """What is to be remembered in the transaction that makes this memory true."""
        found: dict[str, bytes | None] = {_key(device): memory.to_bytes()}
        if memory.held and device not in self._on_disk:
            self._listed.add(device)
            found[_HOLDING] = msgspec.json.encode(sorted(self._listed))
        return found

    def keep(self, device: str, memory: RuleMemory) -> None:
        """It has been committed."""
        self._memories[device] = memory
        if memory.held:
            self._on_disk.add(device)

    def held(self) -> int:
        return sum(len(memory.held) for memory in self._memories.values())

    def room_of(self, device: str) -> int:
        """How many a device may hold, seeing what the others do."""
        return MAX_HELD - self.held() + len(self.of(device).held)

    def due(self, now: datetime) -> list[str]:
        """Devices that hold something whose time is over."""
        return [name for name, memory in self._memories.items() if memory.due(now.timestamp()) is not None]

    def pause_s(self, now: datetime) -> float | None:
        """Seconds until something is due; None when nothing is held."""
        moments = [due_s for memory in self._memories.values() if (due_s := memory.next_due_s()) is not None]
        if not moments or self.due(now):
            return 0.0 if moments else None
        return max(min(moments) - now.timestamp(), 0.0)


def _key(device: str) -> str:
    return f"rules/{device}"


def _devices(raw: bytes | None) -> list[str]:
    try:
        return msgspec.json.decode(raw or b"[]", type=list[str])
    except msgspec.DecodeError:
        return []
