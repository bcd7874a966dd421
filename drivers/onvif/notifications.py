"""The body of PullMessages or Notify -> notifications, topic included, from whatever firmware. Pure.

Names are matched without namespaces; what cannot be read is left empty rather than refused. Raises only `BadXml` and
`TooLarge`. Form of a message: ONVIF Core Specification, Event Handling; OASIS WS-BaseNotification 1.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from drivers.devicehttp.request import TooLarge
from drivers.safexml import BadXml, Element, attribute, children, local, parse_xml, text_of

__all__ = ["BadXml", "Notification", "TooLarge", "clean_topic", "parse", "parse_time", "read_notifications"]

MAX_NOTIFICATIONS = 1000
MAX_ITEMS = 64
MAX_VALUE_CHARS = 1024

_OPERATIONS = {
    "initialized": "Initialized",
    "initialised": "Initialized",
    "changed": "Changed",
    "deleted": "Deleted",
}
_TAIL = re.compile(r"[/.|]+$")
_TIME = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ]+(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,](\d+))?"
    r"\s*(Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_MAX_TIME_CHARS = 64


class Notification(NamedTuple):
    """One message. `topic` as sent but cleaned; `operation` is Initialized, Changed, Deleted or empty.

    `source`, `key` and `data` are name -> value in the order of the document; a name that comes again gets `#2`, `#3`.
    `time` is the camera's, aware, in UTC; None when it sent none that is a time.
    """

    topic: str
    operation: str
    source: dict[str, str]
    key: dict[str, str]
    data: dict[str, str]
    time: datetime | None


def parse(body: bytes) -> list[Notification]:
    """All notifications in the body, in order. Raises `BadXml` and `TooLarge`."""
    return read_notifications(parse_xml(body))


def read_notifications(root: Element) -> list[Notification]:
    """The same from a tree; at most `MAX_NOTIFICATIONS`."""
    found: list[Notification] = []
    for node in root.iter():
        if local(node) == "NotificationMessage":
            found.append(_read(node))
            if len(found) == MAX_NOTIFICATIONS:
                break
    return found


def _read(node: Element) -> Notification:
    messages = [found for found in _own(node) if local(found) == "Message"]
    topic = next((clean_topic(text_of(found)) for found in children(node, "Topic")), "")
    return Notification(
        topic=topic,
        operation=_operation(_first_attribute(messages, "PropertyOperation")),
        source=_items(_sections(messages, "Source")),
        key=_items(_sections(messages, "Key")),
        data=_items(_sections(messages, "Data")) or _items(_sections(messages, "SimpleItem")),
        time=parse_time(_first_attribute(messages, "UtcTime")),
    )


def _own(node: Element) -> Iterator[Element]:
    """The descendants that belong to this message, not to one that broken nesting put into it, nor to an item."""
    for child in node:
        if local(child) in ("NotificationMessage", "ElementItem", "SimpleItem"):
            continue
        yield child
        yield from _own(child)


def _first_attribute(messages: Iterable[Element], name: str) -> str:
    return next((value for node in messages if (value := attribute(node, name))), "")


def _sections(messages: Iterable[Element], name: str) -> list[Element]:
    return [section for node in messages for section in children(node, name)]


def _items(sections: Iterable[Element]) -> dict[str, str]:
    """SimpleItem and ElementItem of these sections; an item may stand below wrappers of the vendor's own."""
    found: dict[str, str] = {}
    for section in sections:
        for node in section.iter():
            kind = local(node)
            if kind not in ("SimpleItem", "ElementItem") or len(found) == MAX_ITEMS:
                continue
            if any(local(above) == "ElementItem" for above in node.iterancestors()):
                continue
            name = (attribute(node, "Name") or "").strip()
            if name:
                _put(found, name, _simple_value(node) if kind == "SimpleItem" else _element_value(node))
    return found


def _put(found: dict[str, str], name: str, value: str) -> None:
    number = 1
    unique = name
    while unique in found:
        number += 1
        unique = f"{name}#{number}"
    found[unique] = value[:MAX_VALUE_CHARS]


def _simple_value(node: Element) -> str:
    value = attribute(node, "Value")
    return (text_of(node) if value is None else value).strip()


def _element_value(node: Element) -> str:
    """What an ElementItem says in words: its texts, or else its attributes, e.g. the corners of a polygon."""
    texts = [part for text in node.itertext() if (part := str(text).strip())]
    if texts:
        return " ".join(texts)
    inner = (found for found in node.iter() if found is not node)
    return " ".join(f"{name!s}={value!s}" for found in inner for name, value in found.attrib.items())


def _operation(text: str) -> str:
    return _OPERATIONS.get(text.strip().lower(), "")


def clean_topic(text: str) -> str:
    """Without white space and without the tails `/`, `//.` and `/.` that some firmware adds. Prefixes stay."""
    return _TAIL.sub("", "".join(text.split())).lstrip("/")


def parse_time(text: str) -> datetime | None:
    """An xs:dateTime as cameras write it, in UTC; without a zone it is taken as UTC. None when it is no time."""
    match = _TIME.fullmatch(text[:_MAX_TIME_CHARS].strip())
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    micros = int((match[7] or "")[:6].ljust(6, "0"))
    leap = timedelta(seconds=1) if second == 60 else timedelta()
    try:
        zone = _zone(match[8] or "")
        naive = datetime(year, month, day, hour, minute, min(second, 59 if leap else second), micros)  # noqa: DTZ001
        return naive.replace(tzinfo=zone).astimezone(UTC) + leap
    except (ValueError, OverflowError):
        return None


def _zone(text: str) -> timezone:
    if text[:1] not in ("+", "-"):
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
