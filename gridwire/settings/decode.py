"""Checks merged tables against the Structs of the settings, value by value, and collects every mistake.

`msgspec.convert` stops at the first mistake; here it only builds what has been found to be right.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec import inspect

from gridwire.fullwidth import to_ascii
from gridwire.problem import Both, Problem
from gridwire.settings.expected import description, expected, found, unwrap
from gridwire.settings.locator import Path
from gridwire.settings.mistakes import (
    NOTHING,
    Invalid,
    MissingKey,
    Mistake,
    OutOfRange,
    Place,
    UnknownKey,
    WrongType,
    did_you_mean,
    suggest,
)
from gridwire.settings.reader import show

Fields = Mapping[str, inspect.Field]


class Tables(Protocol):
    """What is read: the tables of one file, or of several merged; and where each key stands."""

    @property
    def data(self) -> dict[str, Any]: ...

    def place(self, path: Path) -> Place: ...


ReadSecret = Callable[[str, Place, str], str]
FindFile = Callable[[str], str]
_MISSING = object()


def fields_of(struct: type[msgspec.Struct]) -> dict[str, inspect.Field]:
    """The fields of a Struct by the names that they have in files."""
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    return {field.encode_name: field for field in kind.fields}


class Decoder:
    """Checks values. What is wrong is left out of the answers and stands in `mistakes`."""

    def __init__(self, tree: Tables, read_secret: ReadSecret, find_file: FindFile = str, *, complete: bool) -> None:
        self.tree, self._read_secret, self._find_file, self._complete = tree, read_secret, find_file, complete
        self.mistakes: list[Mistake] = []
        self.plain_secrets: list[Path] = []

    def wrong(self, problem: type[Mistake], path: Path, *, hint: Both = NOTHING, **facts: object) -> None:
        self.mistakes.append(problem(self.tree.place(path), show(path), hint=hint, **facts))

    def table(self, fields: Fields, value: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """The right settings of a table; unknown and missing ones are mistakes."""
        right = {}
        for key, inner in value.items():
            if key not in fields:
                self.wrong(
                    UnknownKey, (*path, key), hint=did_you_mean(key, [name for name in fields if name not in value])
                )
                continue
            checked = self._value(fields[key].type, inner, (*path, key))
            if checked is not _MISSING:
                right[key] = checked
        for key, field in fields.items():
            if field.required and key not in value and self._complete:
                self._missing(key, field, path)
        return right

    def _missing(self, key: str, field: inspect.Field, path: Path) -> None:
        what = description(field.type)
        wanted = expected(field.type)
        what = Both(what.zh or wanted.zh, what.en or wanted.en)
        self.mistakes.append(MissingKey(self.tree.place(path), show((*path, key)), what=what))

    def _value(self, kind: inspect.Type, value: Any, path: Path) -> Any:
        """The value, with secrets read and files found; `_MISSING` if it is wrong."""
        bare, extra = unwrap(kind)
        secret = bool(extra.get("secret"))
        if isinstance(bare, inspect.UnionType):
            if isinstance(value, dict) and not self._has_known_tag(bare, value, path):
                return _MISSING
            bare = _choose(bare, value)
            secret = secret or bool(unwrap(bare)[1].get("secret"))
            bare = unwrap(bare)[0]
        if isinstance(bare, inspect.StructType | inspect.DictType):
            return self._mapping(bare, kind, value, path)
        if isinstance(bare, inspect.CollectionType | inspect.TupleType):
            return self._items(bare, kind, value, path)
        if not _right_type(bare, value):
            hint = _type_hint(bare, value)
            self.wrong(WrongType, path, hint=hint, found=found(value, secret=secret), expected=expected(kind))
            return _MISSING
        if not _in_range(bare, value):
            self._out_of_range(bare, kind, value, path, secret=secret)
            return _MISSING
        return self._meant(value, path, secret=secret, file=bool(extra.get("own_file")))

    def _meant(self, value: Any, path: Path, *, secret: bool, file: bool) -> Any:
        """What stands behind a text that names it."""
        if not isinstance(value, str) or not value:
            return value
        if secret:
            return self._secret(value, path)
        return self._find_file(value) if file else value

    def _has_known_tag(self, union: inspect.UnionType, value: Mapping[str, Any], path: Path) -> bool:
        """Whether it says which table of the union it is; true also of a union whose tables need no such word."""
        tags = {kind.tag: kind.tag_field for kind in map(_bare, union.types) if isinstance(kind, inspect.StructType)}
        name = next(iter(tags.values()), None)
        if name is None:
            return True
        choices = inspect.LiteralType(tuple(str(tag) for tag in tags))
        if name not in value:
            self.mistakes.append(MissingKey(self.tree.place(path), show((*path, name)), what=expected(choices)))
        elif value[name] not in tags:
            self._out_of_range(choices, choices, value[name], (*path, name), secret=False)
        return value.get(name) in tags

    def _out_of_range(self, bare: inspect.Type, kind: inspect.Type, value: Any, path: Path, *, secret: bool) -> None:
        hint = NOTHING
        if isinstance(value, str) and not secret:
            plain = to_ascii(value).strip()
            names = [str(name) for name in bare.values] if isinstance(bare, inspect.LiteralType) else []
            hint = suggest(plain) if plain != value and _in_range(bare, plain) else did_you_mean(value, names)
        whole = unwrap(kind)[0]
        wanted = expected(kind if not isinstance(whole, inspect.UnionType) else bare)
        self.wrong(OutOfRange, path, hint=hint, found=found(value, secret=secret), expected=wanted)

    def _secret(self, value: str, path: Path) -> Any:
        if not value.startswith(("file:", "env:")):
            self.plain_secrets.append(path)
        try:
            return self._read_secret(value, self.tree.place(path), show(path))
        except Mistake as mistake:
            self.mistakes.append(mistake)
            return _MISSING

    def _mapping(self, bare: inspect.StructType | inspect.DictType, kind: inspect.Type, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            self.wrong(WrongType, path, hint=_table_hint(path), found=found(value), expected=expected(kind))
            return _MISSING
        if isinstance(bare, inspect.StructType):
            fields = {field.encode_name: field for field in bare.fields}
            tag = {bare.tag_field: value[bare.tag_field]} if bare.tag_field in value else {}
            rest = {key: inner for key, inner in value.items() if key != bare.tag_field}
            return tag | self.table(fields, rest, path)
        right = {}
        for key, inner in value.items():
            name = self._value(bare.key_type, key, (*path, key))
            checked = self._value(bare.value_type, inner, (*path, key))
            if name is not _MISSING and checked is not _MISSING:
                right[name] = checked
        return right

    def _items(
        self, bare: inspect.CollectionType | inspect.TupleType, kind: inspect.Type, value: Any, path: Path
    ) -> Any:
        if not isinstance(value, list):
            hint = Both("：请用 [ ] 括起来", ": put it in [ ]")
            if isinstance(value, dict):
                hint = Both(f"：请写成 [[{show(path)}]]", f": write [[{show(path)}]]")
            self.wrong(WrongType, path, hint=hint, found=found(value), expected=expected(kind))
            return _MISSING
        if not _right_length(bare, len(value)):
            count = Both(f"{len(value)} 项的列表", f"a list of {len(value)}")
            self.wrong(OutOfRange, path, found=count, expected=_length(bare))
            return _MISSING
        if isinstance(bare, inspect.TupleType):
            kinds: list[inspect.Type] = list(bare.item_types)
        else:
            kinds = [bare.item_type] * len(value)
        checked = [
            self._value(kind, inner, (*path, index))
            for index, (kind, inner) in enumerate(zip(kinds, value, strict=True))
        ]
        return [inner for inner in checked if inner is not _MISSING]


def build(decoder: Decoder, struct: type[msgspec.Struct], settings: dict[str, Any], path: tuple[str, ...]) -> Any:
    """The Struct, once every value is right by itself; what the Struct's own check refuses is a mistake, then None."""
    try:
        return msgspec.convert(settings, struct)
    except msgspec.ValidationError as error:
        decoder.wrong(Invalid, path, reason=str(error))
    except Problem as problem:
        decoder.wrong(Invalid, path, reason=Both(problem.text("zh"), problem.text("en")))
    return None


