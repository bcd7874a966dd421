"""Changes one value in the text of a TOML file and nothing else: comments, order and blank lines stay. Pure.

What comes of it is read again and compared with what was meant; where that differs, the text is left to a person.
"""

from __future__ import annotations

import copy
import re
import tomllib
from typing import Any

from gridwire.problem import Problem
from gridwire.settings.locator import locate
from gridwire.settings.tomltext import toml

Path = tuple[str, ...]
_HEADER = re.compile(r"\s*\[")


class LeftToYou(Problem):
    code = "setup.left-to-you"
    en = "{key} stands in {file} in a way that setup does not change: set it to {value} by hand, then call setup again"
    zh = "{file} 中 {key} 的写法无法自动修改：请手工改为 {value}，然后再运行 setup"


def with_value(text: str, path: Path, value: Any, *, file: str = "") -> str:
    """The text with this setting; the key is `path[-1]` of the table `path[:-1]`. Raises `LeftToYou`."""
    newline = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    before = tomllib.loads(plain)
    number = locate(plain).lines.get(path)
    lines = plain.split("\n")
    if number is not None:
        lines[number - 1] = _changed(lines[number - 1], path[-1], value)
    else:
        _insert(lines, plain, path, value)
    after = "\n".join(lines)
    if not _is_as_meant(before, after, path, value):
        raise LeftToYou(key=".".join(path), file=file, value=toml(value))
    return after.replace("\n", newline)


def appended(text: str, block: str) -> str:
    """The text with further tables at its end, a blank line before them."""
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    return text + (gap + block).replace("\n", newline)


def _is_as_meant(before: dict[str, Any], after: str, path: Path, value: Any) -> bool:
    try:
        found = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    wanted = copy.deepcopy(before)
    table = wanted
    for name in path[:-1]:
        table = table.setdefault(name, {})
        if not isinstance(table, dict):
            return False
    table[path[-1]] = value
    return found == wanted


def _changed(line: str, key: str, value: Any) -> str:
    """`key = old  # why` with another value; the line as it is where that is not its form."""
    match = re.match(r"(\s*(?:[A-Za-z0-9_-]+\s*\.\s*)*" + re.escape(key) + r"\s*=\s*)", line)
    if match is None:
        return line
    rest = line[match.end() :]
    for at in (place for place, char in enumerate(rest) if char == "#"):
        if _is_value(rest[:at]):
            gap = rest[len(rest[:at].rstrip()) : at]
            return f"{match[1]}{toml(value)}{gap}{rest[at:]}"
    return f"{match[1]}{toml(value)}" if _is_value(rest) else line


def _is_value(text: str) -> bool:
    try:
        tomllib.loads(f"x = {text}")
    except tomllib.TOMLDecodeError:
        return False
    return True


def _insert(lines: list[str], text: str, path: Path, value: Any) -> None:
    """A new line: behind the commented-out default, else behind the last key of its table, else in a new table."""
    said = f"{path[-1]} = {toml(value)}"
    first, end = _table(lines, text, path[:-1])
    if first is None:
        while lines and not lines[-1].strip():
            lines.pop()
        lines += ["", f"[{'.'.join(path[:-1])}]", said, ""]
        return
    commented = re.compile(rf"#\s?{re.escape(path[-1])}\s*=")
    places = [number for number in range(first, end) if commented.match(lines[number])]
    places = places or [number for number in range(first, end) if re.match(r"\s*[^\s#\[]", lines[number])]
    after = places[-1] if places else first - 1
    if not path[:-1] and not places:  # nothing stands at the top yet: behind the file's own heading
        after = _end_of_heading(lines)
    lines.insert(after + 1, said)


def _table(lines: list[str], text: str, table: Path) -> tuple[int | None, int]:
    """First line, from 0, behind the table's header, and the line at which the next table begins; None: not there."""
    first: int | None = 0
    if table:
        number = locate(text).lines.get(table)
        own = number is not None and lines[number - 1].replace(" ", "").startswith(f"[{'.'.join(table)}]")
        first = number if own else None
    begin = first or 0
    headers = (number for number in range(begin, len(lines)) if _HEADER.match(lines[number]))
    return first, next(headers, len(lines))


def _end_of_heading(lines: list[str]) -> int:
    """The last line of the comment with which a file begins; -1 where it begins with something else."""
    number = 0
    while number < len(lines) and lines[number].startswith("#"):
        number += 1
    return number - 1
