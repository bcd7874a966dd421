"""The alarms a simulated camera can raise, in one table: kind -> the notifications that real cameras send for it."""

from dataclasses import dataclass, replace
from datetime import datetime

Items = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Notification:
    """One wsnt:NotificationMessage. `operation` is Initialized, Changed, Deleted or None (not a property).

    `number` is that of the Raised record it belongs to (0: none).
    """

    topic: str
    source: Items
    key: Items
    data: Items
    operation: str | None
    time: datetime | str
    number: int = 0

    @property
    def identity(self) -> tuple[str, Items, Items]:
        """What makes it the same property: topic, source and key (ONVIF Core, 9.4)."""
        return self.topic, self.source, self.key

    def initialized(self) -> "Notification":
        return replace(self, operation="Initialized", number=0)


@dataclass(frozen=True, slots=True)
class Topic:
    """How one topic is sent. `values` are the texts for off and on, None for a pulse without a boolean.

    `key` and `pulse_data` name an item that gets the raise's number: the tracked object.
    """

    path: str
    source: Items
    data: str = ""
    values: tuple[str, str] | None = ("false", "true")
    key: str = ""


VIDEO_SOURCE = "VideoSource_1"
_ANALYTICS: Items = (
    ("VideoSourceConfigurationToken", "VideoSourceToken"),
    ("VideoAnalyticsConfigurationToken", "VideoAnalyticsToken"),
)


def _rule(name: str) -> Items:
    return (*_ANALYTICS, ("Rule", name))


_SOURCE: Items = (("Source", VIDEO_SOURCE),)

ALARMS: dict[str, tuple[Topic, ...]] = {
    "motion": (
        Topic("tns1:RuleEngine/CellMotionDetector/Motion", _rule("MyMotionDetectorRule"), "IsMotion"),
        Topic("tns1:VideoSource/MotionAlarm", _SOURCE, "State"),
    ),
    "tamper": (Topic("tns1:RuleEngine/TamperDetector/Tamper", _rule("MyTamperDetectorRule"), "IsTamper"),),
    "line_crossing": (
        Topic("tns1:RuleEngine/LineDetector/Crossed", _rule("MyLineDetectorRule"), "ObjectId", values=None),
    ),
    "field": (
        Topic("tns1:RuleEngine/FieldDetector/ObjectsInside", _rule("MyFieldDetectorRule"), "IsInside", key="ObjectId"),
    ),
    "digital_input": (Topic("tns1:Device/Trigger/DigitalInput", (("InputToken", "DigitalInput_1"),), "LogicalState"),),
    "person": (Topic("tns1:UserAlarm/IVA/HumanShapeDetect", _SOURCE, "State"),),
    "vehicle": (Topic("tns1:VehicleAlarm/IVB/VehicleDetect", _SOURCE, "State"),),
    "scene_change": (Topic("tns1:VideoSource/GlobalSceneChange/ImagingService", _SOURCE, "State"),),
    "too_dark": (Topic("tns1:VideoSource/ImageTooDark/ImagingService", _SOURCE, "State"),),
    "signal_loss": (Topic("tns1:VideoSource/SignalLoss", _SOURCE, "State"),),
    "storage_failure": (Topic("tns1:Device/HardwareFailure/StorageFailure", (("Token", ""),), "Failed"),),
}


def notification(topic: Topic, *, active: bool, object_id: str, time: datetime, number: int) -> Notification:
    """What is sent when this topic goes on or off."""
    if topic.values is None:
        return Notification(topic.path, topic.source, (), ((topic.data, object_id),), None, time, number)
    key: Items = ((topic.key, object_id),) if topic.key else ()
    data = ((topic.data, topic.values[active]),)
    return Notification(topic.path, topic.source, key, data, "Changed", time, number)


def at_rest(time: datetime) -> list[Notification]:
    """The properties that exist before anything has happened, all off; keyed ones exist only while an object does."""
    resting = (topic for topics in ALARMS.values() for topic in topics if topic.values is not None and not topic.key)
    return [notification(t, active=False, object_id="", time=time, number=0).initialized() for t in resting]
