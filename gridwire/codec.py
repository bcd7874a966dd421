"""Structs to bytes and back, for both ends. Pure. Whatever arrives, each event is judged for itself and nothing else.

`decode_up` never raises: what cannot be taken comes back as `Refused`, with the event's number where it can be read,
so that the hub can keep it as a dead letter and acknowledge it. What `encode_event` returns, `decode_up` takes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, NoReturn, TypeAlias, TypeVar, cast

import msgspec

from gridwire import compression, rawjson
from gridwire.events import LANE_OF, TYPES, Data, Envelope, Event, RawEvent
from gridwire.fit import fit
from gridwire.jpeg import START
from gridwire.limits import (
    MAX_ACCEPTED_EVENTS,
    MAX_BATCH_BYTES,
    MAX_BATCH_EVENTS,
    MAX_DEPTH,
    MAX_EVENT_BYTES,
    MAX_MESSAGE_BYTES,
    PackLimits,
)
from gridwire.problem import Problem
from gridwire.rawjson import Key
from gridwire.refusals import (
    BadData,
    BadEnvelope,
    BadMessage,
    Empty,
    EventTooLarge,
    ForeignSource,
    NestedTooDeep,
    NotJson,
    NotUtf8,
    NulCharacter,
    PayloadTooLarge,
    PictureNotEvent,
    TooManyEvents,
    UnknownPayload,
    UnknownType,
    WrongLane,
    first_bytes,
)

__all__ = ["Arrived", "Key", "PackLimits", "Refused", "decode_message", "decode_up", "digest_of"]
__all__ += ["encode_batch", "encode_event", "encode_message", "encode_single", "pack"]

S = TypeVar("S", bound=msgspec.Struct)
RawStruct: TypeAlias = Envelope[msgspec.Raw]

EARLIEST_YEAR, LATEST_YEAR = 1900, 2999
"""Of any time: beyond, clock corrections and databases overflow."""

_WHITESPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_COMPRESS_FROM_BYTES = 1024
_USUAL_LIMITS = PackLimits()
_encoder = msgspec.json.Encoder()
_envelope_decoder = msgspec.json.Decoder(RawEvent)
_batch_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_data_decoders = {name: msgspec.json.Decoder(struct) for name, struct in TYPES.items()}
_WHY = re.compile(r"^(?P<why>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<name>.*)`$", re.DOTALL)


class Arrived(NamedTuple):
    """An event in order. `raw`: its exact bytes; `digest`: the first 16 bytes of their SHA-256."""

    event: Event
    raw: bytes
    digest: bytes

    @property
    def key(self) -> Key:
        return Key(self.event.stream, self.event.lane, self.event.seq)


class Refused(NamedTuple):
    """An event, or a whole payload, that cannot be taken. `key` is None when its number cannot be read."""

    raw: bytes
    problem: Problem
    key: Key | None
    digest: bytes


def digest_of(raw: bytes) -> bytes:
    """The first 16 bytes of the SHA-256 of an event's exact bytes."""
    return hashlib.sha256(raw).digest()[:16]


# Sending


def encode_event(event: Event) -> bytes:
    """The event's bytes, for good: JSON, UTF-8, times in UTC, at most 64 KiB.

    What the hub would refuse is not made: the bytes are decoded once. Texts that are too long are cut, a time that no
    clock shows is replaced by `recordedtime`; all else that is wrong raises `EventTooLarge`, `BadEnvelope`, `BadData`
    and the like, of `gridwire.refusals`.
    """
    if event.time.tzinfo is UTC and event.recordedtime.tzinfo is UTC:
        try:
            return _encode_checked(event)
        except EventTooLarge:
            raise
        except Problem:
            pass  # once more, made to fit
    event = fit(event)
    if not _is_sane(event.time):
        event = msgspec.structs.replace(event, time=event.recordedtime)
    return _encode_checked(event)


