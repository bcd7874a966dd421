"""A request's parameters and body into the Structs of its route; all mistakes in the parameters are told at once. Pure.

A parameter is read as its type is written in JSON and in no other way: `1`, not `01` or ` 1`; `true`, not `1`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from countyhub.api.problems import BadRequest, Fault

S = TypeVar("S", bound=msgspec.Struct)
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,18})", re.ASCII)
_BOOLS = {"true": True, "false": False}
_PLACE = re.compile(r"(.*) - at `(\$.*)`", re.DOTALL)
QUERY_MAX = 100
"""Parameters that are looked at; nobody needs so many."""


def query_of(raw: bytes) -> list[tuple[str, str]]:
    """The parameters of a query string, in order. Raises `BadRequest`."""
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=QUERY_MAX, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest(why="query", errors=(Fault(at="query", why=str(error)),)) from error


def parameters(kind: type[S], given: Sequence[tuple[str, str]]) -> S:
    """Raises `BadRequest` with every mistake: what is unknown, missing, given twice, or not as its type says."""
    fields = _fields(kind)
    found: dict[str, Any] = {}
    faults: list[Fault] = []
    said: dict[str, list[str]] = {}
    for name, text in given:
        said.setdefault(name, []).append(text)
    for name, texts in said.items():
        if name not in fields:
            faults.append(Fault(at=name, why="unknown parameter 未知参数"))
            continue
        try:
            found[name] = _value(fields[name], texts)
        except ValueError as error:
            faults.append(Fault(at=name, why=str(error)))
    faults += [
        Fault(at=name, why="missing 缺少") for name, field in fields.items() if field.required and name not in said
    ]
    if faults:
        raise BadRequest(why="; ".join(f"{each.at}: {each.why}" for each in faults)[:500], errors=tuple(faults))
    return kind(**found)


def body(kind: type[S], data: bytes) -> S:
    """Raises `BadRequest` with the first mistake."""
    try:
        return msgspec.convert(_whole(msgspec.json.decode(data)), kind)
    except msgspec.ValidationError as error:
        told = _PLACE.fullmatch(str(error))
        fault = Fault(at=told[2], why=told[1]) if told else Fault(at="$", why=str(error))
        raise BadRequest(why=f"{fault.at}: {fault.why}", errors=(fault,)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why = f"not JSON 不是 JSON ({error})"
        raise BadRequest(why=why, errors=(Fault(at="$", why=why),)) from error


def _whole(value: Any) -> Any:
    """JSON knows one sort of numbers: 3.0 is as good as 3."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _whole(each) for key, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value


class _Field(NamedTuple):
    """A parameter: its type without UNSET, and whether it may come several times."""

    kind: Any
    required: bool
    many: bool


@cache
def _fields(kind: type[msgspec.Struct]) -> dict[str, _Field]:
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for field in msgspec.structs.fields(kind):
        inner = _without_unset(hints[field.name])
        items = get_args(_bare(inner))[0] if get_origin(_bare(inner)) is tuple else None
        found[field.encode_name] = _Field(inner if items is None else items, field.required, items is not None)
    return found


def _value(field: _Field, texts: list[str]) -> Any:
    """Raises ValueError (`msgspec.ValidationError` is one)."""
    if field.many:
        return tuple(_one(field.kind, text) for text in texts)
    if len(texts) > 1:
        raise ValueError("given twice 重复给出")
    return _one(field.kind, texts[0])


def _one(kind: Any, text: str) -> Any:
    """As the type's own limits say; texts become times and days."""
    value: Any = text
    if _bare(kind) is int:
        if not _WHOLE.fullmatch(text):
            raise ValueError("a whole number is expected 应为整数")
        value = int(text)
    elif _bare(kind) is bool:
        if text not in _BOOLS:
            raise ValueError("true or false is expected 应为 true 或 false")
        value = _BOOLS[text]
    return msgspec.convert(value, kind)


def _without_unset(hint: Any) -> Any:
    union = _bare(hint)
    if get_origin(union) in (Union, UnionType):
        (hint,) = (each for each in get_args(union) if each is not msgspec.UnsetType)
    return hint


def _bare(hint: Any) -> Any:
    """Without what is annotated."""
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
