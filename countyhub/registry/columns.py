"""What a column of a registry file may hold, told once in the annotation of a Struct's field, and read from there.

A page of the reference, the samples, the checks and the export are all made from this.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT

from gridwire.problem import Language

ALWAYS = dt.date.min
"""`valid_from` of what has been so from the beginning: an empty cell."""
OPEN = dt.date.max
"""`valid_to` of what holds until further notice: an empty cell."""

Kind = Literal["text", "code", "word", "day", "whole", "number"]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all rows. The class says which file it is a row of."""

    FILE: ClassVar[str] = ""
    """Name of the file without ending; that of its table is `registry_TABLE`."""
    ZH: ClassVar[str] = ""
    TABLE: ClassVar[str] = ""
    KEY: ClassVar[tuple[str, ...]] = ()
    """The columns that tell one thing from another; the rows of one thing differ in `valid_from`."""

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(str(getattr(self, name)) for name in self.KEY)


class Column(NamedTuple):
    """One column. `about.refs`: names of files, in one of which the code must stand. `words`: value -> Chinese word."""

    name: str
    kind: Kind
    required: bool
    default: Any
    about: Col

    def header(self, language: Language) -> str:
        return self.about.zh if language == "zh" else self.name


class Col(NamedTuple):
    """The annotation of a field: its Chinese heading, its meaning in both languages, what it may hold."""

    zh: str
    zh_about: str
    en_about: str
    words: Mapping[str, str] = {}
    refs: tuple[str, ...] = ()
    pattern: str = ""
    max_length: int = 64
    ge: float | None = None
    le: float | None = None
    opaque: bool = False
    """A code that must tell nothing about a person."""


@cache
def columns(row: type[Row]) -> tuple[Column, ...]:
    """The columns of a file, in its order."""
    hints = get_type_hints(row, include_extras=True)
    return tuple(_column(field, hints[field.name]) for field in _in_order(row))


def column(row: type[Row], name: str) -> Column:
    return next(each for each in columns(row) if each.name == name)


def _in_order(row: type[Row]) -> Iterator[msgspec.structs.FieldInfo]:
    """Own fields first: those that every row has stand at the end, where a spreadsheet is easiest to read."""
    fields = {field.name: field for field in msgspec.structs.fields(row)}
    own = [name for name in fields if not name.startswith("valid_")]
    for name in (*own, *(name for name in fields if name not in own)):
        yield fields[name]


def _column(field: msgspec.structs.FieldInfo, hint: Any) -> Column:
    kind, about = _unwrap(hint)
    required = field.default is NODEFAULT
    return Column(field.name, _kind(kind, about), required, None if required else field.default, about)


def _unwrap(hint: Any) -> tuple[Any, Col]:
    """The type and the `Col` of `Annotated[T, Col(…)]` or `Annotated[T | None, Col(…)]`."""
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{hint} has no Col(…)")
    inner, about = get_args(hint)[:2]
    types = [each for each in get_args(inner) if each is not type(None)] if type(None) in get_args(inner) else []
    return (types[0] if types else inner), about


def _kind(kind: Any, about: Col) -> Kind:
    if about.words:
        return "word"
    plain: dict[Any, Kind] = {dt.date: "day", int: "whole", float: "number"}
    return plain.get(kind) or ("code" if about.pattern or about.refs else "text")
