"""Which alarms of one camera are on: turns signals into changes, and nothing else into anything. Pure.

A state is what has the same topic, sorted source, key and data name. Only a change of value is a change; endless
repeats and `Initialized` for `Changed` make no difference. What is on can be written down and read again, so that a
restart raises nothing twice and ends what ended meanwhile. What is off is not kept: a first `false` says nothing new.
A step is planned first and applied when it is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, TypeVar

import msgspec

from drivers.onvif.notifications import Notification
from drivers.onvif.vocabulary import EVERYTHING, Signal, state_path

MAX_STATES = 256
# Of these so many may be tracked objects; some firmware never says that one has gone.
MAX_OBJECTS = 64
# A pulse lasts so long: what comes again within it, with the same data, is the same pulse.
PULSE_S = 5.0
# The same pulse, resent with the same time.
REPEAT_S = 60.0
# What nobody knows may be a reading that changes all the time.
OTHER_S = 60.0
# Some firmware says each time that somebody came, and never that he went. Who is seen again after so long came again.
RENEW_S = 180.0

_PASSING = frozenset(
    {"motion", "person", "vehicle", "animal", "face", "object", "line_crossing", "intrusion", "loitering", "sound"}
)
# Some firmware names its video source in two ways, one at the start and one afterwards.
_SAME = {"vsconf": "VideoSourceToken"}

Pairs = tuple[tuple[str, str], ...]
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
    told: bool = False
    """The camera names this state when it tells how everything stands."""


class Pulse(NamedTuple):
    """The last one of its identity. `data` is a hash; `moment_s` is by the camera's clock, None if it told none."""

    data: int
    moment_s: float | None
    seen_s: float


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
    initialized: bool = False
    pulse: Pulse | None = None
    now_s: float = 0.0
    aside: bool = False
    """It ends something else than what the message speaks of; what the message holds is not about it."""
    refused: bool = False
    """There was no room for one more state: a camera that invents names must not fill the box."""


