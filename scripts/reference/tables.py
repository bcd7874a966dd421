"""A Struct as a Markdown table: its fields, their types in words, defaults and descriptions."""

from __future__ import annotations

import inspect as python_inspect

import msgspec
from msgspec import inspect


def doc(cls: type) -> str:
    return python_inspect.cleandoc(cls.__doc__ or "")


def fields(cls: type[msgspec.Struct]) -> list[inspect.Field]:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return list(info.fields)


def field_table(cls: type[msgspec.Struct]) -> list[str]:
    """The lines of the table; empty for a Struct without fields."""
    rows = [field_row(each) for each in fields(cls)]
    return table(["field", "type", "default", "meaning"], rows) if rows else []


def field_row(field: inspect.Field) -> list[str]:
    meaning = description(field.type).replace("<", "&lt;")
    return [f"`{field.encode_name}`", words(field.type), default(field), meaning]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines]


def description(kind: inspect.Type) -> str:
    """What `Meta(description=…)` says; of a nested Struct, its docstring's first line."""
    if isinstance(kind, inspect.Metadata):
        own = (kind.extra_json_schema or {}).get("description", "")
        return str(own) or description(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((text for text in map(description, kind.types) if text), "")
    if isinstance(kind, inspect.StructType):
        return doc(kind.cls).splitlines()[0]
    if isinstance(kind, inspect.VarTupleType):
        return description(kind.item_type)
    return ""


def chinese(kind: inspect.Type) -> str:
    """What stands beside `Meta(description=…)` in Chinese; empty where nothing does."""
    if isinstance(kind, inspect.Metadata):
        return str((kind.extra_json_schema or {}).get("zh", "")) or chinese(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((text for text in map(chinese, kind.types) if text), "")
    return chinese(kind.item_type) if isinstance(kind, inspect.VarTupleType) else ""


def default(field: inspect.Field) -> str:
    if field.required:
        return "**required**"
    if field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:  # UNSET
        return "absent"
    value = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    if value is None:
        return "absent"
    if isinstance(value, msgspec.Struct) or value in ("", (), {}):
        return "empty"
    return f"`{msgspec.json.encode(value).decode()}`"


def words(kind: inspect.Type) -> str:  # noqa: C901, PLR0911 - one line a type
    """A type in words, e.g. `text, at most 64 characters`, `one of start, end`."""
    match kind:
        case inspect.Metadata():
            return words(kind.type)
        case inspect.StrType():
            return _text_words(kind)
        case inspect.IntType() | inspect.FloatType():
            return _number_words(kind)
        case inspect.LiteralType():
            return ("one of " if len(kind.values) > 1 else "") + ", ".join(f"`{value}`" for value in kind.values)
        case inspect.UnionType():
            return " or ".join(words(each) for each in kind.types if not isinstance(each, inspect.NoneType))
        case inspect.VarTupleType() | inspect.ListType():
            return f"list of {words(kind.item_type)}"
        case inspect.TupleType():
            return "pair of " + " and ".join(words(each) for each in kind.item_types)
        case inspect.DictType():
            return f"object: {words(kind.key_type)} → {words(kind.value_type)}"
        case inspect.StructType():
            return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})"
        case inspect.DateTimeType():
            return "time"
        case inspect.DateType():
            return "day"
        case inspect.BoolType():
            return "true or false"
    return "any value"


def _text_words(kind: inspect.StrType) -> str:
    if kind.pattern is not None:
        return f"text `{_shown(kind.pattern)}`"
    return "text" if kind.max_length is None else f"text, at most {kind.max_length} characters"


def _shown(pattern: str) -> str:
    r"""A pattern without the guard against a final line feed, which says nothing to a reader."""
    return pattern.replace(r"$(?!\n)", "$")


def _number_words(kind: inspect.IntType | inspect.FloatType) -> str:
    name = "whole number" if isinstance(kind, inspect.IntType) else "number"
    if kind.ge is not None and kind.le is not None:
        return f"{name} {kind.ge}-{kind.le}"
    if kind.ge is not None:
        return f"{name} ≥ {kind.ge}"
    return name
