"""Hypothesis strategies for whatever a msgspec Struct allows, made from its definition, and ready-made events."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from gridwire.events import LANE_OF, TYPE_OF, TYPES, Data, Envelope, Event

BOX = "431126001001"
SOURCE = f"grid/1/431126/{BOX}"
STREAM = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(characters, max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(characters, max_size=5), inner, max_size=3),
    max_leaves=5,
)
times = st.datetimes(datetime(1900, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def event(data: Data, seq: int = 1, **changes: object) -> Event:
    """An event in order, with this data."""
    attributes = {
        "specversion": "1.0",
        "id": f"01ARZ3NDEKTSV4RRFF{seq:08d}",
        "source": SOURCE,
        "type": TYPE_OF[type(data)],
        "subject": "cam-1",
        "time": NOON,
        "recordedtime": NOON,
        "monotonic": "12.345",
        "clock": "synced",
        "stream": STREAM,
        "lane": LANE_OF[type(data)],
        "seq": seq,
        "data": data,
    }
    return Envelope(**(attributes | changes))


@cache
def structs(cls: type[msgspec.Struct]) -> st.SearchStrategy:
    """Any instance of a Struct; optional fields are also left out."""
    info = inspect.type_info(cls)
    required = {field.name: _of(field.type) for field in info.fields if field.required}
    optional = {field.name: _of(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: cls(**values))


@cache
def events(name: str) -> st.SearchStrategy:
    """Any event of a type."""
    data = TYPES[name]
    info = inspect.type_info(Envelope[msgspec.Raw])
    fields = {
        field.name: _of(field.type) for field in info.fields if field.name not in ("type", "lane", "data", "source")
    }
    fixed = {"type": st.just(name), "lane": st.just(LANE_OF[data]), "data": structs(data), "source": st.just(SOURCE)}
    return st.fixed_dictionaries(fields | fixed).map(lambda values: Envelope(**values))


def _of(kind: inspect.Type) -> st.SearchStrategy:  # noqa: C901 - one line a type
    match kind:
        case inspect.Metadata():
            return _of(kind.type)
        case inspect.StrType() if kind.pattern is not None:
            return st.from_regex(kind.pattern, fullmatch=True)
        case inspect.StrType():
            return st.text(characters, min_size=kind.min_length or 0, max_size=min(kind.max_length or 40, 40))
        case inspect.IntType():
            low = -(2**53) + 1 if kind.ge is None else kind.ge
            return st.integers(low, 2**53 - 1 if kind.le is None else kind.le)
        case inspect.FloatType():
            return st.floats(kind.ge, kind.le, allow_nan=False, allow_infinity=False)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
        case inspect.LiteralType():
            return st.sampled_from(sorted(kind.values))
        case inspect.DateTimeType():
            return times
        case inspect.UnionType():
            return st.one_of([_of(each) for each in kind.types])
        case inspect.VarTupleType():
            return st.lists(_of(kind.item_type), max_size=3).map(tuple)
        case inspect.TupleType():
            return st.tuples(*[_of(each) for each in kind.item_types])
        case inspect.DictType():
            return st.dictionaries(_of(kind.key_type), _of(kind.value_type), max_size=3)
        case inspect.StructType():
            return structs(kind.cls)
        case inspect.AnyType() | inspect.CustomType():  # the latter is `object`
            return json_values
    raise NotImplementedError(kind)
