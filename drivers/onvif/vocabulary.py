"""What cameras say -> what we call it: reads one notification by the table in `topics`. Pure.

Topics are compared by local names, so that no vendor's prefix matters. Names that tell the kind themselves (`IsPeople`)
win over the topic, because firmware moves them between topics. What nobody knows becomes `other`, its topic kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from drivers.onvif.notifications import Notification
from drivers.onvif.topics import (
    CHINESE_WORDS,
    CLASS_ITEMS,
    CLASSES,
    COUNTING_WORDS,
    IGNORED,
    IGNORED_ITEMS,
    NO_CLASS,
    PLACES,
    RULE_ITEMS,
    STATE_ITEMS,
    SURE_CLASS_ITEMS,
    TELLING_ITEMS,
    TOPICS,
    WEAK_ITEMS,
    WORDS,
)
from drivers.safexml import bare

__all__ = ["EVERYTHING", "IGNORED", "MAX_OBJECT_CHARS", "RULE_ITEMS", "TOPICS", "WORDS", "Signal", "boolean",
           "interpret", "kind_of", "path_of", "state_path"]  # fmt: skip


class Signal(NamedTuple):
    """One thing that a notification says. `value` is None for a pulse, which has no end of its own."""

    kind: str
    item: str
    value: bool | None
    object: str = ""


EVERYTHING = "*"
"""Item of a signal that speaks of all states of its topic, and of its source and key if it names them."""

MAX_OBJECT_CHARS = 64
_PULSES = frozenset({"line_crossing", "counter", "person"})
_VAGUE = frozenset({"motion", "object", "other"})
_LISTED = ("person", "vehicle", "animal", "face", "fire", "smoke", "object")
_TRUE = frozenset({"true", "1", "active", "on", "yes", "start", "started", "begin", "trigger", "triggered", "alarm"})
_FALSE = frozenset(
    {"false", "0", "inactive", "off", "no", "stop", "stopped", "end", "ended", "normal", "idle", "clear", "cleared"}
)
_SPELLED = frozenset({"true", "false"})
_NUMBERS = ("objectid", "platenumber", "licenseplate", "platetext")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_BRACES = re.compile(r"\{[^}]*\}")
# Two topics for one state, and no data: `IntrusionStarted`, `IntrusionEnded`.
_PHASE = re.compile(r"(.*[a-z])(?:(Started|Start|Begin)|(?:Ended|End|Stopped|Stop))")
_PREFIX_CHARS = 6
_PLACES = re.compile("|".join(map(re.escape, PLACES)), re.IGNORECASE)
_ALONE = {"人": "person", "车": "vehicle"}


def interpret(notification: Notification) -> tuple[Signal, ...]:
    """What the notification says; empty when it is of no interest."""
    path = path_of(notification.topic)
    if is_ignored(path) or any(name.lower() in IGNORED_ITEMS for name in notification.data):
        return ()
    kind = kind_of(path)
    if notification.operation == "Deleted":
        return (Signal(kind, EVERYTHING, False),)
    if not (notification.source or notification.key or notification.data):
        # Some firmware sends an empty message when it is over; what is always a pulse has no over.
        return (Signal(kind, EVERYTHING, False),) if kind not in _PULSES else (Signal(kind, "", None),)
    seen = _Seen.of(notification)
    return tuple(_telling(notification, kind, seen)) or _by_topic(notification, path, kind, seen)


class _Seen(NamedTuple):
    """What the camera says it saw. `classes` are kinds -> the camera's own word; `name` is the item that told them."""

    name: str
    classes: dict[str, str]
    rule_kind: str
    number: str

    @classmethod
    def of(cls, notification: Notification) -> _Seen:
        items = {name.lower(): value for part in notification[2:5] for name, value in part.items()}
        name = next((name for name in CLASS_ITEMS if name in items and _tells_class(name, items[name])), "")
        number = next((items[name] for name in _NUMBERS if items.get(name)), "")
        return cls(name, _classes(items.get(name, ""), name), _class_in(rule_of(notification)), number)

    @property
    def object(self) -> str:
        """For people: the class in the camera's word, else the class that the rule is named after, else the number."""
        return (next(iter(self.classes.values()), "") or self.number or self.rule_kind)[:MAX_OBJECT_CHARS]

    def refine(self, kind: str) -> str:
        """The class is more than that something moved; but a line stays a line, whoever crosses it."""
        if kind not in _VAGUE:
            return kind
        told = next(iter(self.classes), "") or self.rule_kind
        return told if told and told != "object" else kind


def _telling(notification: Notification, kind: str, seen: _Seen) -> Iterator[Signal]:
    for name, text in notification.data.items():
        value = boolean(text)
        told = _told_by(name) if value is not None else ""
        if told:
            # `IsMotion` of a topic that says more than motion: the topic counts.
            told = kind if told == "motion" and kind not in _VAGUE else told
            yield Signal(seen.refine(told), name, value, seen.object)


@lru_cache(maxsize=256)
def _told_by(name: str) -> str:
    lowered = name.lower()
    if lowered in TELLING_ITEMS:
        return TELLING_ITEMS[lowered]
    return _kind_in_words((name[2:],)) if lowered.startswith("is") and lowered not in STATE_ITEMS else ""


