"""XML of the event service: notification messages and the topic set. No I/O."""

from datetime import UTC, datetime

from simulators.camera.soap import element, leaf
from simulators.camera.times import BEIJING, format_time, format_time_us
from simulators.camera.topics import ALARMS, Items, Notification, Topic

CONCRETE = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
PICTURE_CHARS = 300_000
# Stands for the bad byte until the envelope is bytes.
BAD_BYTE_MARK = "\ue000"


def _items(tag: str, items: Items) -> str:
    return element(tag, *(element("tt:SimpleItem", Name=name, Value=value) for name, value in items))


def _time_text(moment: datetime | str, quirks: frozenset[str]) -> str:
    if isinstance(moment, str):
        return moment
    if "bad_times" in quirks:
        return "0000-00-00T00:61:16Z"
    if "local_event_times" in quirks:
        moment = moment.astimezone(BEIJING).replace(tzinfo=UTC)
    return format_time_us(moment) if "microseconds" in quirks else format_time(moment)


def notification_message(sent: Notification, quirks: frozenset[str]) -> str:
    """One wsnt:NotificationMessage (ONVIF Core, 9.4; WS-BaseNotification 1.3)."""
    source = sent.source
    if "bad_utf8" in quirks and source:
        source = ((source[0][0], source[0][1] + BAD_BYTE_MARK), *source[1:])
    parts = [_items("tt:Source", source)] if source else []
    if sent.key:
        parts.append(_items("tt:Key", sent.key))
    data = _items("tt:Data", sent.data)
    if "pictures_inside" in quirks:
        picture = element("tt:ElementItem", leaf("tt:Image", "A" * PICTURE_CHARS), Name="Picture")
        data = data.replace("</tt:Data>", f"{picture}</tt:Data>")
    parts.append(data)
    attributes = {"UtcTime": _time_text(sent.time, quirks)}
    if sent.operation is not None:
        attributes["PropertyOperation"] = sent.operation
    tail = "//." if "topic_tail" in quirks else "/" if "topic_slash" in quirks else ""
    topic = sent.topic + tail
    return element(
        "wsnt:NotificationMessage",
        leaf("wsnt:Topic", topic, Dialect=CONCRETE),
        element("wsnt:Message", element("tt:Message", *parts, **attributes)),
    )


def _description(topic: Topic) -> str:
    def described(tag: str, names: list[str], kind: str) -> str:
        listed = (element("tt:SimpleItemDescription", Name=name, Type=kind) for name in names)
        return element(tag, *listed)

    kind = "xs:boolean" if topic.values is not None else "xs:integer"
    parts = [described("tt:Source", [name for name, _ in topic.source], "tt:ReferenceToken")]
    if topic.key:
        parts.append(described("tt:Key", [topic.key], "xs:integer"))
    parts.append(described("tt:Data", [topic.data], kind))
    return element("tt:MessageDescription", *parts, IsProperty=str(topic.values is not None).lower())


def topic_set() -> str:
    """The wstop:TopicSet of GetEventProperties: the table of alarms as a tree."""
    tree: dict[str, dict[str, object]] = {}
    for topic in (topic for topics in ALARMS.values() for topic in topics):
        node: dict[str, dict[str, object]] = tree
        *steps, last = topic.path.split("/")
        for step in steps:
            node = node.setdefault(step, {})  # type: ignore[assignment]  # a tree of dicts with Topic leaves
        node[last] = {"": topic}
    return element("wstop:TopicSet", *(_topic_node(name, node) for name, node in tree.items()))


def _topic_node(name: str, node: dict[str, object]) -> str:
    topic = node.get("")
    if isinstance(topic, Topic):
        return element(name, _description(topic), **{"wstop:topic": "true"})
    return element(name, *(_topic_node(sub, deeper) for sub, deeper in node.items() if isinstance(deeper, dict)))
