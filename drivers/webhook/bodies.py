"""What a request carries -> what the device says, and its pictures. Told apart by content, for types are often wrong.

Understood: Hikvision XML and JSON, Dahua lines and JSON, and `{kind, state, source, time, detail, object, id, picture}`
for everything that people build themselves; alone or as parts of a multipart body. Pure.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from drivers.devicehttp.requesthead import BadRequest, Request
from drivers.safexml import decode
from drivers.webhook import dahua, hikvision
from drivers.webhook.said import MAX_OBJECT_CHARS, Said, cut, state_of

MAX_PARTS = 32
MAX_SAID = 64
"""Of one request."""
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
_JPEG = b"\xff\xd8\xff"


class Posted(NamedTuple):
    said: tuple[Said, ...]
    jpegs: tuple[bytes, ...] = ()


class Plain(msgspec.Struct, frozen=True, kw_only=True):
    """Our own format. `state`: start, end, pulse; or active, inactive. `picture`: a JPEG in base64."""

    kind: Annotated[str, Meta(min_length=1, max_length=128)]
    state: str | bool = ""
    source: Annotated[str, Meta(max_length=256)] = ""
    object: Annotated[str, Meta(max_length=MAX_OBJECT_CHARS)] = ""
    time: Annotated[str, Meta(max_length=64)] = ""
    id: Annotated[str, Meta(max_length=128)] = ""
    detail: dict[str, Any] = {}
    picture: str = ""


def read(request: Request) -> Posted:
    """Raises `BadRequest`, in words that help whoever configures the device."""
    said: list[Said] = []
    jpegs: list[bytes] = []
    understood = False
    for part in _parts(request):
        if part.startswith(_JPEG):
            jpegs.append(part)
        elif part.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{", b"[") or b"Code=" in part[:512]:
            understood = True
            for one in _document(part):
                said += one.said
                jpegs += one.jpegs
    if not understood:
        raise BadRequest(415, "neither XML nor JSON nor Code=… in the body / 内容不是 XML、JSON 或 Code=… 格式")
    if len(said) > MAX_SAID:
        raise BadRequest(422, f"more than {MAX_SAID} events at once / 一次超过 {MAX_SAID} 个事件")
    return Posted(tuple(said), tuple(jpegs))


def _parts(request: Request) -> list[bytes]:
    """The parts' contents; the body itself when it has none."""
    content_type, body = request.get("content-type"), request.body
    named = _BOUNDARY.search(content_type)
    mark = (named[1] or named[2]).encode("latin-1") if named else b""
    if not mark and content_type.lower().startswith("multipart/") and body.lstrip(b"\r\n").startswith(b"--"):
        mark = body.lstrip(b"\r\n").split(b"\n", 1)[0].strip()[2:]  # unnamed, as some firmware leaves it
    if not mark:
        return [body]
    pieces = re.split(rb"\r?\n--" + re.escape(mark) + rb"(?:--)?[ \t]*(?=\r?\n|\Z)", b"\n" + body, maxsplit=MAX_PARTS)
    # In front of the first mark stands nothing, or what is for people.
    return [re.split(rb"\r?\n\r?\n", piece, maxsplit=1)[-1] for piece in pieces[1:]]


def _document(part: bytes) -> Iterator[Posted]:
    plain = part.lstrip(b"\xef\xbb\xbf \t\r\n")
    if plain[:1] == b"<":
        yield Posted(tuple(hikvision.read_xml(part)))
    elif plain[:1] in (b"{", b"["):
        yield from _json(plain)
    else:
        yield Posted(tuple(dahua.read_text(decode(part))))


def _json(text: bytes) -> Iterator[Posted]:
    try:
        found = msgspec.json.decode(decode(text).encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(400, f"no JSON: {error} / 不是正确的 JSON") from error
    for one in found if isinstance(found, list) else [found]:
        if not isinstance(one, dict):
            raise BadRequest(422, "an event must be an object / 每个事件须为一个对象")
        yield from _event(one)


def _event(given: dict[str, Any]) -> Iterator[Posted]:
    inner = given.get("EventNotificationAlert", given)
    names = {name.lower() for name in given}
    if isinstance(inner, dict) and "eventType" in inner:
        yield Posted((hikvision.read_json(inner),))
    elif "kind" in given:
        yield _plain(given)
    elif "code" in names:
        yield Posted((dahua.read_json(given),))
    elif "events" in names and isinstance(several := given.get("Events", given.get("events")), list):
        channel = {"Index": given.get("Channel", given.get("channel", ""))}
        yield Posted(tuple(dahua.read_json({**channel, **event}) for event in several if isinstance(event, dict)))
    else:
        raise BadRequest(422, "an event needs kind, eventType or Code / 事件须有 kind、eventType 或 Code")


def _plain(given: dict[str, Any]) -> Posted:
    try:
        event = msgspec.convert(given, Plain)
        jpeg = base64.b64decode(event.picture, validate=True) if event.picture else b""
    except (msgspec.ValidationError, binascii.Error, ValueError) as error:
        raise BadRequest(422, f"{error} / 字段不正确") from error
    if jpeg and not jpeg.startswith(_JPEG):
        raise BadRequest(422, "picture is no JPEG / picture 不是 JPEG")
    detail = {name: value if isinstance(value, str) else _text(value) for name, value in event.detail.items()}
    said = Said(
        name=event.kind,
        state=state_of(str(event.state)),
        source=event.source,
        object=event.object,
        time=event.time,
        id=event.id,
        detail=cut(detail | ({"time": event.time} if event.time else {})),
    )
    return Posted((said,), (jpeg,) if jpeg else ())


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
