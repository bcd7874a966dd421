"""The effective configuration without its secrets: for status pages, support bundles and the hash at the hub. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec
from msgspec import inspect

HIDDEN = "***"
_IN_ADDRESS = re.compile(
    r"(?:(?<=://)[^/\s@]+(?=@)|(?<=[?&/])((?:user(?:name)?|usr|pass(?:wor)?d?|passwd|pwd|psw|token|auth|secret|key)=)[^&/\s\"']+)",
    re.IGNORECASE,
)
"""A login in front of the host, in the query or in the path: where cheap cameras want it."""


def without_login(text: str) -> str:
    """The text; of addresses in it, what lets somebody in is hidden."""
    return _IN_ADDRESS.sub(lambda found: f"{found[1] or ''}{HIDDEN}", text)


def redacted(settings: msgspec.Struct) -> dict[str, Any]:
    """All settings with their values as plain data; what is marked as secret is `***`, or empty if it is not set."""
    kind = inspect.type_info(type(settings))
    assert isinstance(kind, inspect.StructType)
    return {field.encode_name: _plain(field.type, getattr(settings, field.name)) for field in kind.fields}


def digest(settings: msgspec.Struct) -> str:
    """SHA-256 in hex of the effective configuration without secrets, the same on every run."""
    text = msgspec.json.encode(redacted(settings), order="deterministic")
    return hashlib.sha256(text).hexdigest()


def _plain(kind: inspect.Type, value: Any) -> Any:
    while isinstance(kind, inspect.Metadata):
        if (kind.extra_json_schema or {}).get("secret"):
            return HIDDEN if value else value
        kind = kind.type
    if isinstance(value, msgspec.Struct):
        return redacted(value)
    if isinstance(kind, inspect.UnionType):
        return _union(kind, value)
    if isinstance(value, dict):
        inner = kind.value_type if isinstance(kind, inspect.DictType) else inspect.AnyType()
        return {str(key): _plain(inner, item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item_kind, item) for item_kind, item in zip(_item_kinds(kind, len(value)), value, strict=True)]
    return without_login(value) if isinstance(value, str) else msgspec.to_builtins(value)


def _union(union: inspect.UnionType, value: Any) -> Any:
    """Hidden as soon as one member hides it: rather too much than a secret."""
    if value is None:
        return None
    kinds = [kind for kind in union.types if not isinstance(kind, inspect.NoneType)]
    shown = [_plain(kind, value) for kind in kinds]
    return next((text for text in shown if HIDDEN in str(text)), shown[0] if shown else msgspec.to_builtins(value))


def _item_kinds(kind: inspect.Type, count: int) -> list[inspect.Type]:
    if isinstance(kind, inspect.TupleType):
        return list(kind.item_types)
    return [kind.item_type if isinstance(kind, inspect.CollectionType) else inspect.AnyType()] * count
