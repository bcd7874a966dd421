"""Which alarms of one device are on: `active` again and again is one alarm, and what never ends is ended. Pure.

A step is planned first and applied once it is stored. What is on, and which events were stored last, can be written
down and read again: a device that sends once more after our crash raises nothing twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec

from drivers.webhook.said import MAX_TEXT_CHARS, Said

MAX_LIT = 256
"""A device that invents sources must not fill the box: beyond it, alarms are pulses."""
MAX_SEEN = 64
Change = Literal["start", "end", "pulse"]


class Lit(msgspec.Struct, frozen=True, array_like=True):
    """An alarm that is on: enough to tell its end."""

    kind: str
    name: str
    source: str = ""
    object: str = ""


class Memory(msgspec.Struct, frozen=True, array_like=True):
    lit: list[Lit] = []
    seen: list[str] = []


class Key(NamedTuple):
    """What makes two messages speak of the same alarm."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """What one message comes to. `change` None: it is no news."""

    change: Change | None
    lit: Lit
    mark: str = ""

    @property
    def key(self) -> Key:
        return Key(self.lit.name, self.lit.source)


class States:
    """Times are monotonic seconds."""

    def __init__(self, remembered: bytes | None, clear_after_s: float, now_s: float) -> None:
        memory = _read(remembered)
        self._clear_after_s = clear_after_s
        self._lit = {Key(lit.name, lit.source): lit for lit in memory.lit[:MAX_LIT]}
        self._due = dict.fromkeys(self._lit, now_s + clear_after_s)
        self._seen = memory.seen[-MAX_SEEN:]

    @property
    def lit(self) -> tuple[Lit, ...]:
        return tuple(self._lit.values())

    def plan(self, said: Said, kind: str, now_s: float) -> Step:
        """Does not change what is on, but notes that it still is."""
        lit = Lit(kind, said.name[:MAX_TEXT_CHARS], said.source[:MAX_TEXT_CHARS], said.object)
        known = self._lit.get(Key(lit.name, lit.source))
        if said.state == "off":
            return Step("end" if known else None, known or lit)
        if said.state == "on" and known is not None:
            self._due[Key(known.name, known.source)] = now_s + self._clear_after_s
            return Step(None, known)
        mark = _mark(said)
        if mark and mark in self._seen:
            return Step(None, lit)
        return Step("start" if said.state == "on" and len(self._lit) < MAX_LIT else "pulse", lit, mark)

    def due(self, now_s: float) -> list[Step]:
        """The alarms that nobody has repeated for long enough."""
        return [Step("end", self._lit[key]) for key, due_s in self._due.items() if due_s <= now_s]

    def next_due_s(self) -> float | None:
        """When `due` gives something again."""
        return min(self._due.values(), default=None)

    def dump_after(self, step: Step) -> bytes:
        """What is to be remembered together with this step."""
        lit = dict(self._lit)
        if step.change == "start":
            lit[step.key] = step.lit
        elif step.change == "end":
            lit.pop(step.key, None)
        return msgspec.json.encode(Memory(list(lit.values()), self._seen_after(step)))

    def apply(self, step: Step, now_s: float) -> None:
        """It is stored."""
        self._seen = self._seen_after(step)
        if step.change == "start":
            self._lit[step.key] = step.lit
            self._due[step.key] = now_s + self._clear_after_s
        elif step.change == "end":
            self._lit.pop(step.key, None)
            self._due.pop(step.key, None)

    def _seen_after(self, step: Step) -> list[str]:
        return [*self._seen, step.mark][-MAX_SEEN:] if step.mark else self._seen


def _mark(said: Said) -> str:
    """By what a repeat is known: the device's own id, or everything that it says, if that includes the time."""
    if not said.id and not said.time:
        return ""
    told = (said.id, said.name, said.source) if said.id else said
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


def _read(remembered: bytes | None) -> Memory:
    """What cannot be read counts as nothing."""
    try:
        return msgspec.json.decode(remembered or b"[]", type=Memory)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Memory()
