"""Samples of everything that crosses the wire, made from its definitions: every type, every alarm kind, every word of
every closed choice, batches, compressed payloads and a picture. The same definitions give the same samples.

Each stands with what it means: all fields, also those that are left out on the wire because they have their default.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from msgspec import inspect

from gridwire import codec, compression, enrolment
from gridwire import messages as m
from gridwire.events import LANE_OF, TYPE_OF, TYPES, Alarm, Data, Envelope, Event
from gridwire.identifiers import BOX_PATTERN, COUNTY_PATTERN, DEVICE_PATTERN, GRID_PATTERN, NAME_PATTERN, ULID_PATTERN
from gridwire.jpeg import check_jpeg
from gridwire.kinds import KINDS
from gridwire.topics import TOPICS

BOX = "431126001001"
SOURCE = f"grid/1/431126/{BOX}"
STREAM = "01JTAKYV8MZ5E9K0T3Q6R4W7XB"
NOON = datetime(2025, 5, 3, 4, 0, 0, 250000, UTC)
MAX_TEXT = 64
"""Long texts are cut here: how long they may be, the schema says."""
ENROLMENT = ("Trust", "EnrolRequest", "RenewRequest", "Granted", "Refusal", "Ticket")
"""What is said over HTTPS before there is a certificate; `scripts/pinwire.py` pins it like the topics."""
ARGUMENTS: dict[str, dict[str, object]] = {
    "ping": {},
    "replay": {"stream": STREAM, "lane": "alarm", "ranges": [[3, 5], [9, 9]]},
    "new_stream": {"stream": STREAM},
    "snapshot": {"device": "cam-1"},
}
Json = dict[str, Any]
_TEXT_OF = {
    BOX_PATTERN: BOX,
    COUNTY_PATTERN: "431126",
    GRID_PATTERN: BOX + "003",
    DEVICE_PATTERN: "cam-1",
    NAME_PATTERN: "water_level",
    ULID_PATTERN: STREAM,
}


def samples() -> list[Json]:
    """Every sample: `name`, `topic` (a row of the table, or `enrol.…`), `text` or `base64`, and what it `means`."""
    raws = [codec.encode_event(event) for event in events()]
    found = [sample(f"event {index}", "event", raw) for index, raw in enumerate(raws, 1)]
    payload, count = codec.pack(raws)
    assert payload.startswith(compression.MAGIC), "a long batch travels compressed"
    found.append(sample(f"batch of {count}, compressed", "batch", payload))
    found.append(sample("batch of 2, plain", "batch", b"[" + b",".join(raws[:2]) + b"]"))
    long = codec.encode_event(
        msgspec.structs.replace(next(events()), id=STREAM[:-4] + "0NGR", seq=9001, data=_long_alarm())
    )
    found.append(sample("one event, compressed", "event", codec.encode_single(long)))
    found.append(sample("a picture", "media", b"\xff\xd8\xff\xe0" + bytes(range(255)) + b"\xff\xd9"))
    found += [sample(name, topic, codec.encode_message(each)) for name, topic, each in _messages()]
    health = codec.encode_message(cast(msgspec.Struct, full(_type(m.Health), 0)))
    found.append(sample("health, compressed", "health", compression.compress(health)))
    for name in ENROLMENT:
        struct = getattr(enrolment, name)
        for n in range(rounds(_type(struct))):
            raw = msgspec.json.encode(full(_type(struct), n))
            found.append(sample(f"{name} {n}", f"enrol.{name}", raw))
    return found


def events() -> Iterator[Event]:
    """Every type, with least and with all fields, every word of every choice, every alarm kind; numbered by lane."""
    seqs: dict[str, int] = {}
    for data in _data():
        lane = LANE_OF[type(data)]
        seqs[lane] = seqs.get(lane, 0) + 1
        n = sum(seqs.values())
        yield Envelope(
            specversion="1.0", id=f"01JTAKZ0V2HCY8T5B6D{n:07d}", source=SOURCE, type=TYPE_OF[type(data)],
            subject="cam-1" if n % 2 else "box", time=NOON, recordedtime=NOON, monotonic="86400.125",
            clock="synced" if n % 3 else "unsynced", stream=STREAM, lane=lane, seq=seqs[lane],
            grid=BOX + "003" if n % 2 else None, data=data,
        )  # fmt: skip


def sample(name: str, topic: str, payload: bytes) -> Json:
    """One line of the file of samples. What was recorded of running ends is written by this too."""
    try:
        body = {"text": payload.decode()}
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(payload).decode()}
    return {"name": name, "topic": topic, **body, "means": meaning_of(topic, payload)}


def payload_of(line: Json) -> bytes:
    """The exact bytes of a sample."""
    return line["text"].encode() if "text" in line else base64.b64decode(line["base64"])


def meaning_of(topic: str, payload: bytes) -> Any:
    """What today's code reads in a payload. Raises a `Problem` of `gridwire.refusals` for what it does not take."""
    if topic == "media":
        return {"sha256": check_jpeg(payload)}
    if topic in ("event", "batch"):
        return [_event(each) for each in codec.decode_up(payload, source=SOURCE)]
    struct = getattr(enrolment, topic.removeprefix("enrol.")) if topic.startswith("enrol.") else TOPICS[topic].carries
    return plain(codec.decode_message(payload, struct, topic))


