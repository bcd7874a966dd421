"""Makes a Struct fit its own definition where that costs nothing but length: long texts are cut, times become UTC.

An alarm must not be lost because a camera is long-winded. What is wrong otherwise is left as it is.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

import msgspec
from msgspec import inspect

S = TypeVar("S", bound=msgspec.Struct)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def fit(struct: S) -> S:
    """The same with every text cut to its length and free of U+0000 and lone surrogates, every aware time in UTC."""
    changes = {}
    for name, kind in _fields(type(struct)):
        value = getattr(struct, name)
        fitted = _fit(value, kind)
        if fitted is not value:
            changes[name] = fitted
    return msgspec.structs.replace(struct, **changes) if changes else struct


@lru_cache(maxsize=256)
def _fields(cls: type[msgspec.Struct]) -> tuple[tuple[str, inspect.Type], ...]:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return tuple((field.name, field.type) for field in info.fields)


def _fit(value: object, kind: inspect.Type) -> object:
    if isinstance(value, str):
        return _fit_text(value, kind)
    if isinstance(value, datetime):
        return _fit_time(value)
    if isinstance(value, msgspec.Struct):
        return fit(value)
    if isinstance(value, dict):
        return {_fit(key, _ANY): _fit(item, _ANY) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_fit(item, _ANY) for item in value)
    return value


_ANY = inspect.AnyType()


def _fit_text(text: str, kind: inspect.Type) -> str:
    text = _UNSTORABLE.sub("\ufffd", text)
    limit = _max_length(kind)
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def _max_length(kind: inspect.Type) -> int | None:
    """Where a text may be cut. One with a pattern is an identifier: cutting would name something else."""
    if isinstance(kind, inspect.Metadata):
        return _max_length(kind.type)
    if isinstance(kind, inspect.StrType) and kind.pattern is None:
        return kind.max_length
    return None


def _fit_time(time: datetime) -> datetime:
    if time.tzinfo is None or time.tzinfo is UTC:
        return time
    try:
        return time.astimezone(UTC)
    except OverflowError:  # the years 1 and 9999
        return time
