"""The settings of a simulated terminal as TOML, ready to be put into a configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gridwire.settings.tomltext import toml

Settings = Mapping[str, Any]


def snippet(parts: Sequence[Settings], *, device: str = "desk", **settings: Any) -> str:
    """`[device.NAME]` with these settings and parts; tables within them come last, as TOML demands."""
    return "\n".join(_table(f"device.{device}", {"driver": "terminal", **settings, "part": list(parts)})) + "\n"


def _table(path: str, settings: Settings, *, many: bool = False) -> Iterator[str]:
    yield f"[[{path}]]" if many else f"[{path}]"
    inner = {name: value for name, value in settings.items() if _is_table(value)}
    for name, value in settings.items():
        if name not in inner:
            yield f"{name} = {toml(value)}"
    for name, value in inner.items():
        for each in value if isinstance(value, list) else [value]:
            yield from _table(f"{path}.{name}", each, many=isinstance(value, list))


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))