def _by_topic(notification: Notification, path: str, kind: str, seen: _Seen) -> tuple[Signal, ...]:
    refined = seen.refine(kind)
    if kind != "counter":
        for name, value in _booleans(notification.data):
            return (Signal(refined, name, value, seen.object),)
    if kind == "object" and seen.name in ("classtypes", "classtype"):
        return _listed(seen)
    if kind in _VAGUE and seen.name and not seen.classes and not seen.number:
        # A class item that names no class, and nothing else: nothing is seen.
        return ()
    phase = _PHASE.fullmatch(path)
    if phase:
        return (Signal(refined, "", bool(phase[2]), seen.object),)
    return (Signal(refined, "", None, seen.object),)


def _listed(seen: _Seen) -> tuple[Signal, ...]:
    """A list of the classes that are in the picture now: each is a state of its own, an empty list ends all."""
    return tuple(
        Signal(kind, f"class:{kind}", kind in seen.classes, seen.classes.get(kind, "")[:MAX_OBJECT_CHARS])
        for kind in _LISTED
    )


def _booleans(data: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    """States among the data, the surest first."""
    values = [(name, name.lower(), value) for name, text in data.items() if (value := boolean(text)) is not None]
    yield from ((name, value) for name, lowered, value in values if lowered in STATE_ITEMS)
    yield from ((name, value) for name, lowered, value in values if lowered.startswith("is"))
    # A name that nobody knows, with a value that is a truth and no number, is the state all the same.
    spelled = [(name, value) for name, _, value in values if data[name].strip().lower() in _SPELLED]
    if len(spelled) == 1:
        yield from spelled
    yield from ((name, value) for name, lowered, value in values if lowered in WEAK_ITEMS)


def path_of(topic: str) -> str:
    """The topic without any prefix: `tns1:Device/tnshik:Network` -> `Device/Network`."""
    # A name in braces holds slashes of its own.
    levels = _BRACES.sub("", topic).split("/")
    return "/".join(name for level in levels if (name := bare(level)))


def state_path(topic: str) -> str:
    """The same for what is started by one topic and ended by another."""
    path = path_of(topic)
    phase = _PHASE.fullmatch(path)
    return phase[1] if phase else path


@lru_cache(maxsize=512)
def is_ignored(path: str) -> bool:
    return any(fits(path, pattern) for pattern in IGNORED)


@lru_cache(maxsize=512)
def kind_of(path: str) -> str:
    """The kind that the topic alone tells, or `other`."""
    for pattern, kind in TOPICS:
        if fits(path, pattern):
            return kind
    return _kind_in_words(tuple(reversed(path.split("/")[-2:]))) or "other"


def _kind_in_words(names: tuple[str, ...]) -> str:
    found = [word for name in names for word in words(name)]
    if COUNTING_WORDS.intersection(found):
        return "counter"
    kinds = [WORDS[word] for word in found if word in WORDS] or [kind for word in found if (kind := _by_prefix(word))]
    # `FaceDetector/ObjectDetection`: what says more counts.
    return next((kind for kind in kinds if kind not in _VAGUE), next(iter(kinds), ""))


def _by_prefix(word: str) -> str:
    """`humandetection` is human; `cartridge` is no car."""
    return next((kind for known, kind in WORDS.items()
                 if (len(known) >= _PREFIX_CHARS or known == "human") and word.startswith(known)), "")  # fmt: skip


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = [".*" if level == "**" else re.escape(level).replace(r"\*", "[^/]*") for level in pattern.split("/")]
    text = "/".join(parts).replace("/.*", "(?:/.*)?").replace(".*/", "(?:.*/)?")
    return re.compile(text, re.IGNORECASE)


def fits(path: str, pattern: str) -> bool:
    return _compiled(pattern).fullmatch(path) is not None


def words(name: str) -> list[str]:
    """`HumanShapeDetect` -> human, shape, detect."""
    return [word.lower() for word in _WORD.findall(name)]


def boolean(text: str) -> bool | None:
    """True and false as cameras write them; None for anything else."""
    lowered = text.strip().lower()
    if lowered in _TRUE:
        return True
    return False if lowered in _FALSE else None


def rule_of(notification: Notification) -> str:
    """The name of the rule that fired; Hikvision and Dahua tell the object's class nowhere else."""
    parts = (notification.source, notification.key, notification.data)
    return next((value for part in parts for name, value in part.items() if name.lower() in RULE_ITEMS), "")


def _tells_class(name: str, text: str) -> bool:
    """An item with that name may hold something else, unless its name leaves no doubt."""
    return bool(_classes(text, name)) or (name in SURE_CLASS_ITEMS and text.strip().lower() in NO_CLASS)


def _classes(text: str, name: str) -> dict[str, str]:
    """`Human Vehicle` -> {person: Human, vehicle: Vehicle}. A word that is no known class is an object."""
    found: dict[str, str] = {}
    for word in re.split(r"[\s,;|]+", text[:256]):
        if word.lower() not in NO_CLASS:
            known = CLASSES.get(word.lower().replace("_", "").replace("-", ""))
            if known or name in SURE_CLASS_ITEMS:
                found.setdefault(known or "object", word)
    return found


@lru_cache(maxsize=256)
def _class_in(rule: str) -> str:
    """The class in the name that somebody gave to a rule, or nothing."""
    text = _PLACES.sub(" ", rule)
    found = words(text)
    known = [CLASSES[word] for word in found if word in CLASSES]
    known += [kind for word in found if (kind := _by_prefix(word)) in _LISTED and kind != "object"]
    known += [kind for word, kind in CHINESE_WORDS if word in text]
    known += [_ALONE[text.strip()]] if text.strip() in _ALONE else []
    return next(iter(known), "")
