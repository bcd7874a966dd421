"""What cameras say -> what we call it: one table from topic and data name to alarm kind. Pure.

Topics are compared by local names, so that no vendor's prefix matters. Names that tell the kind themselves (`IsPeople`)
win over the topic, because firmware moves them between topics. What nobody knows becomes `other`, its topic kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from drivers.onvif.notifications import Notification
from drivers.safexml import bare


class Signal(NamedTuple):
    """One thing that a notification says. `value` is None for a pulse, which has no end of its own."""

    kind: str
    item: str
    value: bool | None
    object: str = ""


IGNORED = (
    "MediaControl/**", "Media/**", "Monitoring/**", "RecordingConfig/**", "RecordingHistory/**", "Recording/**",
    "PTZController/**", "Configuration/**", "Device/OperationMode/**", "Device/Status/**", "Device/Light/**",
    "Device/System/**", "Imaging/**", "VideoSource/DayNightVision/**", "VideoSource/LiveStreamAccessed/**",
    "VideoSource/ABR/**", "MQTT/**", "EventLogger/**", "Heartbeat/**", "**/xinternal_data", "AdvancedSecurity/**",
    "Credential/**", "Schedule/**", "LightControl/**", "VideoEncoder/**", "AudioControl/**", "Firmware/**",
)  # fmt: skip
"""State of the machine, not of what it watches."""

# Order counts: the first pattern that fits. `*` is one level, `**` any number of levels.
TOPICS: tuple[tuple[str, str], ...] = (
    ("**/MotionAlarm/**", "motion"),
    ("VideoSource/ImageTooDark/**", "too_dark"),
    ("VideoSource/ImageTooBright/**", "too_bright"),
    ("VideoSource/ImageTooBlurry/**", "too_blurry"),
    ("VideoSource/GlobalSceneChange/**", "scene_change"),
    ("VideoSource/SignalLoss/**", "signal_lost"),
    ("VideoSource/SignalLost/**", "signal_lost"),
    ("**/VideoLost/**", "signal_lost"),
    ("**/VideoLoss/**", "signal_lost"),
    ("**/VideoCover/**", "tamper"),
    ("**/VideoBlind/**", "tamper"),
    ("VideoSource/Tampering/**", "tamper"),
    ("VideoAnalytics/MotionDetection/**", "motion"),
    ("VideoAnalytics/MaskAlarm/**", "tamper"),
    ("RuleEngine/CellMotionDetector/Motion", "motion"),
    ("RuleEngine/CellMotionDetector/Intrusion", "intrusion"),
    ("RuleEngine/CellMotionDetector/LineCross", "line_crossing"),
    ("RuleEngine/CellMotionDetector/People", "person"),
    ("RuleEngine/CellMotionDetector/Tamper", "tamper"),
    ("RuleEngine/CellMotionDetector/TpSmartEvent", "object"),
    ("RuleEngine/TPSmartEventDetector/**", "object"),
    ("RuleEngine/PeopleDetector/**", "person"),
    ("RuleEngine/IntrusionDetector/**", "intrusion"),
    ("RuleEngine/LineCrossDetector/**", "line_crossing"),
    ("RuleEngine/VehicleDetector/**", "vehicle"),
    ("RuleEngine/MotionRegionDetector/**", "motion"),
    ("RuleEngine/MotionDetector/**", "motion"),
    ("RuleEngine/VMD3/**", "motion"),
    ("RuleEngine/TamperDetector/**", "tamper"),
    ("RuleEngine/LineDetector/**", "line_crossing"),
    ("RuleEngine/FieldDetector/Loitering", "loitering"),
    ("RuleEngine/LoiteringDetector/**", "loitering"),
    ("RuleEngine/FieldDetector/**", "intrusion"),
    ("RuleEngine/CountAggregation/**", "counter"),
    ("RuleEngine/ObjectDetector/Count", "counter"),
    ("RuleEngine/ObjectDetection/**", "object"),
    ("RuleEngine/Recognition/Face", "face"),
    ("RuleEngine/Recognition/LicensePlate", "vehicle"),
    ("RuleEngine/MyRuleDetector/PeopleDetect", "person"),
    ("RuleEngine/MyRuleDetector/VehicleDetect", "vehicle"),
    ("RuleEngine/MyRuleDetector/DogCatDetect", "animal"),
    ("RuleEngine/MyRuleDetector/FaceDetect", "face"),
    ("RuleEngine/MyRuleDetector/Visitor", "person"),
    ("RuleEngine/MyRuleDetector/Package", "object"),
    ("RuleEngine/RingDetector/**", "person"),
    ("UserAlarm/IVA/HumanShapeDetect", "person"),
    ("VehicleAlarm/IVB/VehicleDetect", "vehicle"),
    ("UserAlarm/IllegalAccess/**", "illegal_access"),
    ("Device/Trigger/DigitalInput/**", "digital_input"),
    ("Device/Trigger/AlarmIn/**", "digital_input"),
    ("Device/Trigger/Relay/**", "relay"),
    ("Device/IO/OutputPort/**", "relay"),
    ("Device/IO/**", "digital_input"),
    ("Device/Sensor/PIR/**", "motion"),
    ("Device/Casing/**", "tamper"),
    ("Device/HardwareFailure/StorageFailure/**", "storage_failure"),
    ("Storage/**", "storage_failure"),
    ("Device/Network/EthernetBroken/**", "network_failure"),
    ("Device/Network/Lost/**", "network_failure"),
    ("Device/Network/IPConflict/**", "network_failure"),
    ("AudioAnalytics/**", "sound"),
    ("AudioSource/**", "sound"),
    ("CameraApplicationPlatform/VMD/**", "motion"),
    ("CameraApplicationPlatform/MotionGuard/**", "motion"),
    ("CameraApplicationPlatform/FenceGuard/**", "line_crossing"),
    ("CameraApplicationPlatform/LoiteringGuard/**", "loitering"),
    ("CameraApplicationPlatform/ObjectAnalytics/**", "object"),
)
"""ONVIF Core and Analytics specifications, and what Hikvision, Dahua, TP-Link, Reolink, Axis, Ajax and clones send."""

TELLING_ITEMS = {
    "ismotion": "motion",
    "istamper": "tamper",
    "isintrusion": "intrusion",
    "islinecross": "line_crossing",
    "ispeople": "person",
    "isperson": "person",
    "ishuman": "person",
    "isvehicle": "vehicle",
    "ispet": "animal",
    "isanimal": "animal",
    "isface": "face",
    "isloitering": "loitering",
    "isregionentrance": "intrusion",
    "isregionexiting": "intrusion",
    "isunattendedbaggage": "object",
}
"""Data names that say the kind themselves; one message may carry several."""

PLAIN_ITEMS = frozenset(
    {"state", "isinside", "istpsmartevent", "failed", "logicalstate", "active", "alert", "triggered", "detected",
     "isdetected", "lost", "disruption", "tampering"}
)  # fmt: skip
"""Data names that hold the boolean; the kind is the topic's."""

