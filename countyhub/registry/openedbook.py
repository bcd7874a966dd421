"""A file -> the sheets of a workbook, cell by cell, whatever the file is: too large, a bomb, broken, no workbook.

openpyxl reads it, but only after sizes and document types have been looked at; of a sheet it is told the most rows and
columns, for a file may claim a million of them.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

import openpyxl
from lxml.etree import LxmlError
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.utils.exceptions import InvalidFileException

from countyhub.registry import workbookmistakes
from countyhub.registry.mistakes import Mistake, Place
from countyhub.registry.typedcells import Stored
from gridwire.problem import Both

MAX_PARTS = 2000
MAX_UNPACKED = 256 * 1024 * 1024
MAX_TEXTS = 64 * 1024 * 1024
"""Of the table of shared texts, which is held in memory whole."""
MAX_ROWS = 100_000
MAX_COLUMNS = 60
_LAST_ROW = 1_048_576
"""A spreadsheet has no more; an empty row costs next to nothing."""
_NOTHING = {id(EMPTY_CELL)}
_HEAD = 4096
_FORMULA = re.compile(rb"<(?:[A-Za-z0-9]+:)?f[\s/>]")
BROKEN = (
    zipfile.BadZipFile, InvalidFileException, ParseError, LxmlError, zlib.error, EOFError, KeyError, IndexError,
    ValueError, TypeError, AttributeError, NotImplementedError, RuntimeError, ArithmeticError, AssertionError, OSError,
    struct.error,
)  # fmt: skip
"""What openpyxl raises for files that are not as they should be: it checks little by itself."""


class Cell(NamedTuple):
    """What is stored. `kind`: as openpyxl names it, e for an error. `formula`: the value is its result, or None."""

    value: Stored
    kind: str = "n"
    number_format: str = "General"
    formula: bool = False

    @property
    def empty(self) -> bool:
        blank = self.value is None or (isinstance(self.value, str) and not self.value.strip())
        return blank and not self.formula


class RawSheet(NamedTuple):
    """The rows that hold anything, with their numbers. `cut`: there is more after the last row that is read."""

    name: str
    rows: list[tuple[int, list[Cell]]]
    cut: bool


class Opened(NamedTuple):
    sheets: list[RawSheet]
    said: list[Mistake]


def open_book(name: str, data: bytes) -> Opened:
    """All sheets of the file, hidden ones too."""
    place = Place(name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            too_much = _too_much(archive)
            if too_much is not None:
                return Opened([], [workbookmistakes.WorkbookTooLarge(place, what=too_much)])
            with_formulas = _looked_through(archive)
        return Opened(_read(data, with_formulas=with_formulas), [])
    except BROKEN as error:
        return Opened([], [workbookmistakes.BadWorkbook(place, why=f"{type(error).__name__}: {error}"[:200])])


def _too_much(archive: zipfile.ZipFile) -> Both | None:
    """The sizes that the archive declares; unpacking never gives more than these."""
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        return Both(f"含 {len(parts)} 个部分", f"it has {len(parts)} parts")
    unpacked = sum(part.file_size for part in parts)
    texts = max((part.file_size for part in parts if "sharedstrings" in part.filename.lower()), default=0)
    if unpacked > MAX_UNPACKED or texts > MAX_TEXTS:
        most = max(unpacked >> 20, texts >> 20)
        return Both(f"解压后 {most} MiB", f"it unpacks to {most} MiB")
    return None


def _looked_through(archive: zipfile.ZipFile) -> bool:
    """Whether any sheet has formulas. Raises ValueError for a document type, by which a few bytes grow to gigabytes."""
    found = False
    for part in archive.infolist():
        with archive.open(part) as file:
            head = file.read(_HEAD)
            if b"<!DOCTYPE" in head.replace(b"\0", b"").upper():
                raise ValueError("document type")
            if "worksheets/" in part.filename and not found:
                found = _has_formula(head, file)
    return found


def _has_formula(piece: bytes, file: Any) -> bool:
    while piece:
        if _FORMULA.search(piece):
            return True
        tail, fresh = piece[-32:], file.read(1 << 20)
        piece = tail + fresh if fresh else b""
    return False


def _read(data: bytes, *, with_formulas: bool) -> list[RawSheet]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parts that are not read, and days beyond the calendar
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        other = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False) if with_formulas else None
        try:
            return [_sheet(book[name], other[name] if other else None) for name in _names(book)]
        finally:
            book.close()
            if other is not None:
                other.close()


def _names(book: Any) -> list[str]:
    """Of the sheets that have cells: charts have none."""
    return [sheet.title for sheet in book.worksheets]


def _sheet(values: Any, formulas: Any | None) -> RawSheet:
    rows: list[tuple[int, list[Cell]]] = []
    written = _rows(formulas) if formulas is not None else None
    missing: Sequence[Any] = ()
    for number, row in enumerate(_rows(values), 1):
        origin: Sequence[Any] = next(written, ()) if written is not None else ()
        if number > _LAST_ROW:
            return RawSheet(values.title, rows, cut=True)
        if row is missing or (row[0] is EMPTY_CELL and set(map(id, row)) == _NOTHING):  # cells cannot be compared
            missing = row  # the same for every row that is not in the file, and there may be a million
            continue
        cells = [_cell(cell, origin[at] if at < len(origin) else None) for at, cell in enumerate(row)]
        while cells and cells[-1].empty:
            cells.pop()
        if cells and number > MAX_ROWS:
            return RawSheet(values.title, rows, cut=True)
        if cells:
            rows.append((number, cells))
    return RawSheet(values.title, rows, cut=False)


def _rows(sheet: Any) -> Iterator[Sequence[Any]]:
    sheet.reset_dimensions()  # what the file says of its size may be less than it holds
    return iter(sheet.iter_rows(max_col=MAX_COLUMNS))


def _cell(cell: Any, origin: Any | None) -> Cell:
    formula = origin is not None and origin.data_type == "f"
    if cell.value is None:
        return Cell(None, formula=formula)
    number_format = cell.number_format if isinstance(cell.value, int | float) else "General"
    return Cell(cell.value, cell.data_type, number_format or "General", formula)
