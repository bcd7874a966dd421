"""docs/reference/registry.md: every file of the county's registry with its columns, in both languages."""

from __future__ import annotations

from countyhub.registry.columns import Column, Row, columns
from countyhub.registry.folder import file_name
from countyhub.registry.forms import FORMS
from countyhub.registry.mistakes import Mistake, Warned
from gridwire.problem import declared
from reference.tables import doc, table

_SHOWN_END = r"$(?!\n)"


def text() -> str:
    """The whole page."""
    lines = [
        "# Files of the registry 登记表",
        "",
        "Made from the definitions that an import checks against. A file may have its English or its Chinese name,",
        "and so may each heading and each word. How to use them: [registry.md](../registry.md).",
        "",
        "由程序所用的定义生成。文件名、列标题和可选词均可用中文或英文。用法见 [registry.md](../registry.md)。",
    ]
    for kind in FORMS:
        lines += ["", *_form(kind)]
    codes = [cls for cls in declared(Mistake) if cls.code]
    warnings = [cls for cls in codes if issubclass(cls, Warned)]
    wrong = [cls for cls in codes if not issubclass(cls, Warned)]
    for title, found in (("Mistakes 错误", wrong), ("Warnings 提醒", warnings)):
        lines += ["", f"## {title}", ""]
        lines += table(["code 代码", "English", "中文"], [[f"`{cls.code}`", cls.en, cls.zh] for cls in found])
    return "\n".join(lines) + "\n"


def _form(kind: type[Row]) -> list[str]:
    own = kind.KEY
    head = f"## `{file_name(kind)}` {kind.ZH}"
    key = "Told apart by 主键：" + ", ".join(f"`{name}`" for name in own)
    rows = [_row(column) for column in columns(kind)]
    heads = ["column 列", "holds", "may be empty", "meaning", "含义"]
    return [head, "", f"{doc(kind)} {key}.", "", *table(heads, rows)]


def _row(column: Column) -> list[str]:
    about = column.about
    empty = "no 否" if column.required else "yes 可"
    return [f"`{column.name}` {about.zh}", _holds(column), empty, about.en_about, about.zh_about]


def _holds(column: Column) -> str:
    about = column.about
    if column.kind == "word":
        return "one of " + ", ".join(f"`{value}` {zh}" for value, zh in about.words.items())
    if column.kind == "day":
        return "day, `2026-03-16`"
    if column.kind in ("whole", "number"):
        name = "whole number" if column.kind == "whole" else "number"
        return f"{name} {about.ge:.0f}-{about.le:.0f}" if about.ge is not None and about.le is not None else name
    if column.kind == "text":
        return "GeoJSON" if column.name == "geometry" else f"text, at most {about.max_length} characters"
    named = f", of {' or '.join(f'`{file}`' for file in about.refs)}" if about.refs else ""
    return f"code `{about.pattern.replace(_SHOWN_END, '$')}`{named}"
