"""The body of PullMessages or Notify -> notifications, topic included, from whatever firmware. Pure.

Names are matched without namespaces; what cannot be read is left empty rather than refused. Raises only `BadXml` and
`BodyTooLarge`. Form of a message: ONVIF Core Specification, Event Handling; OASIS WS-BaseNotification 1.3.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from drivers.devicehttp.request import BodyTooLarge
from drivers.safexml import BadXml, Element, attribute, local, parse_xml

__all__ = ["BadXml", "BodyTooLarge", "Notification", "clean_topic", "parse", "parse_time", "read_notifications"]

MAX_NOTIFICATIONS = 1000
MAX_TOPIC_CHARS = 512
MAX_ITEMS = 64
MAX_NAME_CHARS = 128
MAX_VALUE_CHARS = 1024
# Source and key are kept for as long as a state is on.
MAX_SOURCE_ITEMS = 16
MAX_SOURCE_CHARS = 256
# Elements of one ElementItem that are looked at.
MAX_INNER = 100

_SECTIONS = ("Source", "Key", "Data")
# Hanwha sends the description of an item with a value in it.
_SIMPLE = ("SimpleItem", "SimpleItemDescription")
_ITEMS = (*_SIMPLE, "ElementItem", "ElementItemDescription")
# What an analytics engine describes; some firmware puts it bare into Data.
_THINGS = ("Object", "Appearance", "Class")

_OPERATIONS = {
    "initialized": "Initialized",
    "initialised": "Initialized",
    "changed": "Changed",
    "deleted": "Deleted",
    "init": "Initialized",
    "initialize": "Initialized",
    "change": "Changed",
    "delete": "Deleted",
}
_SLASH = re.compile(r" ?/ ?")
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
    """All notifications in the body, in order. Raises `BadXml` and `BodyTooLarge`."""
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
    messages, sections, topic = [], [], ""
    for found in _own(node):
        name = local(found)
        if name == "Message":
            messages.append(found)
        elif name == "Topic":
            topic = topic or clean_topic(_topic_text(found))
        elif name in _SECTIONS:
            sections.append((name, found))
    data = _items(found for name, found in sections if name == "Data")
    return Notification(
        topic=topic,
        operation=_operation(_first_attribute(messages, "PropertyOperation")),
        source=_items((found for name, found in sections if name == "Source"), MAX_SOURCE_ITEMS, MAX_SOURCE_CHARS),
        key=_items((found for name, found in sections if name == "Key"), MAX_SOURCE_ITEMS, MAX_SOURCE_CHARS),
        data=data or _items(messages, shallow=True),
        time=parse_time(_first_attribute(messages, "UtcTime")),
    )


def _own(node: Element) -> Iterator[Element]:
    """The descendants that belong to this message, not to one that broken nesting put into it, nor to an item.

    Sections are not entered. No element is visited for two messages, so that nesting costs nothing.
    """
    for child in node:
        name = local(child)
        if name in _ITEMS or name == "NotificationMessage":
            continue
        yield child
        if name not in _SECTIONS and name != "Topic":
            yield from _own(child)


def _topic_text(node: Element) -> str:
    """Its own text; comments and broken elements within are left out."""
    return (node.text or "") + "".join(child.tail or "" for child in node)


def _first_attribute(messages: Iterable[Element], name: str) -> str:
    return next((value for node in messages if (value := attribute(node, name))), "")


def _items(
    sections: Iterable[Element], limit: int = MAX_ITEMS, chars: int = MAX_VALUE_CHARS, *, shallow: bool = False
) -> dict[str, str]:
    """SimpleItem and ElementItem of these sections; an item may stand below wrappers of the vendor's own."""
    found: dict[str, str] = {}
    for section in sections:
        for node in section if shallow else _items_in(section):
            if len(found) >= limit:
                return found
            name = (attribute(node, "Name") or "").strip()[:MAX_NAME_CHARS]
            if local(node) in _SIMPLE:
                if name:
                    _put(found, name, _simple_value(node)[:chars])
            elif not shallow:
                _put_element(found, name, node, chars)
    return found


def _items_in(node: Element) -> Iterator[Element]:
    """Items, and what stands in an item's place without being called one."""
    for child in node:
        name = local(child)
        if name == "NotificationMessage":
            continue
        if name in _ITEMS or (len(child) and local(child[0]) not in _ITEMS and name in _THINGS):
            yield child
        else:
            yield from _items_in(child)


def _put_element(found: dict[str, str], name: str, node: Element, chars: int) -> None:
    """What an ElementItem says in words. Of an object only its class and id: the rest is where it stands."""
    inner = list(itertools.islice(_below(node), MAX_INNER))
    thing = next((one for one in (node, *inner) if local(one) in _THINGS), None)
    told = _class_of(inner)
    if thing is None and not told:
        if name:
            _put(found, name, _words_of(inner)[:chars])
        return
    _put(found, name or "Object", (told or _words_of(inner))[:chars])
    number = "" if thing is None else attribute(thing, "ObjectId") or ""
    if number and "ObjectId" not in found:
        _put(found, "ObjectId", number[:chars])


def _below(node: Element) -> Iterator[Element]:
    for child in node:
        if local(child) != "NotificationMessage":
            yield child
            yield from _below(child)


def _class_of(inner: list[Element]) -> str:
    """The likeliest class (ONVIF Analytics, Class descriptor): what the camera decided, else its best candidate."""
    decided: list[tuple[float, str]] = []
    guessed: list[tuple[float, str]] = []
    for node in inner:
        if local(node) == "Type" and (text := (node.text or "").strip()):
            above = node.getparent()
            kind = "" if above is None else local(above)
            if kind == "Class":
                decided.append((_likelihood(attribute(node, "Likelihood")), text))
            elif kind == "ClassCandidate" and above is not None:
                likely = next((child.text for child in above if local(child) == "Likelihood"), None)
                guessed.append((_likelihood(likely), text))
    return max(decided or guessed, key=lambda pair: pair[0], default=(0.0, ""))[1]


def _likelihood(text: str | None) -> float:
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 100 else 0.0


def _put(found: dict[str, str], name: str, value: str) -> None:
    number = 1
    unique = name
    while unique in found:
        number += 1
        unique = f"{name}#{number}"
    found[unique] = value


def _simple_value(node: Element) -> str:
    value = attribute(node, "Value")
    if value is not None:
        return value.strip()
    # As text, or in an element of its own.
    return ((node.text or "").strip() or (node[0].text or "" if len(node) else "")).strip()


def _words_of(inner: list[Element]) -> str:
    """The texts, or else the attributes, e.g. the corners of a polygon."""
    texts = [text for node in inner if (text := (node.text or "").strip())]
    if texts:
        return " ".join(texts)
    pairs = (f"{name!s}={node.get(name)!s}" for node in inner for name in node.attrib)
    return " ".join(itertools.islice(pairs, MAX_INNER))


def _operation(text: str) -> str:
    return _OPERATIONS.get(text.strip().lower(), "")


def clean_topic(text: str) -> str:
    """Without white space around levels and without the tails `/`, `//.` and `/.` that some firmware adds.

    Prefixes stay, and spaces in the names that people gave.
    """
    text = _SLASH.sub("/", " ".join(text[: 4 * MAX_TOPIC_CHARS].split()))
    return _TAIL.sub("", text).lstrip("/")[:MAX_TOPIC_CHARS].strip()


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