def _event(found: codec.Arrived | codec.Refused) -> Any:
    if isinstance(found, codec.Refused):
        raise found.problem
    return plain(found.event) | {"digest": found.digest.hex()}


def plain(value: Any) -> Any:
    """A value with all its fields, as JSON knows it."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def rounds(kind: inspect.Type) -> int:
    """So many samples of a kind name every word of each of its choices."""
    return max([2, *(len(choice.values) for choice in _choices(kind))])


def full(kind: inspect.Type, n: int) -> Any:  # noqa: PLR0911 - one line a type
    """A value of this kind with every field set; `n` turns through the choices and the limits."""
    match kind:
        case inspect.Metadata():
            return full(kind.type, n)
        case inspect.StructType():
            return kind.cls(**{field.name: full(field.type, n) for field in kind.fields})
        case inspect.LiteralType():
            return sorted(kind.values)[n % len(kind.values)]
        case inspect.StrType():
            return _text(kind, n)
        case inspect.IntType():
            return (kind.ge or 0) + n if n != 1 or kind.le is None else kind.le
        case inspect.FloatType():
            return n + 0.5
        case inspect.BoolType():
            return n % 2 == 0
        case inspect.DateTimeType():
            return NOON.replace(minute=n)
        case inspect.UnionType():
            return full(next(each for each in kind.types if not isinstance(each, inspect.NoneType)), n)
        case _:
            return _several(kind, n)


def _several(kind: inspect.Type, n: int) -> Any:
    match kind:
        case inspect.VarTupleType():
            return (full(kind.item_type, n), full(kind.item_type, n + 1))
        case inspect.TupleType():
            return tuple(full(each, n) for each in kind.item_types)
        case inspect.DictType():
            return {full(kind.key_type, n): full(kind.value_type, n)}
        case inspect.AnyType() | inspect.CustomType():  # the latter is `object`
            return [1, "二", None, {"deep": True}]
        case _:
            raise NotImplementedError(kind)


def _text(kind: inspect.StrType, n: int) -> str:
    if kind.pattern is None:
        return "长" * min(kind.max_length or MAX_TEXT, MAX_TEXT) if n == 1 else f"文 text {n}"[: kind.max_length or 99]
    if kind.pattern in _TEXT_OF:
        return _TEXT_OF[kind.pattern]
    return hashlib.sha256(bytes([n])).hexdigest() if "64" in kind.pattern else "86400.125"


def _choices(kind: inspect.Type) -> Iterator[inspect.LiteralType]:
    match kind:
        case inspect.LiteralType():
            yield kind
        case inspect.Metadata():
            yield from _choices(kind.type)
        case inspect.StructType():
            for field in kind.fields:
                yield from _choices(field.type)
        case inspect.UnionType():
            for each in kind.types:
                yield from _choices(each)
        case inspect.VarTupleType():
            yield from _choices(kind.item_type)
        case inspect.DictType():
            yield from _choices(kind.key_type)
            yield from _choices(kind.value_type)


def _data() -> Iterator[Data]:
    for struct in TYPES.values():
        kind = _type(struct)
        yield struct(**{field.name: full(field.type, 0) for field in kind.fields if field.required})
        for n in range(rounds(kind)):
            yield full(kind, n)
    for alarm in sorted(KINDS):
        yield Alarm(kind=alarm, state="pulse")


def _long_alarm() -> Alarm:
    return Alarm(kind="motion", state="pulse", detail={f"value-{n}": "越界 " * 20 for n in range(20)})


def _messages() -> Iterator[tuple[str, str, m.Message]]:
    for topic, row in TOPICS.items():
        if row.carries is None or row.carries is Envelope:
            continue
        kind = _type(row.carries)
        least = {field.name: full(field.type, 0) for field in kind.fields if field.required}
        yield f"{topic}, least", topic, row.carries(**least)
        for n in range(rounds(kind)):
            yield f"{topic} {n}", topic, full(kind, n)
    for op, arguments in ARGUMENTS.items():
        yield f"cmd {op}", "cmd", m.Command(id=STREAM, op=op, args=arguments, by="county/wang", expires=NOON)


def _type(struct: type[msgspec.Struct]) -> inspect.StructType:
    return cast(inspect.StructType, inspect.type_info(struct))