def _bare(kind: inspect.Type) -> inspect.Type:
    return unwrap(kind)[0]


def _choose(union: inspect.UnionType, value: Any) -> inspect.Type:
    """The member of a union that the value means, by its tag or its type; the first if none fits."""
    kinds = [kind for kind in union.types if not isinstance(kind, inspect.NoneType)]
    for kind in kinds:
        bare = unwrap(kind)[0]
        if isinstance(bare, inspect.StructType) and isinstance(value, dict):
            if bare.tag_field is None or value.get(bare.tag_field) == bare.tag:
                return kind
        elif _right_type(bare, value) and _in_range(bare, value):
            return kind
    fitting = [kind for kind in kinds if _right_type(unwrap(kind)[0], value)]
    return (fitting or kinds)[0]


_PYTHON: dict[type[inspect.Type], tuple[type, ...]] = {
    inspect.BoolType: (bool,),
    inspect.IntType: (int,),
    inspect.FloatType: (int, float),
    inspect.StrType: (str,),
    inspect.DictType: (dict,),
    inspect.StructType: (dict,),
}


def _right_type(kind: inspect.Type, value: Any) -> bool:
    if isinstance(kind, inspect.LiteralType):
        return any(type(value) is type(choice) for choice in kind.values)
    if isinstance(kind, inspect.CollectionType | inspect.TupleType):
        return isinstance(value, list)
    wanted = _PYTHON.get(type(kind))
    if wanted is None:
        return True
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))


