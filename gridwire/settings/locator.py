"""Finds the line on which each key of a TOML text stands, which `tomllib` does not tell.

Exact for tables, arrays of tables, dotted and quoted keys, arrays and inline tables; where it cannot follow, the line
of the nearest table that it knows. It judges nothing: whether the text is TOML is `tomllib`'s business. Pure.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from typing import NamedTuple

Path = tuple[str | int, ...]
"""Keys from the root; positions in arrays count from 0."""

_BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


class Repeat(NamedTuple):
    """A key or table that stands twice."""

    path: Path
    first_line: int
    line: int


class Located:
    """The lines of all keys of one text."""

    def __init__(self, lines: dict[Path, int], repeats: list[Repeat]) -> None:
        self.lines, self.repeats = lines, repeats

    @property
    def keys(self) -> dict[Path, int]:
        """Without the positions in arrays."""
        return {path: line for path, line in self.lines.items() if isinstance(path[-1], str)}

    def line(self, path: Path) -> int:
        """Line of the key, or of the nearest table around it; 1 if there is none."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def locate(text: str) -> Located:
    """Walk through the text; what cannot be followed is skipped to the end of its line."""
    walker = _Walker(text)
    walker.walk()
    return Located(walker.lines, walker.repeats)


class _Lost(Exception):
    """The text is not as expected here."""


class _Walker:
    def __init__(self, text: str) -> None:
        self.text = text + "\n"
        self.at = 0
        self.starts = [0, *(index + 1 for index, char in enumerate(text) if char == "\n")]
        self.lines: dict[Path, int] = {}
        self.repeats: list[Repeat] = []
        self.table: Path = ()
        self.counts: dict[Path, int] = {}
        self.explicit: set[Path] = set()

    def walk(self) -> None:
        while self._skip("\t\n\r "):
            try:
                if self._char() == "[":
                    self._heading()
                else:
                    self._pair(self.table)
            except (_Lost, RecursionError):
                self._to_line_end()

    def _heading(self) -> None:
        start = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        keys = self._keys()
        if many:
            array = (*self._resolve(keys[:-1]), keys[-1])
            self.counts[array] = self.counts.get(array, 0) + 1
            self.table = (*array, self.counts[array] - 1)
        else:
            self.table = self._resolve(keys)
        self._record(self.table, start)
        self._to_line_end()

    def _resolve(self, keys: list[str]) -> Path:
        """Path of a heading: a name of an array of tables means its latest table."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        start = self.at
        path = (*table, *self._keys())
        if self._char() != "=":
            raise _Lost
        self.at += 1
        self._record(path, start)
        self._blanks()
        self._value(path)

    def _value(self, path: Path) -> None:
        char = self._char()
        if char in "\"'":
            self._string()
        elif char == "[":
            self._items(path)
        elif char == "{":
            self._inline(path)
        else:
            while self._char() not in ",]}#\n":
                self.at += 1

    def _items(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self._skip("\t\n\r ,"):
            if self._char() == "]":
                self.at += 1
                return
            self.lines.setdefault((*path, index), self._line(self.at))
            before = self.at
            self._value((*path, index))
            if self.at == before:
                raise _Lost
            index += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self._skip("\t\n\r ,"):
            if self._char() == "}":
                self.at += 1
                return
            self._pair(path)

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while self._char() == ".":
            self.at += 1
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        self._blanks()
        start = self.at
        if self._char() in "\"'":
            self._string()
            key = _unquote(self.text[start : self.at])
        else:
            while self._char() in _BARE:
                self.at += 1
            key = self.text[start : self.at]
        if not key and start == self.at:
            raise _Lost
        self._blanks()
        return key

    def _string(self) -> None:
        quote = self._char()
        if self.text.startswith(quote * 3, self.at):
            self._multiline(quote)
            return
        self.at += 1
        while self._char() != quote:
            if self._char() == "\n":
                raise _Lost
            self.at += 2 if quote == '"' and self._char() == "\\" else 1
        self.at += 1

    def _multiline(self, quote: str) -> None:
        self.at += 3
        while not self.text.startswith(quote * 3, self.at):
            # `_char` also ends the search at the end of the text.
            self.at += 2 if self._char() == "\\" and quote == '"' else 1
        while self.text.startswith(quote, self.at):  # up to two quotes may stand before the closing three
            self.at += 1

    def _record(self, path: Path, start: int) -> None:
        line = self._line(start)
        if path in self.explicit:
            self.repeats.append(Repeat(path, self.lines[path], line))
        elif path not in self.lines or path not in self.counts:
            self.lines[path] = line
        self.explicit.add(path)
        for length in range(1, len(path)):
            self.lines.setdefault(path[:length], line)

    def _line(self, position: int) -> int:
        return bisect_right(self.starts, position)

    def _char(self) -> str:
        if self.at >= len(self.text):
            raise _Lost
        return self.text[self.at]

    def _blanks(self) -> None:
        while self._char() in "\t ":
            self.at += 1

    def _skip(self, blank: str) -> bool:
        """Pass blanks and comments; False at the end of the text."""
        while self.at < len(self.text) and (self.text[self.at] in blank or self.text[self.at] == "#"):
            if self.text[self.at] == "#":
                self._to_line_end()
            else:
                self.at += 1
        return self.at < len(self.text)

    def _to_line_end(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end + 1


def _unquote(raw: str) -> str:
    try:
        key = tomllib.loads(f"key = {raw}")["key"]
    except ValueError:
        return raw
    return key if isinstance(key, str) else raw
