"""Hikvision ISAPI `EventNotificationAlert`, as XML or JSON, from cameras, recorders and their relabelled kin. Pure.

A recorder repeats `videoloss inactive` as a heartbeat, and a camera repeats `active` each second while an alarm lasts:
neither is an event of its own, which the states see to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.devicehttp.requesthead import BadRequest
from drivers.safexml import BadXml, Element, children, descendants, first_text, parse_xml, text_of
from drivers.webhook.said import MAX_OBJECT_CHARS, Said, cut, state_of

_DETAILS = ("ipAddress", "macAddress", "channelID", "eventDescription", "licensePlate", "regionID", "detectionTarget")
_INPUTS = ("inputIOPortID", "dynInputIOPortID", "IOPortID")


def read_xml(body: bytes) -> list[Said]:
    """All alerts of a document. Raises `BadRequest`."""
    try:
        root = parse_xml(body)
    except BadXml as problem:
        raise BadRequest(400, str(problem)) from problem
    alerts = list(descendants(root, "EventNotificationAlert"))
    if not alerts:
        raise BadRequest(422, "no EventNotificationAlert in the XML / XML 中没有 EventNotificationAlert")
    return [_said(_Fields(alert)) for alert in alerts]


def read_json(alert: Mapping[str, Any]) -> Said:
    """An alert of newer firmware. Raises `BadRequest`."""
    return _said({name: str(value) for name, value in alert.items() if isinstance(value, str | int | float)})


class _Fields(dict[str, str]):
    """Texts of an alert: its own children first, then what lies deeper."""

    def __init__(self, alert: Element) -> None:
        super().__init__()
        self._alert = alert

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # texts only, never None
        own = next((text_of(child) for child in children(self._alert, name)), "")
        return own or first_text(self._alert, name) or default


def _said(fields: Mapping[str, str]) -> Said:
    name = fields.get("eventType", "")
    if name == "duration":  # a frame around the event that it is about
        name = fields.get("relationEvent", "") or name
    if not name:
        raise BadRequest(422, "eventType is missing / 缺少 eventType")
    detail = {key: fields.get(key, "") for key in _DETAILS} | {"dateTime": fields.get("dateTime", "")}
    return Said(
        name=name,
        state=state_of(fields.get("eventState", "")),
        source=_source(fields),
        object=(fields.get("detectionTarget", "") or fields.get("licensePlate", ""))[:MAX_OBJECT_CHARS],
        time=fields.get("dateTime", ""),
        id=fields.get("UUID", ""),
        detail=cut(detail),
    )


def _source(fields: Mapping[str, str]) -> str:
    """The channel's name as people know it, else its number; of an input also which."""
    number = fields.get("channelID", "") or fields.get("dynChannelID", "")
    channel = fields.get("channelName", "") or (f"channel {number}" if number else "")
    wire = next((text for name in _INPUTS if (text := fields.get(name, ""))), "")
    return " ".join(filter(None, (channel, f"input {wire}" if wire else "")))
