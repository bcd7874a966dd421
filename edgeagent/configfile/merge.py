"""Merges the tables of several files into one, and remembers from which file and line each key came. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gridwire.settings.locator import Path
from gridwire.settings.mistakes import DuplicateKey, Mistake, Place
from gridwire.settings.reader import Source, show


class Tree:
    """The merged tables. `mistakes` are keys that two files set."""

    def __init__(self, first_file: str) -> None:
        self.data: dict[str, Any] = {}
        self.mistakes: list[Mistake] = []
        self._places: dict[Path, Place] = {(): Place(first_file)}

    def place(self, path: Path) -> Place:
        """Where the key stands, or the nearest table around it."""
        while path not in self._places:
            path = path[:-1]
        return self._places[path]

    def add(self, source: Source) -> None:
        """Merge a file: tables merge, `[[rule]]` lists are put one after the other, anything else may stand once."""
        self._table(self.data, source.data, (), source)

    def _table(self, into: dict[str, Any], table: dict[str, Any], path: Path, source: Source) -> None:
        for key, value in table.items():
            here = (*path, key)
            if key not in into:
                into[key] = _copy(value)
                self._note(value, here, here, source)
            elif path != ("device",) and isinstance(value, dict) and isinstance(into[key], dict):
                self._table(into[key], value, here, source)
            elif here == ("rule",) and isinstance(value, list) and isinstance(into[key], list):
                self._append(into[key], value, here, source)
            else:
                self.mistakes.append(DuplicateKey(source.place(here), show(here), first=self.place(here)))

    def _append(self, into: list[Any], items: list[Any], path: Path, source: Source) -> None:
        for index, item in enumerate(items):
            self._note(item, (*path, index), (*path, len(into)), source)
            into.append(_copy(item))

    def _note(self, value: object, old: Path, new: Path, source: Source) -> None:
        self._places[new] = source.place(old)
        if isinstance(value, dict):
            for key, inner in value.items():
                self._note(inner, (*old, key), (*new, key), source)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                self._note(inner, (*old, index), (*new, index), source)


def merge(first_file: str, sources: Sequence[Source]) -> Tree:
    """All files, in the given order. `first_file` is where a setting is said to be missing."""
    tree = Tree(first_file)
    for source in sources:
        tree.add(source)
    return tree


def _copy(value: Any) -> Any:
    """Tables and lists anew, so that merging changes no source."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