IGNORED_ITEMS = frozenset({"isconfigchange"})
"""Data names that speak of the machine, in whatever topic."""

EVERYTHING = "*"
"""Item of a signal that speaks of all states of its topic."""

CLASS_ITEMS = frozenset({"classtypes"})
CLASSES = {
    "human": "person",
    "person": "person",
    "people": "person",
    "face": "face",
    "vehicle": "vehicle",
    "car": "vehicle",
    "animal": "animal",
    "pet": "animal",
}
"""Object classes, also as words in the names of rules."""

WORDS = {
    **CLASSES,
    "pedestrian": "person",
    "visitor": "person",
    "plate": "vehicle",
    "dog": "animal",
    "cat": "animal",
    "motion": "motion",
    "tamper": "tamper",
    "tampering": "tamper",
    "mask": "tamper",
    "cover": "tamper",
    "line": "line_crossing",
    "tripwire": "line_crossing",
    "intrusion": "intrusion",
    "loitering": "loitering",
    "sound": "sound",
    "audio": "sound",
    "smoke": "smoke",
    "fire": "fire",
    "door": "door",
    "counter": "counter",
}
"""The last resort: words in the last levels of a topic that is in no table."""

_CHINESE_WORDS = (("人脸", "face"), ("人", "person"), ("车", "vehicle"), ("动物", "animal"))
_PULSES = frozenset({"line_crossing", "counter", "person"})
_VAGUE = frozenset({"motion", "object", "other"})
_TRUE = frozenset({"true", "1", "active", "on", "yes"})
_FALSE = frozenset({"false", "0", "inactive", "off", "no"})
_OBJECT_ITEMS = ("objectid", "object", "class", "objectclass", "type", "platenumber")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
MAX_OBJECT_CHARS = 64
RULE_ITEMS = ("rule", "rulename")


