"""A workbook -> the rows of its sheets, and rows -> a workbook. A sheet is a table, named as the file would be.

Outlines have no place in cells: they stay in `grids.geojson`. Every mistake says file!sheet, row and column.
"""

from __future__ import annotations

import difflib
import io
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import openpyxl
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from countyhub.registry import filemistakes, sheets, workbookmistakes
from countyhub.registry.columns import Column, Row, columns
from countyhub.registry.content import Content, Placed
from countyhub.registry.forms import FORMS, Polygon
from countyhub.registry.mistakes import NOTHING, Mistake, Place, perhaps
from countyhub.registry.openedbook import MAX_ROWS, Cell, RawSheet, open_book
from countyhub.registry.sheets import Sheet
from countyhub.registry.typedcells import Typed, text_of
from gridwire.problem import Both, Language

ENDING = ".xlsx"
_TABLES = [kind for kind in FORMS if kind is not Polygon]
_MAX_CHOICES = 255
"""Characters of a list to choose from that a spreadsheet takes."""
_SPARE_ROWS = 2000
"""So many rows beneath the last are prepared for entering more."""


class Table(NamedTuple):
    """One sheet that is a table of the registry. `label`: file!sheet."""

    kind: type[Row]
    label: str
    sheet: Sheet


class Book(NamedTuple):
    tables: list[Table]
    said: list[Mistake]


def sheet_name(kind: type[Row], language: Language) -> str:
    return kind.ZH if language == "zh" else kind.FILE


def read_workbook(name: str, data: bytes) -> Book:
    """The tables in the file `name`, and all that is wrong with it as a whole."""
    opened = open_book(name, data)
    said = list(opened.said)
    known = {sheet_name(kind, language).lower(): kind for kind in _TABLES for language in ("en", "zh")}
    tables: list[Table] = []
    for raw in opened.sheets:
        label = f"{name}!{raw.name}"
        kind = known.get(raw.name.strip().lower())
        if kind is not None:
            tables.append(Table(kind, label, _read(label, kind, raw)))
        elif raw.rows:
            said.append(_stranger(label, raw.name, known))
    if opened.sheets and not tables:
        names = Both("、".join(kind.ZH for kind in _TABLES[:3]), ", ".join(kind.FILE for kind in _TABLES[:3]))
        said.append(workbookmistakes.NoSheets(Place(name), words=names))
    return Book(tables, said)


def _stranger(label: str, name: str, known: Iterable[str]) -> Mistake:
    if name.strip().lower().removesuffix(".geojson") == Polygon.ZH or name.strip().lower() == Polygon.FILE:
        return workbookmistakes.OutlinesElsewhere(Place(label))
    close = difflib.get_close_matches(name.strip().lower(), list(known), 1, 0.5)
    return workbookmistakes.UnknownSheet(Place(label), hint=perhaps(close[0]) if close else NOTHING)


def _read(label: str, kind: type[Row], raw: RawSheet) -> Sheet:
    """The rows of a sheet; one with a heading only holds none, as a file does."""
    if not raw.rows:
        return Sheet([], [filemistakes.FileUnreadable(Place(label), why=Both("是空表", "it is empty"))])
    head_row, head = raw.rows[0]
    layout, said = sheets.layout_of(label, head_row, kind, [str(cell.value or "") for cell in head])
    if raw.cut:
        said.append(workbookmistakes.TooManyRows(Place(label), most=MAX_ROWS))
    rows: list[Placed[Row]] = []
    numbers: Counter[str] = Counter()
    for number, cells in raw.rows[1:]:
        place = Place(label, number)
        row, wrong = _row(place, kind, layout, cells, numbers)
        said += wrong
        if row is not None:
            rows.append(Placed(row, place))
    return Sheet(rows, said + _stored_as_numbers(label, kind, numbers))


def _row(
    place: Place, kind: type[Row], layout: list[Column | None], cells: list[Cell], numbers: Counter[str]
) -> tuple[Row | None, list[Mistake]]:
    if len(cells) > len(layout):
        return None, [filemistakes.RowTooLong(place, found=len(cells), expected=len(layout))]
    texts: dict[str, str] = {}
    said: list[Mistake] = []
    for column, cell in zip(layout, [*cells, *[Cell(None)] * (len(layout) - len(cells))], strict=True):
        if column is None:
            continue
        typed = _typed(column, cell, place._replace(column=Both(column.about.zh, column.name)))
        numbers[column.name] += typed.number
        if typed.said is None:
            texts[column.name] = typed.text
        else:
            said.append(typed.said)
    row, wrong = sheets.make_row(kind, texts, place)
    return (None if said else row), said + wrong


def _typed(column: Column, cell: Cell, place: Place) -> Typed:
    if cell.kind == "e":
        return Typed("", workbookmistakes.CellError(place, found=cell.value))
    if cell.formula and cell.value is None:
        return Typed("", workbookmistakes.NoValue(place))
    return text_of(column, cell.value, cell.number_format, place)


def _stored_as_numbers(label: str, kind: type[Row], numbers: Counter[str]) -> list[Mistake]:
    """Once for a column, not for each of thousands of cells."""
    return [
        workbookmistakes.StoredAsNumbers(
            Place(label, column=Both(column.about.zh, column.name)), count=numbers[column.name]
        )
        for column in columns(kind)
        if numbers[column.name]
    ]


# Writing


def workbook_bytes(content: Content, language: Language) -> bytes:
    """Every table that is there, a sheet each. Codes are text, so that no spreadsheet rewrites them, days are days."""
    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]  # a new workbook has one
    for kind in content.given():
        if kind is not Polygon:
            _write(book.create_sheet(sheet_name(kind, language)), kind, content.of(kind), language)
    if not book.worksheets:
        book.create_sheet()
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _write(sheet: Any, kind: type[Row], rows: Iterable[Row], language: Language) -> None:
    layout = columns(kind)
    sheet.append([column.header(language) for column in layout])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    for number, row in enumerate(sorted(rows, key=_order), 2):
        for at, column in enumerate(layout, 1):
            _write_cell(sheet.cell(number, at), column, getattr(row, column.name), language)
    last = sheet.max_row + _SPARE_ROWS
    for at, column in enumerate(layout, 1):
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = 24 if column.kind in ("text", "code") else 14
        sheet.column_dimensions[letter].number_format = _format(column)
        choices = [zh if language == "zh" else word for word, zh in column.about.words.items()]
        if column.kind == "word" and len(",".join(choices)) <= _MAX_CHOICES:
            choice = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            choice.add(f"{letter}2:{letter}{last}")
            sheet.add_data_validation(choice)


def _write_cell(cell: Any, column: Column, value: object, language: Language) -> None:
    if value is None or (isinstance(value, date) and value == column.default):
        return
    if column.kind == "word" and language == "zh":
        value = column.about.words.get(str(value), "")
    if value == "":
        return
    cell.value = value
    cell.number_format = _format(column)
    if isinstance(value, str):
        cell.data_type = "s"  # also what looks like a formula


def _format(column: Column) -> str:
    if column.kind == "day":
        return "yyyy-mm-dd"
    return "General" if column.kind in ("whole", "number") else "@"


def _order(row: Row) -> tuple[tuple[str, ...], date]:
    return row.key, getattr(row, "valid_from", date.min)
