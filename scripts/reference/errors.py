"""docs/reference/errors.md: every expected error with its code, in both languages."""

from __future__ import annotations

import sys

from gridwire.problem import Problem, declared
from reference import packages
from reference.tables import table


def problems() -> list[type[Problem]]:
    """All that our packages declare, sorted by code. The simulators' own are not for readers."""
    packages.import_all()
    return [cls for cls in declared() if cls.__module__.partition(".")[0] in packages.OURS]


def _source(cls: type[Problem]) -> str:
    """Where it is declared, from docs/reference/."""
    package = hasattr(sys.modules[cls.__module__], "__path__")
    return f"../../{cls.__module__.replace('.', '/')}{'/__init__' if package else ''}.py"


def text() -> str:
    """The whole page, one section for each part of the product that the codes begin with."""
    lines = [
        "# Errors 错误代码",
        "",
        "Codes are stable: look one up here, or search for it; each leads to the code that says it. Words in braces",
        "are replaced by the facts.",
        "代码不会改变，可据此查找；点击代码可打开其源文件。花括号中的内容会替换为实际情况。",
    ]
    part = ""
    for cls in problems():
        if cls.code.partition(".")[0] != part:
            part = cls.code.partition(".")[0]
            lines += ["", f"## {part}", "", *table(["code 代码", "English", "中文"], [])]
        lines += table([f"[`{cls.code}`]({_source(cls)})", cls.en, cls.zh], [])[:1]
    return "\n".join(lines) + "\n"