def interpret(notification: Notification) -> tuple[Signal, ...]:
    """What the notification says; empty when it is of no interest."""
    path = path_of(notification.topic)
    if is_ignored(path) or any(name.lower() in IGNORED_ITEMS for name in notification.data):
        return ()
    kind = kind_of(path)
    if not (notification.source or notification.key or notification.data):
        # Some firmware sends an empty message when it is over; what is always a pulse has no over.
        return (Signal(kind, "", None),) if kind in _PULSES else (Signal(kind, EVERYTHING, False),)
    return _class_signals(notification) or tuple(_telling(notification)) or (_by_topic(notification, kind),)


def _by_topic(notification: Notification, kind: str) -> Signal:
    kind = _refined(kind, rule_of(notification))
    name, value = next(_plain_booleans(notification.data), ("", None))
    return Signal(kind, name, value, object_of(notification))


def path_of(topic: str) -> str:
    """The topic without any prefix: `tns1:Device/tnshik:Network` -> `Device/Network`."""
    # A name in braces holds slashes of its own.
    levels = re.sub(r"\{[^}]*\}", "", topic).split("/")
    return "/".join(name for level in levels if (name := bare(level)))


@lru_cache(maxsize=512)
def is_ignored(path: str) -> bool:
    return any(fits(path, pattern) for pattern in IGNORED)


@lru_cache(maxsize=512)
def kind_of(path: str) -> str:
    """The kind that the topic alone tells, or `other`."""
    for pattern, kind in TOPICS:
        if fits(path, pattern):
            return kind
    return next((WORDS[word] for level in reversed(path.split("/")[-2:]) for word in words(level) if word in WORDS),
                "other")  # fmt: skip


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = [".*" if level == "**" else "[^/]+" if level == "*" else re.escape(level) for level in pattern.split("/")]
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
    return next((value for name, value in notification.source.items() if name.lower() in RULE_ITEMS), "")


def object_of(notification: Notification) -> str:
    """Object id or class, as the device gives it."""
    items = [*notification.key.items(), *notification.data.items()]
    for wanted in _OBJECT_ITEMS:
        for name, value in items:
            if name.lower() == wanted and value:
                return value[:MAX_OBJECT_CHARS]
    return ""


def _telling(notification: Notification) -> Iterator[Signal]:
    thing = object_of(notification)
    for name, text in notification.data.items():
        told = TELLING_ITEMS.get(name.lower())
        value = boolean(text)
        if told and value is not None:
            # A motion topic whose rule is called after an object: the rule knows more.
            yield Signal(_refined(told, rule_of(notification)) if told == "motion" else told, name, value, thing)


def _plain_booleans(data: dict[str, str]) -> Iterator[tuple[str, bool]]:
    for name, text in data.items():
        value = boolean(text)
        lowered = name.lower()
        if (lowered in PLAIN_ITEMS or lowered.startswith("is")) and value is not None:
            yield name, value
    # A name that nobody knows, with a value that is a truth and no number, is the state all the same.
    spelled = [(name, boolean(text)) for name, text in data.items() if text.strip().lower() in ("true", "false")]
    if len(spelled) == 1 and spelled[0][1] is not None:
        yield spelled[0][0], spelled[0][1]


def _class_signals(notification: Notification) -> tuple[Signal, ...]:
    """A list of the classes that are in the picture now: each class is a state of its own, an empty list ends all."""
    for name, text in notification.data.items():
        if name.lower() in CLASS_ITEMS:
            present = {CLASSES.get(word.lower(), "object") for word in re.split(r"[\s,;|]+", text) if word}
            thing = text[:MAX_OBJECT_CHARS]
            return tuple(
                Signal(kind, f"{name}:{kind}", kind in present, thing if kind in present else "")
                for kind in ("person", "vehicle", "animal", "face", "object")
            )
    return ()


def _refined(kind: str, rule: str) -> str:
    if kind not in _VAGUE or not rule:
        return kind
    return next(_classes_in(rule), kind)


def _classes_in(rule: str) -> Iterator[str]:
    found: Iterable[str] = (CLASSES[word] for word in words(rule) if word in CLASSES)
    yield from found
    yield from (kind for text, kind in _CHINESE_WORDS if text in rule)
