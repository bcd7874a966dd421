"""Dahua events: the lines of `eventManager` (`Code=…;action=…;index=…;data={…}`) and the same as JSON. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from drivers.devicehttp.requesthead import BadRequest
from drivers.webhook.said import MAX_OBJECT_CHARS, Said, cut, state_of

_EVENT = re.compile(r"Code=([A-Za-z0-9_]{1,64});\s*action=([A-Za-z]{1,16});\s*index=([0-9]{1,6})")
_DATA = re.compile(r"\s*;\s*data=")


def read_text(text: str) -> list[Said]:
    """All events of a text. Raises `BadRequest`."""
    found = [_from_line(match, text[match.end() :]) for match in _EVENT.finditer(text)]
    if not found:
        raise BadRequest(422, "no Code=…;action=…;index=… / 没有 Code=…;action=…;index=…")
    return found


def read_json(event: Mapping[str, Any]) -> Said:
    """One event; the names of its members in any case. Raises `BadRequest`."""
    given = {name.lower(): value for name, value in event.items()}
    data = given.get("data")
    return _said(
        str(given.get("code", "")),
        str(given.get("action", "")),
        str(given.get("index", given.get("channel", ""))),
        data if isinstance(data, dict) else {},
    )


def _from_line(match: re.Match[str], rest: str) -> Said:
    begin = _DATA.match(rest)
    data: Any = {}
    if begin is not None:
        whole = _EVENT.split(rest[begin.end() :], maxsplit=1)[0]
        try:
            data = msgspec.json.decode(whole[: whole.rfind("}") + 1].encode())
        except (msgspec.DecodeError, UnicodeEncodeError):
            data = {}  # firmware cuts long data short; the event itself is whole
    return _said(match[1], match[2], match[3], data if isinstance(data, dict) else {})


def _said(code: str, action: str, index: str, data: Mapping[str, Any]) -> Said:
    if not code:
        raise BadRequest(422, "Code is missing / 缺少 Code")
    thing = data.get("Object")
    kind = str(thing.get("ObjectType", "")) if isinstance(thing, dict) else ""
    rule = str(data.get("Name", ""))
    channel = f"channel {int(index) + 1}" if index.isdecimal() else ""
    plain = {name: str(value) for name, value in data.items() if isinstance(value, str | int | float)}
    return Said(
        name=code,
        state=state_of(action),
        source=" ".join(filter(None, (channel, rule))),
        object=kind[:MAX_OBJECT_CHARS],
        time=str(data.get("LocaleTime", "")),
        id=str(data.get("EventUUID", "")),
        detail=cut(plain),
    )
