"""The one mechanism for text in two languages, and the choice of the language."""

from __future__ import annotations

import os

from gridwire.problem import Language


def say(language: Language, *, en: str, zh: str) -> str:
    """The text in this language."""
    return zh if language == "zh" else en


def of_environment() -> Language:
    """As LC_ALL, LC_MESSAGES or LANG say; Chinese if they say nothing, or only `C`."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value and value.split(".")[0] not in {"C", "POSIX"}:
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh"


def choose(asked: str | None, configured: str | None = None) -> Language:
    """What was asked for, else what the configuration says, else what the environment says."""
    for language in (asked, configured):
        if language in ("zh", "en"):
            return "zh" if language == "zh" else "en"
    return of_environment()


def width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows as lines with aligned columns."""
    widths = [max(width(row[column]) for row in rows if column < len(row)) for column in range(max(map(len, rows)))]
    return ["  ".join(cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(row)).rstrip() for row in rows]


def print_json(answer: object) -> None:
    """For programs: indented, Chinese as it is."""
    import msgspec

    print(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
