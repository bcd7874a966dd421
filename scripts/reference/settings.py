"""docs/reference/settings.md: every setting of agent, drivers and hub, once, with unit, limits, default and its meaning
in both languages."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil

import msgspec
from msgspec import inspect

from edgeagent.config import Config, DeviceSettings
from edgeagent.driver import DeviceConfig
from reference.tables import chinese, doc, field_row, fields, table

Struct = type[msgspec.Struct]


def text() -> str:
    """The whole page."""
    lines = [
        "# Settings 设置",
        "",
        "Made from the definitions that the programs themselves check against. An unknown key is a mistake.",
        "",
        "由程序自己所用的定义生成；没有列出的设置项不能使用。",
        "",
        "## Village box 村级盒子: `edgeagent.toml` and `conf.d/*.toml`",
        *_tables(Config, ""),
        "",
        "### `[device.<id>]`",
        "",
        "What every device has; the driver's own keys stand in the same table.",
        "",
        "各设备共有；驱动自己的设置写在同一个表中。",
        "",
        *_rows(DeviceSettings),
    ]
    for name, config in drivers():
        lines += ["", f"## Driver 驱动 `{name}`", "", *_intro(config), *_rows(config), *_nested(config, "device.<id>")]
    hub = _hub()
    if hub is not None:
        lines += ["", "## County hub 县级汇聚端: `countyhub.toml`", *_tables(hub, "")]
    return "\n".join(lines) + "\n"


def drivers() -> list[tuple[str, Struct]]:
    """The drivers of this tree, by name, with their `Config`."""
    found = []
    package = importlib.import_module("drivers")
    for info in pkgutil.iter_modules(package.__path__):
        config = getattr(importlib.import_module(f"drivers.{info.name}"), "Config", None)
        if isinstance(config, type) and issubclass(config, DeviceConfig):
            found.append((info.name, config))
    return sorted(found, key=lambda each: each[0])


def _hub() -> Struct | None:
    if importlib.util.find_spec("countyhub.config") is None:
        return None
    config = getattr(importlib.import_module("countyhub.config"), "Config", None)
    return config if isinstance(config, type) and issubclass(config, msgspec.Struct) else None


def _tables(cls: Struct, path: str, zh: str = "") -> list[str]:
    """`zh`: what the table means where it stands; in English its Struct says it."""
    head = f"### `[{path}]`" if path else "### At the top of the file 文件开头"
    own_words = [f"{zh}。", ""] if zh else []
    return ["", head, "", *_intro(cls), *own_words, *_tag(cls), *_rows(cls), *_nested(cls, path)]


def _tag(cls: Struct) -> list[str]:
    """The word by which this table is told from others under the same header."""
    config = cls.__struct_config__
    return [f'With `{config.tag_field} = "{config.tag}"`:', ""] if config.tag_field else []


def _nested(cls: Struct, path: str) -> list[str]:
    """The tables below this one, each under the header that it has in the file."""
    lines: list[str] = []
    for field in fields(cls):
        inner, shape = _structs_in(field.type)
        below = shape.format(name=".".join(filter(None, (path, field.encode_name))))
        for struct in inner:
            if struct is not DeviceSettings:
                lines += _tables(struct, below, chinese(field.type) if len(inner) == 1 else "")
    return lines


def _structs_in(kind: inspect.Type) -> tuple[list[Struct], str]:
    """The Structs of a table, of a list of tables or of named tables, and how the header is written."""
    match kind:
        case inspect.Metadata():
            return _structs_in(kind.type)
        case inspect.StructType():
            return [kind.cls], "{name}"
        case inspect.VarTupleType() | inspect.ListType():
            return _structs_in(kind.item_type)[0], "[{name}]"
        case inspect.DictType():
            return _structs_in(kind.value_type)[0], "{name}.<id>"
        case inspect.UnionType():
            return [struct for each in kind.types for struct in _structs_in(each)[0]], "{name}"
    return [], ""


def _intro(cls: Struct) -> list[str]:
    return [doc(cls), ""] if doc(cls) else []


def _rows(cls: Struct) -> list[str]:
    rows = [
        [*field_row(field), chinese(field.type).replace("<", "&lt;")]
        for field in fields(cls)
        if not _structs_in(field.type)[0] and not isinstance(field.type, inspect.AnyType)
    ]
    return table(["key", "type", "default", "meaning", "含义"], rows) if rows else ["No keys of its own."]
