"""Says in two languages what a setting's type allows, and what stands there instead. Pure."""

from __future__ import annotations

import datetime
import re

from msgspec import inspect

from gridwire.codes import BOX_PATTERN, COUNTY_PATTERN, DEVICE_PATTERN, GRID_PATTERN
from gridwire.problem import Both

_PATTERNS = {
    BOX_PATTERN: Both(
        "a box id: 12 digits of the village, then -2, -3 for a second, third box",
        "盒子编号：12 位村级区划代码，同村第二台起加 -2、-3",
    ),
    GRID_PATTERN: Both(
        "a grid id: 12 digits of the village and 3 of the grid", "网格编号：12 位村级区划代码加 3 位网格号"
    ),
    COUNTY_PATTERN: Both("a county code of 6 digits", "6 位县级区划代码"),
    rf"^$|{COUNTY_PATTERN}": Both("a county code of 6 digits, or nothing", "6 位县级区划代码，或留空"),
    DEVICE_PATTERN: Both("a device id: 1 to 32 of a-z, 0-9 and -", "设备编号：1 至 32 个小写字母、数字或 -"),
}
_MAX_SHOWN = 60


def expected(kind: inspect.Type) -> Both:
    """What a setting of this type may be, e.g. “a whole number from 1 to 65535”."""
    kind, extra = unwrap(kind)
    own = extra.get("expect")
    if isinstance(own, dict):
        return Both(str(own["en"]), str(own["zh"]))
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return _number(kind)
    if isinstance(kind, inspect.StrType):
        return _text(kind, extra)
    if isinstance(kind, inspect.UnionType):
        parts = [expected(part) for part in kind.types if not isinstance(part, inspect.NoneType)]
        return Both(" or ".join(part.en for part in parts), "或".join(part.zh for part in parts))
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        return _choice(kind)
    return _SIMPLE.get(type(kind)) or _list(kind)


def _list(kind: inspect.Type) -> Both:
    words = Both("another value", "其他值")
    if isinstance(kind, inspect.CollectionType):
        item = expected(kind.item_type)
        words = Both(f"a list, each {item.en}", f"列表，每一项为{item.zh}")
    elif isinstance(kind, inspect.TupleType):
        words = Both(f"a list of {len(kind.item_types)} values", f" {len(kind.item_types)} 个值的列表")
    return words


_SIMPLE = {
    inspect.BoolType: Both("true or false", " true 或 false"),
    inspect.StructType: Both("a table", "一个表"),
    inspect.DictType: Both("a table", "一个表"),
    inspect.DateTimeType: Both("a date and time", "日期时间"),
    inspect.DateType: Both("a date", "日期"),
    inspect.TimeType: Both("a time of day", "时刻"),
}


def choices(kind: inspect.LiteralType | inspect.EnumType) -> list[object]:
    """The values that are allowed."""
    return [member.value for member in kind.cls] if isinstance(kind, inspect.EnumType) else list(kind.values)


def _choice(kind: inspect.LiteralType | inspect.EnumType) -> Both:
    shown = [quoted(value) for value in choices(kind)]
    return Both("one of " + ", ".join(shown), "以下之一：" + "、".join(shown))


def _number(kind: inspect.IntType | inspect.FloatType) -> Both:
    noun = Both("a whole number", "整数") if isinstance(kind, inspect.IntType) else Both("a number", "数字")
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
        return Both(en, f" {low:.15g} 至 {high:.15g} 的{noun.zh}")
    en = en if high is not None or open_below else en.replace(" from ", " of at least ")
    return Both(en, f"{' 且'.join(zh)} 的{noun.zh}" if zh else noun.zh)


def _text(kind: inspect.StrType, extra: dict[str, object]) -> Both:
    if kind.pattern in _PATTERNS:
        return _PATTERNS[kind.pattern]
    if kind.pattern is not None and extra.get("description"):
        return Both(str(extra["description"]), str(extra.get("zh") or extra["description"]))
    if kind.pattern is not None:
        return Both(f"text like {kind.pattern}", f"形如 {kind.pattern} 的文本")
    if kind.max_length is not None:
        low = kind.min_length or 0
        return Both(f"text of {low} to {kind.max_length} characters", f"{low} 至 {kind.max_length} 个字的文本")
    if kind.min_length:
        return Both("text that is not empty", "非空文本")
    return Both("text in quotes", "带引号的文本")


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
    return Both(en, str(extra.get("zh") or en))


def found(value: object, *, secret: bool = False) -> Both:
    """What stands in the file, e.g. “the text "8883"”; of a secret only its kind."""
    nouns: list[tuple[type | tuple[type, ...], Both]] = [
        (bool, Both("true or false", "true/false")),
        (int, Both("the whole number", "整数")),
        (float, Both("the number", "数字")),
        (str, Both("the text", "文本")),
        (dict, Both("a table", "一个表")),
        (list, Both("a list", "列表")),
        ((datetime.datetime, datetime.date, datetime.time), Both("the date or time", "日期或时间")),
    ]
    noun = next((noun for kind, noun in nouns if isinstance(value, kind)), Both("a value", "一个值"))
    if isinstance(value, dict | list) or secret:
        return Both(noun.en.replace("the ", "a "), noun.zh)
    if isinstance(value, bool):
        return Both(quoted(value), f" {quoted(value)} ")
    return Both(
        f"{noun.en} {quoted(value)}", noun.zh + (quoted(value) if isinstance(value, str) else f" {value!s:.60} ")
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
