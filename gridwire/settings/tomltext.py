"""A value and a key as TOML writes them: what is written is read again as what it was. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec


def toml(value: Any) -> str:
    """A value as TOML writes it. None, which TOML does not know, is empty text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key(str(name))} = {toml(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(map(toml, value)) + "]"
    value = msgspec.to_builtins(value)
    if value is None or isinstance(value, str):
        return json.dumps(value or "", ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value).replace("Infinity", "inf").replace("NaN", "nan")


def key(name: str) -> str:
    """Bare where that will do, else quoted."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)