def _in_range(kind: inspect.Type, value: Any) -> bool:
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return abs(value) < 2**63 and _within(kind, value)  # neither nan nor inf
    if isinstance(kind, inspect.StrType):
        low, high = kind.min_length or 0, math.inf if kind.max_length is None else kind.max_length
        # `$` of a pattern also matches before a final line end.
        matches = kind.pattern is None or (re.search(kind.pattern, value) is not None and not value.endswith("\n"))
        return low <= len(value) <= high and matches and "\0" not in value
    if isinstance(kind, inspect.LiteralType):
        return value in kind.values
    if isinstance(kind, inspect.EnumType):
        return value in [member.value for member in kind.cls]
    return True


def _within(kind: inspect.IntType | inspect.FloatType, value: float) -> bool:
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
    )


def _right_length(kind: inspect.CollectionType | inspect.TupleType, count: int) -> bool:
    if isinstance(kind, inspect.TupleType):
        return count == len(kind.item_types)
    return (kind.min_length or 0) <= count <= (math.inf if kind.max_length is None else kind.max_length)


def _length(kind: inspect.CollectionType | inspect.TupleType) -> Both:
    if isinstance(kind, inspect.TupleType):
        return expected(kind)
    low, high = kind.min_length or 0, kind.max_length
    if high is None:
        return Both(f"至少 {low} 项", f"at least {low} entries")
    return Both(f"{low} 至 {high} 项", f"{low} to {high} entries")


def _type_hint(kind: inspect.Type, value: Any) -> Both:
    if isinstance(kind, inspect.StrType | inspect.LiteralType) and isinstance(value, int | float):
        return Both("：请加英文引号", ": put it in quotes")
    if isinstance(value, str) and isinstance(kind, inspect.IntType | inspect.FloatType | inspect.BoolType):
        return Both("：请去掉引号", ": leave out the quotes")
    if isinstance(value, list) and len(value) == 1:
        return Both("：请去掉 [ ]", ": leave out the [ ]")
    return NOTHING


def _table_hint(path: Path) -> Both:
    name = show(path)
    return Both(f"：请单独写一行 [{name}]", f": write [{name}] on a line of its own") if len(path) == 1 else NOTHING