def _encode_checked(event: Event) -> bytes:
    try:
        raw = _encoder.encode(event)
    except UnicodeEncodeError as error:
        raise NotUtf8(at=error.start) from error
    _decode_event(raw, event.source)
    return raw


def encode_single(raw: bytes) -> bytes:
    """The payload of one event alone: its exact bytes, compressed when it is long enough for that to be worth it."""
    return raw if len(raw) < _COMPRESS_FROM_BYTES else compression.smaller(raw)


def encode_batch(raws: Sequence[bytes]) -> bytes:
    """A JSON array of the exact bytes of each event, compressed where smaller. `pack` keeps the limits."""
    plain = b"[" + b",".join(raws) + b"]"
    if len(raws) > MAX_BATCH_EVENTS:
        raise TooManyEvents(count=len(raws), limit=MAX_BATCH_EVENTS)
    if len(plain) > MAX_BATCH_BYTES:
        raise PayloadTooLarge(size=len(plain), limit=MAX_BATCH_BYTES)
    return compression.smaller(plain)


def pack(raws: Sequence[bytes], limits: PackLimits = _USUAL_LIMITS) -> tuple[bytes, int]:
    """A payload with as many events from the front as the limits allow, and how many. At least one, even if too large.

    One alone is `encode_single` (topic `up/event`), several are `encode_batch` (topic `up/batch`).
    """
    count, plain = 0, 1
    for raw in raws[: min(limits.events, MAX_BATCH_EVENTS)]:
        plain += len(raw) + 1
        if plain > min(limits.plain_bytes, MAX_BATCH_BYTES):
            break
        count += 1
    while count > 1:
        payload = encode_batch(raws[:count])
        if len(payload) <= limits.payload_bytes:
            return payload, count
        # Bytes an event hardly change within a batch: aim a little below the limit instead of trying one by one.
        count = min(count - 1, int(count * limits.payload_bytes / len(payload) * 0.95))
    return encode_single(raws[0]), 1


def encode_message(message: msgspec.Struct) -> bytes:
    """A message's bytes. Texts that are too long are cut; raises `PayloadTooLarge`, `BadMessage`."""
    payload = _encoder.encode(fit(message))
    decode_message(payload, type(message), topic="-")
    return payload


# Receiving


def decode_message(payload: bytes, type: type[S], topic: str) -> S:  # noqa: A002 - it is the type
    """The message of a topic, plain or compressed; raises a problem of `gridwire.refusals`."""
    plain = _open(payload, MAX_MESSAGE_BYTES)
    if plain[:1] != b"{":
        raise UnknownPayload(first=first_bytes(plain))
    _check_text(plain)
    try:
        message: S = _message_decoder(type).decode(plain)
    except msgspec.ValidationError as error:
        why, field = _explain(error)
        raise BadMessage(topic=topic, field=field, why=why) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _not_json(error)
    return message


@lru_cache(maxsize=64)
def _message_decoder(type: type[S]) -> msgspec.json.Decoder[S]:  # noqa: A002
    return msgspec.json.Decoder(type)


def decode_up(payload: bytes, *, source: str) -> list[Arrived | Refused]:
    """What a payload of `up/event` or `up/batch` holds, each event for itself. Never raises.

    `source` is the base of the topic it came by, `grid/1/{county}/{box}`.
    """
    try:
        plain = _open(payload, MAX_BATCH_BYTES)
        elements = _elements(plain) if plain[:1] == b"[" else [plain]
    except Problem as problem:
        return [Refused(payload, problem, None, digest_of(payload))]
    return list(_judge(elements, source))


def _judge(elements: Sequence[bytes], source: str) -> Iterator[Arrived | Refused]:
    for raw in elements:
        try:
            event = _decode_event(raw, source)
        except Problem as problem:
            yield Refused(raw, problem, rawjson.salvage(raw), digest_of(raw))
        else:
            yield Arrived(event, raw, digest_of(raw))


