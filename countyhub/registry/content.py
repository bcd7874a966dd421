"""The rows of all files together: with their places as they were read, or bare as they are stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, NamedTuple, TypeVar

from countyhub.registry.columns import Row
from countyhub.registry.forms import BY_FILE, FORMS
from countyhub.registry.mistakes import Place

R = TypeVar("R", bound=Row)


def stored_place(row: Row) -> Place:
    """The place of a row that is in the database only."""
    return Place(row.FILE, key=" ".join(row.key))


class Placed(NamedTuple, Generic[R]):
    """A row and where it stands."""

    row: R
    place: Place


class Content:
    """Rows by kind. A kind that is absent was not given (no such file); an empty one was given and holds nothing."""

    def __init__(self, tables: Mapping[type[Row], Iterable[Placed[Row]]] | None = None) -> None:
        self._tables: dict[type[Row], list[Placed[Row]]] = {kind: list(rows) for kind, rows in (tables or {}).items()}

    @classmethod
    def bare(cls, rows: Iterable[Row]) -> Content:
        """Of rows that stand in no file; every kind is there."""
        tables: dict[type[Row], list[Placed[Row]]] = {kind: [] for kind in FORMS}
        for row in rows:
            tables[type(row)].append(Placed(row, stored_place(row)))
        return cls(tables)

    def of(self, kind: type[R]) -> list[R]:
        """The rows of a kind."""
        return [placed.row for placed in self._tables.get(kind, [])]  # type: ignore[misc] # keyed by their type

    def placed(self, kind: type[R]) -> list[Placed[R]]:
        return self._tables.get(kind, [])  # type: ignore[return-value] # keyed by their type

    def given(self) -> list[type[Row]]:
        """The kinds that were given, in the order of the forms."""
        return [kind for kind in FORMS if kind in self._tables]

    def rows(self) -> Iterator[Row]:
        for kind in self.given():
            yield from self.of(kind)

    def file(self, name: str) -> list[Row]:
        """The rows of a file by its name, as `Col.refs` names it."""
        return self.of(BY_FILE[name])

    def with_table(self, kind: type[Row], rows: Iterable[Placed[Row]]) -> Content:
        return Content({**self._tables, kind: list(rows)})
