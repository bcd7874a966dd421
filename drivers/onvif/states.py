"""Which alarms of one camera are on: turns signals into changes, and nothing else into anything. Pure.

A state is what has the same topic, sorted source, key and data name. Only a change of value is a change; endless
repeats and `Initialized` for `Changed` make no difference. What is on can be written down and read again, so that a
restart raises nothing twice and ends what ended meanwhile. A step is planned first and applied when it is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeVar

import msgspec

from drivers.onvif.notifications import Notification
from drivers.onvif.vocabulary import EVERYTHING, Signal, path_of

MAX_STATES = 256
# A repeat has the same data and the same time. Without a time only what comes at once is a repeat.
REPEAT_S = 60.0
UNTIMED_REPEAT_S = 5.0

Pairs = tuple[tuple[str, str], ...]
Fingerprint = tuple[object, ...]
V = TypeVar("V")


class Identity(NamedTuple):
    """What makes two signals the same state (ONVIF Core: topic, source and key), and the data item that holds it."""

    topic: str
    source: Pairs
    key: Pairs
    item: str


class Lit(msgspec.Struct, frozen=True, array_like=True):
    """A state that is on, as it is remembered: enough to tell its end."""

    identity: Identity
    kind: str
    object: str = ""
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of one signal. `change` None: nothing to tell. Apply it once what it tells is stored."""

    identity: Identity
    change: Literal["start", "end", "pulse"] | None
    kind: str = ""
    object: str = ""
    topic: str = ""
    """As the camera sent it."""
    at_start: bool = False
    value: bool | None = None
    fingerprint: Fingerprint = ()
    now_s: float = 0.0
    refused: bool = False
    """There was no room for one more state: a camera that invents names must not fill the box."""


class States:
    """All states of one camera, at most `limit`. Not thread-safe; times are monotonic seconds."""

    def __init__(self, lit: list[Lit] | None = None, *, limit: int = MAX_STATES) -> None:
        self.limit = limit
        self._lit: dict[Identity, Lit] = {one.identity: one for one in lit or ()}
        self._off: dict[Identity, None] = {}
        self._pulses: dict[Identity, tuple[Fingerprint, float]] = {}
        self._confirmed: set[Identity] = set()
        self._syncing = True

    @classmethod
    def load(cls, remembered: bytes | None, *, limit: int = MAX_STATES) -> States:
        """From what `dump` gave; what cannot be read counts as nothing."""
        try:
            return cls(msgspec.json.decode(remembered or b"[]", type=list[Lit])[:limit], limit=limit)
        except msgspec.DecodeError:
            return cls(limit=limit)

    def dump(self, step: Step | None = None) -> bytes:
        """What is on, as it will be after that step."""
        lit = dict(self._lit)
        if step is not None:
            _light(lit, step)
        return msgspec.json.encode(list(lit.values()))

    @property
    def lit(self) -> list[Lit]:
        return list(self._lit.values())

    def names(self) -> list[dict[str, str]]:
        """What is on, for people: kind, topic, and the name that the camera gives it."""
        return [
            {"kind": lit.kind, "topic": lit.topic, "source": " ".join(text for _, text in lit.identity.source)[:200]}
            for lit in self.lit
        ]

    def plan_all(self, notification: Notification, signal: Signal, now_s: float) -> list[Step]:
        """The same for a signal that may speak of all states of its topic: then one step for each that is on."""
        if signal.item != EVERYTHING:
            return [self.plan(notification, signal, now_s)]
        topic = path_of(notification.topic)
        return [_end(lit, now_s) for lit in self.lit if lit.identity.topic == topic]

    def plan(self, notification: Notification, signal: Signal, now_s: float) -> Step:
        """What this signal changes; the states stay as they are."""
        identity = identify(notification, signal)
        deleted = notification.operation == "Deleted"
        value = False if deleted and signal.value is not None else signal.value
        step = Step(identity, None, signal.kind, signal.object, notification.topic, value=value, now_s=now_s)
        if value is None:
            return step if deleted else self._plan_pulse(notification, step)
        lit = self._lit.get(identity)
        if lit is not None:
            return step if value else replace(step, change="end", kind=lit.kind, object=lit.object)
        if not value:
            return step
        if len(self._lit) >= self.limit:
            return replace(step, refused=True)
        # Later, `Initialized` is only how some firmware says `Changed`.
        return replace(step, change="start", at_start=self._syncing and notification.operation == "Initialized")

    def _plan_pulse(self, notification: Notification, step: Step) -> Step:
        moment = notification.time.isoformat() if notification.time else None
        step = replace(step, fingerprint=(tuple(notification.data.items()), moment))
        before = self._pulses.get(step.identity)
        if before is None:
            # The first value of what calls itself a property is how it stands, not that something happened.
            return step if notification.operation == "Initialized" else replace(step, change="pulse")
        fingerprint, seen_s = before
        window_s = REPEAT_S if moment else UNTIMED_REPEAT_S
        repeated = fingerprint == step.fingerprint and step.now_s - seen_s < window_s
        if repeated or (notification.operation == "Initialized" and fingerprint == step.fingerprint):
            return step
        return replace(step, change="pulse")

    def apply(self, step: Step) -> None:
        """Take the step."""
        if step.value is None:
            if step.fingerprint:
                _put(self._pulses, step.identity, (step.fingerprint, step.now_s), self.limit)
            return
        if step.refused:
            return
        _light(self._lit, step)
        if step.identity in self._lit:
            self._confirmed.add(step.identity)
        else:
            self._confirmed.discard(step.identity)
        if step.value or step.identity.key:
            # What has a key is one tracked object: it does not come again, so it need not be known.
            self._off.pop(step.identity, None)
        else:
            _put(self._off, step.identity, None, self.limit)

    def begin_sync(self) -> None:
        """A new subscription begins: the camera will now say how everything stands."""
        self._confirmed.clear()
        self._syncing = True

    def end_sync(self) -> None:
        """It has said how everything stands; what comes now is new."""
        self._syncing = False

    def unconfirmed(self, now_s: float) -> Iterator[Step]:
        """Ends of objects that the camera did not name again after `begin_sync`: they went while nobody watched."""
        for lit in self.lit:
            if lit.identity.key and lit.identity not in self._confirmed:
                yield _end(lit, now_s)


def _end(lit: Lit, now_s: float) -> Step:
    return Step(lit.identity, "end", lit.kind, lit.object, lit.topic, value=False, now_s=now_s)


def identify(notification: Notification, signal: Signal) -> Identity:
    return Identity(
        path_of(notification.topic),
        tuple(sorted(notification.source.items())),
        tuple(sorted(notification.key.items())),
        signal.item,
    )


def _light(lit: dict[Identity, Lit], step: Step) -> None:
    if step.change == "start":
        lit[step.identity] = Lit(step.identity, step.kind, step.object, step.topic)
    elif step.change == "end":
        lit.pop(step.identity, None)


def _put(known: dict[Identity, V], identity: Identity, value: V, limit: int) -> None:
    """As the newest; the oldest goes when there are too many."""
    known.pop(identity, None)
    while len(known) >= limit:
        del known[next(iter(known))]
    known[identity] = value