def _open(payload: bytes, max_bytes: int) -> bytes:
    """The JSON text in a payload, told by its first bytes: uncompressed, without byte order mark and outer space."""
    if len(payload) > max_bytes:
        raise PayloadTooLarge(size=len(payload), limit=max_bytes)
    if payload.startswith(compression.MAGIC):
        payload = compression.decompress(payload, max_bytes)
    plain = payload.removeprefix(_BOM).strip(_WHITESPACE)
    if not plain:
        raise Empty
    if plain.startswith(START[:2]):
        raise PictureNotEvent
    if plain[:1] not in (b"{", b"["):
        raise UnknownPayload(first=first_bytes(plain))
    return plain


def _elements(batch: bytes) -> list[bytes]:
    elements: list[bytes] | None
    try:
        elements = [bytes(element) for element in _batch_decoder.decode(batch)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        elements = rawjson.split(batch)  # one broken element must not spoil the others
        if elements is None:
            _not_json(error)
    if not elements:
        raise Empty
    if len(elements) > MAX_ACCEPTED_EVENTS:
        raise TooManyEvents(count=len(elements), limit=MAX_ACCEPTED_EVENTS)
    return elements


def _decode_event(raw: bytes, source: str) -> Event:
    if len(raw) > MAX_EVENT_BYTES:
        raise EventTooLarge(size=len(raw), limit=MAX_EVENT_BYTES)
    _check_text(raw)
    try:
        envelope = _envelope_decoder.decode(raw)
    except msgspec.ValidationError as error:
        why, attribute = _explain(error)
        raise BadEnvelope(attribute=attribute, why=why) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _not_json(error)
    _check_source(envelope.source, source)
    data = _decode_data(envelope)
    return cast(Event, msgspec.structs.replace(_in_utc(envelope), data=data))


def _check_text(raw: bytes) -> None:
    if not raw:
        raise Empty
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise NotUtf8(at=error.start) from error
    if rawjson.too_deep(raw):
        raise NestedTooDeep(limit=MAX_DEPTH)
    if rawjson.has_nul(raw):
        raise NulCharacter


def _check_source(source: str, expected: str) -> None:
    """The box must be the same. Not the county: rows stored before a change of that setting keep the old one."""
    if source.rpartition("/")[2] != expected.rpartition("/")[2]:
        raise ForeignSource(source=source, topic=expected)


def _decode_data(envelope: RawStruct) -> Data:
    decoder = _data_decoders.get(envelope.type)
    if decoder is None:
        raise UnknownType(type=envelope.type)
    lane = LANE_OF[TYPES[envelope.type]]
    if envelope.lane != lane:
        raise WrongLane(type=envelope.type, expected=lane, lane=envelope.lane)
    try:
        return decoder.decode(envelope.data)
    except msgspec.ValidationError as error:
        why, field = _explain(error)
        raise BadData(type=envelope.type, field=field, why=why) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        _not_json(error)


def _in_utc(envelope: RawStruct) -> RawStruct:
    for attribute in ("time", "recordedtime"):
        if not _is_sane(getattr(envelope, attribute)):
            raise BadEnvelope(attribute=attribute, why=f"the year is not in {EARLIEST_YEAR}-{LATEST_YEAR}")
    if envelope.time.tzinfo is UTC and envelope.recordedtime.tzinfo is UTC:
        return envelope
    return fit(envelope)


def _is_sane(time: datetime) -> bool:
    return EARLIEST_YEAR <= time.year <= LATEST_YEAR


def _explain(error: msgspec.ValidationError) -> tuple[str, str]:
    """msgspec's message taken apart: what is wrong, and where (`data` field or envelope attribute)."""
    found = _WHY.match(str(error)[:300])
    assert found is not None
    missing = _MISSING.match(found["why"])
    where = ".".join(part for part in (found["path"], missing and missing["name"]) if part)
    return ("missing" if missing else found["why"]), where or "-"


def _not_json(error: Exception) -> NoReturn:
    if isinstance(error, RecursionError):
        raise NestedTooDeep(limit=MAX_DEPTH) from error
    raise NotJson(why=str(error)[:200]) from error
