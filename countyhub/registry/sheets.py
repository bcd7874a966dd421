"""One CSV file -> its rows. Headings may be English or Chinese, the text UTF-8 (with or without BOM), GBK or UTF-16.

Pure: bytes in, rows and mistakes out. Rows are counted as a spreadsheet counts them.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from countyhub.registry import filemistakes, personalnumbers
from countyhub.registry.cells import BAD, read
from countyhub.registry.columns import Column, Row, columns
from countyhub.registry.content import Placed
from countyhub.registry.forms import Household
from countyhub.registry.mistakes import NOTHING, Mistake, Place, perhaps
from gridwire.problem import Both

_SEPARATORS = ",\t;，"


class Sheet(NamedTuple):
    """What a file held."""

    rows: list[Placed[Row]]
    said: list[Mistake]


def read_sheet(name: str, kind: type[Row], data: bytes) -> Sheet:
    """The rows of the file `name` and everything wrong with it."""
    text = decode(data)
    if text is None:
        return Sheet([], [filemistakes.NoText(Place(name))])
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=False))
    except csv.Error as error:
        return Sheet([], [filemistakes.FileUnreadable(Place(name), why=error)])
    numbered = [(number, cells) for number, cells in enumerate(records, 1) if any(cell.strip() for cell in cells)]
    if not numbered:
        return Sheet([], [filemistakes.FileUnreadable(Place(name), why=Both("是空文件", "it is empty"))])
    head_row, head = numbered[0]
    layout, said = layout_of(name, head_row, kind, head)
    rows: list[Placed[Row]] = []
    for number, cells in numbered[1:]:
        row, wrong = _row(Place(name, number), kind, layout, cells, len(head))
        said += wrong
        if row is not None:
            rows.append(Placed(row, Place(name, number)))
    return Sheet(rows, said)


def decode(data: bytes) -> str | None:
    """The text, whichever way a spreadsheet in China saved it; None when it is no text."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if wide else ["utf-8-sig", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text
    return None


def _separator(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(_SEPARATORS, key=first.count)


def layout_of(
    name: str, number: int, kind: type[Row], head: Sequence[str]
) -> tuple[list[Column | None], list[Mistake]]:
    """Which column stands where; None where a heading is not known."""
    known = {heading: column for column in columns(kind) for heading in (column.name, column.about.zh)}
    layout: list[Column | None] = []
    said: list[Mistake] = []
    for cell in head:
        heading = unicodedata.normalize("NFKC", cell).strip()
        column = known.get(heading) or known.get(heading.lower())
        if column is not None and column in layout:
            said.append(filemistakes.DoubleColumn(_at(name, number, column)))
        elif column is None and heading:
            said.append(_unknown(Place(name, number, Both(heading, heading)), kind, heading, known))
        layout.append(column)
    missing = [column for column in columns(kind) if column.required and column not in layout]
    said += [filemistakes.MissingColumn(_at(name, number, column)) for column in missing]
    return layout, said


def _unknown(place: Place, kind: type[Row], heading: str, known: Iterable[str]) -> Mistake:
    if kind is Household and heading.lower() in personalnumbers.COLUMNS:
        return filemistakes.PersonalColumn(place)
    close = difflib.get_close_matches(heading, list(known), 1, 0.5)
    return filemistakes.UnknownColumn(place, hint=perhaps(close[0]) if close else NOTHING)


def _at(name: str, number: int, column: Column) -> Place:
    return Place(name, number, Both(column.about.zh, column.name))


def _row(
    place: Place, kind: type[Row], layout: Sequence[Column | None], cells: Sequence[str], width: int
) -> tuple[Row | None, list[Mistake]]:
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return None, [filemistakes.RowTooLong(place, found=len(cells), expected=width)]
    padded = [*cells, *[""] * (len(layout) - len(cells))]
    texts = {column.name: cell for column, cell in zip(layout, padded, strict=False) if column is not None}
    return make_row(kind, texts, place)


def make_row(kind: type[Row], texts: Mapping[str, str], place: Place) -> tuple[Row | None, list[Mistake]]:
    """A row of texts by name of column; None when one of its cells is bad or a column that must be there is not."""
    values: dict[str, object] = {}
    said: list[Mistake] = []
    for column in columns(kind):
        if column.name not in texts:
            continue
        found = read(column, texts[column.name], place._replace(column=Both(column.about.zh, column.name)))
        values[column.name] = found.value
        if found.said is not None:
            said.append(found.said)
    whole = all(column.name in values for column in columns(kind) if column.required)
    if not whole or BAD in values.values():
        return None, said
    return kind(**values), said
