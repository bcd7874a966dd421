"""What a mistake in the files of the registry is: it knows its file, row and column, and says what to do, in two
languages. The kinds stand beside: `filemistakes`, `workbookmistakes`, `cellmistakes`, `rowmistakes`, `outlinemistakes`.

Each kind is a class with a stable code. None ever quotes what looks like somebody's number.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from gridwire.problem import Both, Language, Problem

NOTHING = Both("", "")


def perhaps(text: str) -> Both:
    """A suggestion."""
    return Both(f"；是不是“{text}”？", f"; did you mean “{text}”?") if text else NOTHING


class Place(NamedTuple):
    """Where something stands. `row` counts from 1 as a spreadsheet does, the heading is 1; 0: the file as a whole.

    `key`: of a row that is in the database and in no file.
    """

    file: str
    row: int = 0
    column: Both = NOTHING
    key: str = ""

    @property
    def both(self) -> Both:
        return Both(self.text("zh"), self.text("en"))

    def text(self, language: Language) -> str:
        if self.key:
            return f"{self.file} {self.key}" + ("（已登记）" if language == "zh" else " (registered)")
        row = (f" 第 {self.row} 行" if language == "zh" else f", row {self.row}") if self.row else ""
        name = self.column.text(language)
        column = (f"“{name}”列" if language == "zh" else f", column {name}") if name else ""
        return f"{self.file}{row}{column}"


class Mistake(Problem):
    """Something wrong at a place. `warning`: it is told, and the import goes on."""

    warning: ClassVar[bool] = False

    def __init__(self, place: Place, **facts: object) -> None:
        self.place = place
        super().__init__(**facts)

    def text(self, language: Language) -> str:
        colon = "：" if language == "zh" else ": "
        return f"{self.place.text(language)}{colon}{self.sentence(language)} [{self.code}]"


class Warned(Mistake):
    """Base of what is told and does not stop an import."""

    warning = True


def in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """By file and row, mistakes before warnings, without repeats."""
    unique = {(each.place, each.text("en")): each for each in mistakes}
    return sorted(unique.values(), key=lambda each: (each.warning, each.place.file, each.place.row, each.place.key))
