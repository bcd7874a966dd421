"""Makes commented TOML samples from the Structs of the settings, so that they never disagree with what is accepted.

Texts begin with `# `, settings that have a default with `#`: without that `#` the sample is a configuration. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from edgeagent.config import Config
from edgeagent.configfile.devices import COMMON
from gridwire.settings.decode import fields_of
from gridwire.settings.expected import choices, description, unwrap
from gridwire.settings.tomltext import key, toml

_HEAD = """\
# 村级盒子配置。“#”后紧跟名称的行是默认值或示例，去掉“#”即可修改；也可写在 conf.d/*.toml 中。
# Configuration of a village box. # and a name: a default or an example, take the # away to change it.
# 检查 / check: edgeagent check --config PATH
"""
_DRIVERS = """\
# 设备：各驱动的设置见 edgeagent sample --driver 名称
# Devices: the settings of a driver are shown by edgeagent sample --driver NAME
"""


def sample(drivers: Mapping[str, type[msgspec.Struct]], *, minimal: bool = False) -> str:
    """The whole configuration with one device of each driver. `minimal`: what must be set, and little more."""
    fields = {name: field for name, field in fields_of(Config).items() if name != "device"}
    writer = _Writer(minimal=minimal)
    lines = [_HEAD.rstrip(), *([""] if minimal else []), *writer.table(fields, (), optional=False), ""]
    if not drivers:
        lines += [_DRIVERS]
    return "\n".join([*lines, *(device(name, struct, minimal=minimal) for name, struct in drivers.items())])


def device(driver: str, struct: type[msgspec.Struct], *, minimal: bool = False) -> str:
    """The table of one device of a driver."""
    writer = _Writer(minimal=minimal)
    common = {name: field for name, field in COMMON.items() if name != "driver"}
    path = ("device", f"{driver.replace('_', '-')}-1")
    lines = [*_texts(struct.__doc__), _heading(path), f"driver = {toml(driver)}"]
    lines += writer.table({**common, **fields_of(struct)}, path, optional=False)
    return "\n".join(lines) + "\n"


class _Writer:
    def __init__(self, *, minimal: bool) -> None:
        self._minimal = minimal

    def table(self, fields: Mapping[str, inspect.Field], path: tuple[str, ...], *, optional: bool) -> Iterator[str]:
        """The lines of a table without its heading; plain settings first, as TOML demands."""
        inner = {name: kinds for name, field in fields.items() if (kinds := _tables_of(field.type))}
        for name, field in fields.items():
            if name not in inner and (field.required or not self._minimal):
                yield from self._setting(name, field, optional=optional)
        for name, kinds in inner.items():
            for kind in kinds:
                yield from self._inner(name, fields[name], kind, path, optional=optional)

    def _setting(self, name: str, field: inspect.Field, *, optional: bool) -> Iterator[str]:
        if not self._minimal:
            yield ""
        yield from _comments(field.type)
        mark = "" if field.required and not optional else "#"
        yield f"{mark}{key(name)} = {toml(example(field))}"

    def _inner(
        self, name: str, field: inspect.Field, kind: inspect.StructType, path: tuple[str, ...], *, optional: bool
    ) -> Iterator[str]:
        fields = {inner.encode_name: inner for inner in kind.fields}
        needed = any(inner.required for inner in kind.fields)
        if self._minimal and not needed:
            return
        many = not isinstance(_bare(field.type), inspect.StructType | inspect.DictType)
        path = (*path, name, *(("name",) if isinstance(_bare(field.type), inspect.DictType) else ()))
        # A table that has a default and needs something cannot stand there empty.
        optional = optional or (not field.required and (needed or many))
        yield ""
        yield from (kind.tag_field is None and _comments(field.type)) or _texts(kind.cls.__doc__)
        heading = f"[{_heading(path)}]" if many else _heading(path)
        yield f"#{heading}" if optional else heading
        if kind.tag_field is not None:
            yield f"{'#' if optional else ''}{kind.tag_field} = {toml(kind.tag)}"
        yield from self.table(fields, path, optional=optional)


def example(field: inspect.Field) -> Any:
    """The default of a setting, or a value that it may have."""
    if field.default is not msgspec.NODEFAULT and field.default is not None:
        return field.default
    if field.default_factory is not msgspec.NODEFAULT:
        made = field.default_factory()
        if made or not _examples(field.type):
            return made
    return _of_type(field.type)


def _of_type(kind: inspect.Type) -> Any:
    if shown := _examples(kind):
        return shown[0]
    bare = _bare(kind)
    if isinstance(bare, inspect.CollectionType):
        return [_of_type(bare.item_type)] * max(bare.min_length or 0, 1 if _examples(bare.item_type) else 0)
    if isinstance(bare, inspect.TupleType):
        return [_of_type(item) for item in bare.item_types]
    if isinstance(bare, inspect.LiteralType | inspect.EnumType):
        return choices(bare)[0]
    if isinstance(bare, inspect.IntType | inspect.FloatType):
        return next((limit for limit in (bare.ge, bare.le) if limit is not None), (bare.gt or 0) + 1)
    simple: dict[type[inspect.Type], Any] = {
        inspect.BoolType: False,
        inspect.DictType: {},
        inspect.StrType: "CHANGE-ME",
    }
    return simple.get(type(bare), "")


def _examples(kind: inspect.Type) -> list[Any]:
    found = unwrap(kind)[1].get("examples")
    if isinstance(found, list) and found:
        return found
    bare = unwrap(kind)[0]
    return _examples(_bare(bare)) if isinstance(bare, inspect.UnionType) else []


def _bare(kind: inspect.Type) -> inspect.Type:
    """Without metadata and without None; of a union the first table, else the first."""
    kind = unwrap(kind)[0]
    if not isinstance(kind, inspect.UnionType):
        return kind
    members = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
    tables = [member for member in members if isinstance(unwrap(member)[0], inspect.StructType)]
    return unwrap((tables or members)[0])[0] if not _has_examples(members) else members[0]


def _has_examples(members: list[inspect.Type]) -> bool:
    return isinstance(members[0], inspect.Metadata) and bool(unwrap(members[0])[1].get("examples"))


def _tables_of(kind: inspect.Type) -> list[inspect.StructType]:
    """The Struct of a table, of a list of tables or of a table of tables: of these all that may be in it."""
    bare = _bare(kind)
    if isinstance(bare, inspect.StructType):
        return [bare]
    if not isinstance(bare, inspect.CollectionType | inspect.DictType):
        return []
    inner = bare.item_type if isinstance(bare, inspect.CollectionType) else bare.value_type
    found = unwrap(inner)[0]
    members = map(_bare, found.types) if isinstance(found, inspect.UnionType) else (_bare(inner),)
    tables = [member for member in members if isinstance(member, inspect.StructType)]
    return tables if all(table.tag_field for table in tables) else tables[:1]


def _comments(kind: inspect.Type) -> list[str]:
    meaning, limits = description(kind), _limits(_bare(kind))
    lines = [meaning.zh, meaning.en] if meaning.zh != meaning.en else [meaning.en]
    return [f"# {line}{f' ({limits})' if limits else ''}" for line in lines if line or limits]


def _limits(kind: inspect.Type) -> str:
    """What a value may be, without words: `10 … 3600`, `"5" | "3.1.1"`."""
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        return " | ".join(toml(choice) for choice in choices(kind))
    if not isinstance(kind, inspect.IntType | inspect.FloatType):
        return ""
    low = f"{kind.ge:.15g} …" if kind.ge is not None else f"> {kind.gt:.15g}" if kind.gt is not None else ""
    high = f"{kind.le:.15g}" if kind.le is not None else f"< {kind.lt:.15g}" if kind.lt is not None else ""
    if low and high:
        return f"{low} {high}" if kind.ge is not None else f"{low}, ≤ {high}"
    return low.replace(" …", " ≤") if not high else f"≤ {high}" if kind.le is not None else high


def _texts(doc: str | None) -> list[str]:
    return [f"# {line.strip()}" for line in (doc or "").split("\n\n")[0].splitlines() if line.strip()]


def _heading(path: tuple[str, ...]) -> str:
    return "[" + ".".join(map(key, path)) + "]"