class States:
    """All states of one camera, at most `limit`. Not thread-safe; times are monotonic seconds."""

    def __init__(self, lit: list[Lit] | None = None, *, limit: int = MAX_STATES) -> None:
        self.limit = limit
        self._lit: dict[Identity, Lit] = {one.identity: one for one in lit or ()}
        self._seen_s: dict[Identity, float] = {}
        self._pulses: dict[Identity, Pulse] = {}
        self._confirmed: set[Identity] = set()
        self._told: dict[Identity, None] = {one.identity: None for one in lit or () if one.told}
        self._syncing = True
        self._tells = False

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
        told = (msgspec.structs.replace(one, told=one.identity in self._told) for one in lit.values())
        return msgspec.json.encode(list(told))

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
        """What this signal changes, in order; a signal may end many states, and a start may need an end before it."""
        if signal.item == EVERYTHING:
            whole = identify(notification, signal)
            return [_end(lit, now_s) for lit in self.lit if _covers(whole, lit.identity)]
        if signal.value is None and not any(notification[2:5]):
            # An empty message of what may be a pulse: the end of what is on, if anything is.
            ends = [_end(lit, now_s) for lit in self.lit if lit.identity.topic == state_path(notification.topic)]
            if ends:
                return ends
        step = self.plan(notification, signal, now_s)
        if step.change != "start":
            return [step]
        before = self._lit.get(step.identity) or self._oldest_object(step.identity)
        return [step] if before is None else [_end(before, now_s), replace(step, refused=False)]

    def plan(self, notification: Notification, signal: Signal, now_s: float) -> Step:
        """What this signal changes by itself; the states stay as they are."""
        identity = identify(notification, signal)
        step = Step(
            identity,
            None,
            signal.kind,
            signal.object,
            notification.topic,
            value=signal.value,
            initialized=notification.operation == "Initialized",
            now_s=now_s,
        )
        if signal.value is None:
            return self._plan_pulse(notification, step)
        lit = self._lit.get(identity)
        if lit is not None:
            if not signal.value:
                return replace(step, change="end", kind=lit.kind, object=lit.object)
            return replace(step, change="start") if self._came_again(step) else step
        if not signal.value:
            return step
        if len(self._lit) >= self.limit and self._oldest_object(identity) is None:
            return replace(step, refused=True)
        # Later, `Initialized` is only how some firmware says `Changed`.
        return replace(step, change="start", at_start=self._syncing and step.initialized)

    def _came_again(self, step: Step) -> bool:
        """On since long ago, and said to be on anew: its end was never sent, or was lost."""
        seen_s = self._seen_s.get(step.identity, step.now_s)
        return step.kind in _PASSING and not step.initialized and step.now_s - seen_s >= RENEW_S

    def _oldest_object(self, identity: Identity) -> Lit | None:
        """Who must go so that one more tracked object has room; None when there is room, or it is no object."""
        if not identity.key:
            return None
        objects = [lit for lit in self._lit.values() if lit.identity.key]
        return objects[0] if objects and (len(objects) >= MAX_OBJECTS or len(self._lit) >= self.limit) else None

    def _plan_pulse(self, notification: Notification, step: Step) -> Step:
        moment_s = notification.time.timestamp() if notification.time else None
        pulse = Pulse(hash(tuple(notification.data.items())), moment_s, step.now_s)
        before = self._pulses.get(step.identity)
        step = replace(step, pulse=pulse)
        if before is None:
            # The first value of what calls itself a property is how it stands, not that something happened.
            return step if step.initialized and self._syncing else replace(step, change="pulse")
        if _same_pulse(before, pulse, step):
            return replace(step, pulse=before)
        return replace(step, change="pulse")

    def apply(self, step: Step) -> None:
        """Take the step."""
        if step.initialized:
            self._tells = True
            _put(self._told, step.identity, None, self.limit)
        if step.value is None:
            if step.pulse is not None:
                _put(self._pulses, step.identity, step.pulse, self.limit)
            return
        if step.refused:
            return
        _light(self._lit, step)
        if step.identity in self._lit:
            self._confirmed.add(step.identity)
            self._seen_s[step.identity] = step.now_s
        else:
            self._confirmed.discard(step.identity)
            self._seen_s.pop(step.identity, None)

    def begin_sync(self) -> None:
        """A new subscription begins: the camera will now say how everything stands."""
        self._confirmed.clear()
        self._syncing, self._tells = True, False

    def end_sync(self) -> None:
        """It has said how everything stands; what comes now is new."""
        self._syncing = False

    def unconfirmed(self, now_s: float, *, replaced: bool = False) -> Iterator[Step]:
        """Ends of what the camera did not name again after `begin_sync`: it went while nobody watched.

        A tracked object that is gone is never named again. Any other state would have been named by a camera that has
        named that very state before, and names others now: the rule was deleted. From a camera that tells nothing at
        the start, silence means nothing; there the state stays on until it is told to be off, or on anew, or until the
        camera was `replaced`.
        """
        for lit in self.lit:
            named = self._tells and lit.identity in self._told
            if (lit.identity.key or named or replaced) and lit.identity not in self._confirmed:
                yield _end(lit, now_s)


def _end(lit: Lit, now_s: float) -> Step:
    return Step(lit.identity, "end", lit.kind, lit.object, lit.topic, value=False, now_s=now_s, aside=True)


def identify(notification: Notification, signal: Signal) -> Identity:
    return Identity(
        state_path(notification.topic),
        tuple(sorted((name, _SAME.get(value, value)) for name, value in notification.source.items())),
        tuple(sorted(notification.key.items())),
        signal.item,
    )


def _covers(whole: Identity, one: Identity) -> bool:
    """Whether a word about everything of that topic, source and key, as far as it names them, is about this state."""
    return (
        one.topic == whole.topic
        and (not whole.source or one.source == whole.source)
        and (not whole.key or one.key == whole.key)
    )


def _same_pulse(before: Pulse, pulse: Pulse, step: Step) -> bool:
    quiet_s = step.now_s - before.seen_s
    if step.kind == "other" and quiet_s < OTHER_S:
        return True
    if before.data != pulse.data:
        return False
    if step.initialized and before.moment_s == pulse.moment_s:
        return True
    if step.kind == "counter":
        # The same count again is no news.
        return True
    if before.moment_s is None or pulse.moment_s is None:
        return quiet_s < PULSE_S
    apart_s = abs(pulse.moment_s - before.moment_s)
    return apart_s < PULSE_S and quiet_s < (REPEAT_S if apart_s == 0 else PULSE_S)


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
