"""Says in two languages what a setting's type allows, and what stands there instead. Pure."""

from __future__ import annotations

import datetime
import re

from msgspec import inspect

from gridwire.identifiers import BOX_PATTERN, COUNTY_PATTERN, DEVICE_PATTERN, GRID_PATTERN
from gridwire.problem import Both

_PATTERNS = {
    BOX_PATTERN: Both(
        "盒子编号：12 位村级区划代码，同村第二台起加 -2、-3",
        "a box id: 12 digits of the village, then -2, -3 for a second, third box",
    ),
    GRID_PATTERN: Both(
        "网格编号：12 位村级区划代码加 3 位网格号", "a grid id: 12 digits of the village and 3 of the grid"
    ),
    COUNTY_PATTERN: Both("6 位县级区划代码", "a county code of 6 digits"),
    rf"^$|{COUNTY_PATTERN}": Both("6 位县级区划代码，或留空", "a county code of 6 digits, or nothing"),
    DEVICE_PATTERN: Both("设备编号：1 至 32 个小写字母、数字或 -", "a device id: 1 to 32 of a-z, 0-9 and -"),
}
_MAX_SHOWN = 60


def expected(kind: inspect.Type) -> Both:
    """What a setting of this type may be, e.g. “a whole number from 1 to 65535”."""
    kind, extra = unwrap(kind)
    own = extra.get("expect")
    if isinstance(own, dict):
        return Both(str(own["zh"]), str(own["en"]))
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return _number(kind)
    if isinstance(kind, inspect.StrType):
        return _text(kind, extra)
    if isinstance(kind, inspect.UnionType):
        parts = [expected(part) for part in kind.types if not isinstance(part, inspect.NoneType)]
        return Both("或".join(part.zh for part in parts), " or ".join(part.en for part in parts))
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        return _choice(kind)
    return _SIMPLE.get(type(kind)) or _list(kind)


def _list(kind: inspect.Type) -> Both:
    words = Both("其他值", "another value")
    if isinstance(kind, inspect.CollectionType):
        item = expected(kind.item_type)
        words = Both(f"列表，每一项为{item.zh}", f"a list, each {item.en}")
    elif isinstance(kind, inspect.TupleType):
        words = Both(f" {len(kind.item_types)} 个值的列表", f"a list of {len(kind.item_types)} values")
    return words


_SIMPLE = {
    inspect.BoolType: Both(" true 或 false", "true or false"),
    inspect.StructType: Both("一个表", "a table"),
    inspect.DictType: Both("一个表", "a table"),
    inspect.DateTimeType: Both("日期时间", "a date and time"),
    inspect.DateType: Both("日期", "a date"),
    inspect.TimeType: Both("时刻", "a time of day"),
}


def choices(kind: inspect.LiteralType | inspect.EnumType) -> list[object]:
    """The values that are allowed."""
    return [member.value for member in kind.cls] if isinstance(kind, inspect.EnumType) else list(kind.values)


def _choice(kind: inspect.LiteralType | inspect.EnumType) -> Both:
    shown = [quoted(value) for value in choices(kind)]
    return Both("以下之一：" + "、".join(shown), "one of " + ", ".join(shown))


def _number(kind: inspect.IntType | inspect.FloatType) -> Both:
    noun = Both("整数", "a whole number") if isinstance(kind, inspect.IntType) else Both("数字", "a number")
    low, open_below = (kind.ge, False) if kind.ge is not None else (kind.gt, True)
    high, open_above = (kind.le, False) if kind.le is not None else (kind.lt, True)
    en, zh = noun.en, []
    if low is not None:
        en += f" {'above' if open_below else 'from'} {low:.15g}"
        zh.append(f"{'大于' if open_below else '不小于'} {low:.15g}")
    if high is not None:
        en += f" {'below' if open_above else 'to' if low is not None else 'of at most'} {high:.15g}"
        zh.append(f"{'小于' if open_above else '不大于'} {high:.15g}")
    if len(zh) == 2 and not open_below and not open_above:
        return Both(f" {low:.15g} 至 {high:.15g} 的{noun.zh}", en)
    en = en if high is not None or open_below else en.replace(" from ", " of at least ")
    return Both(f"{' 且'.join(zh)} 的{noun.zh}" if zh else noun.zh, en)


def _text(kind: inspect.StrType, extra: dict[str, object]) -> Both:
    if kind.pattern in _PATTERNS:
        return _PATTERNS[kind.pattern]
    if kind.pattern is not None and extra.get("description"):
        return Both(str(extra.get("zh") or extra["description"]), str(extra["description"]))
    if kind.pattern is not None:
        return Both(f"形如 {kind.pattern} 的文本", f"text like {kind.pattern}")
    if kind.max_length is not None:
        low = kind.min_length or 0
        return Both(f"{low} 至 {kind.max_length} 个字的文本", f"text of {low} to {kind.max_length} characters")
    if kind.min_length:
        return Both("非空文本", "text that is not empty")
    return Both("带引号的文本", "text in quotes")


def unwrap(kind: inspect.Type) -> tuple[inspect.Type, dict[str, object]]:
    """The type without its metadata, and the metadata."""
    extra: dict[str, object] = {}
    while isinstance(kind, inspect.Metadata):
        extra = {**(kind.extra_json_schema or {}), **extra}
        kind = kind.type
    return kind, extra


def description(kind: inspect.Type) -> Both:
    """What the setting means, as its definition says."""
    extra = unwrap(kind)[1]
    en = str(extra.get("description") or "")
    return Both(str(extra.get("zh") or en), en)


def found(value: object, *, secret: bool = False) -> Both:
    """What stands in the file, e.g. “the text "8883"”; of a secret only its kind."""
    nouns: list[tuple[type | tuple[type, ...], Both]] = [
        (bool, Both("true/false", "true or false")),
        (int, Both("整数", "the whole number")),
        (float, Both("数字", "the number")),
        (str, Both("文本", "the text")),
        (dict, Both("一个表", "a table")),
        (list, Both("列表", "a list")),
        ((datetime.datetime, datetime.date, datetime.time), Both("日期或时间", "the date or time")),
    ]
    noun = next((noun for kind, noun in nouns if isinstance(value, kind)), Both("一个值", "a value"))
    if isinstance(value, dict | list) or secret:
        return Both(noun.zh, noun.en.replace("the ", "a "))
    if isinstance(value, bool):
        return Both(f" {quoted(value)} ", quoted(value))
    return Both(
        noun.zh + (quoted(value) if isinstance(value, str) else f" {value!s:.60} "), f"{noun.en} {quoted(value)}"
    )


def quoted(value: object) -> str:
    """A value as TOML writes it, shortened, on one line, and without the password of a URL."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)[:_MAX_SHOWN]
    text = re.sub(r"//[^/@\s]*@", "//***@", value)
    text = "".join(char if char.isprintable() else "\\n" if char == "\n" else "�" for char in text)
    return f"“{text[:_MAX_SHOWN]}{'…' if len(text) > _MAX_SHOWN else ''}”"
