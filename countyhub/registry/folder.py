"""A folder of registry files, or one workbook -> rows, and rows -> the same. Owns names, order and encoding of files.

What is written is canonical: UTF-8 with BOM (or a spreadsheet in China takes it for GBK), CRLF, rows by key and day.
Reading it back and writing it again gives the same bytes.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from countyhub.registry import filemistakes, geojson, workbook
from countyhub.registry.columns import Column, Row, columns
from countyhub.registry.content import Content, Placed
from countyhub.registry.forms import FORMS, Polygon
from countyhub.registry.mistakes import NOTHING, Mistake, Place, perhaps
from countyhub.registry.sheets import Sheet, read_sheet
from gridwire import wholefile
from gridwire.problem import Both, Language

MAX_BYTES = 64 * 1024 * 1024
"""Of one file."""
_WORKBOOKS = (".xls", ".xlsm", ".xlsb", ".et", ".ods", ".numbers")


class Folder(NamedTuple):
    """What a folder held. `digests`: file name -> SHA-256 in hexadecimal. `torn`: kinds with unreadable rows."""

    content: Content
    said: list[Mistake]
    digests: dict[str, str]
    torn: frozenset[type[Row]] = frozenset()


def file_name(kind: type[Row], language: Language = "en") -> str:
    """The name of a kind's file."""
    ending = ".geojson" if kind is Polygon else ".csv"
    return (kind.ZH if language == "zh" else kind.FILE.removesuffix(".geojson")) + ending


def read_folder(path: Path) -> Folder:
    """All files of the registry in a folder, or one workbook. What cannot be read is among the mistakes; nothing is
    raised."""
    try:
        every = [path] if path.is_file() else sorted(each for each in path.iterdir() if each.is_file())
    except OSError as error:
        return Folder(Content(), [filemistakes.FileUnreadable(Place(path.name or str(path)), why=error.strerror)], {})
    reading = _Reading()
    for each in every:
        if not each.name.startswith((".", "~$")):
            reading.take(each)
    if not reading.names and not reading.said_of_book:
        reading.said.append(filemistakes.NoRegistry(Place(path.name or str(path))))
    return Folder(Content(reading.tables), reading.said, reading.digests, frozenset(reading.torn))


class _Reading:
    """What has been read so far. `names`: which file or sheet a table was in."""

    def __init__(self) -> None:
        self.tables: dict[type[Row], list[Placed[Row]]] = {}
        self.names: dict[type[Row], str] = {}
        self.digests: dict[str, str] = {}
        self.said: list[Mistake] = []
        self.torn: set[type[Row]] = set()
        self.said_of_book = False
        self._known = {file_name(kind, language).lower(): kind for kind in FORMS for language in ("en", "zh")}

    def take(self, path: Path) -> None:
        """The next file."""
        kind = self._known.get(path.name.lower())
        if kind is None and path.suffix.lower() != workbook.ENDING:
            self.said += _stranger(path.name, self._known)
            return
        data = _bytes(path)
        if isinstance(data, Mistake):
            self.said.append(data)
            if kind is not None:
                self._keep(kind, path.name, Sheet([], [data]))
            return
        self.digests[path.name] = hashlib.sha256(data).hexdigest()
        if kind is not None:
            read = geojson.read_geojson(path.name, data) if kind is Polygon else read_sheet(path.name, kind, data)
            self._keep(kind, path.name, read)
            return
        book = workbook.read_workbook(path.name, data)
        self.said += book.said
        if any(not each.warning for each in book.said):
            self.said_of_book = True
            self.torn |= set(FORMS)  # whatever it was to hold
        for table in book.tables:
            self._keep(table.kind, table.label, table.sheet)

    def _keep(self, kind: type[Row], name: str, sheet: Sheet) -> None:
        if kind in self.names:
            self.said.append(filemistakes.TwoFiles(Place(name), other=self.names[kind]))
            return
        self.names[kind], self.tables[kind] = name, sheet.rows
        self.said += sheet.said
        if any(not each.warning for each in sheet.said):
            self.torn.add(kind)


def write_workbook(path: Path, content: Content, language: Language) -> list[Path]:
    """Write every table into one workbook, and the outlines into `grids.geojson` beside it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = [_replace(path, workbook.workbook_bytes(content, language))]
    if content.of(Polygon):
        outlines = file_bytes(Polygon, content.of(Polygon), language)
        written.append(_replace(path.with_name(file_name(Polygon)), outlines))
    return written


def write_folder(path: Path, content: Content, language: Language, *, shielded: bool = False) -> list[Path]:
    """Write every kind that is there, each file replaced as a whole. `shielded`: as `file_bytes`. Raises OSError."""
    path.mkdir(parents=True, exist_ok=True)
    return [
        _replace(path / file_name(kind), file_bytes(kind, content.of(kind), language, shielded=shielded))
        for kind in content.given()
    ]


def _replace(target: Path, data: bytes) -> Path:
    """The file as a whole, or as it was."""
    wholefile.replace(target, data, on_disk=False)
    return target


def file_bytes(kind: type[Row], rows: Iterable[Row], language: Language, *, shielded: bool = False) -> bytes:
    """A file in its canonical form.

    `shielded`: a tab stands behind each code that begins with a digit. A spreadsheet that opens the file by a double
    click then takes it for text: else 990126100200 is saved as 9.90126E+11, 0101 as 101, device 1-2 as a day.
    """
    ordered = sorted(rows, key=_order)
    if kind is Polygon:
        return geojson.write_geojson(row for row in ordered if isinstance(row, Polygon))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    layout = columns(kind)
    writer.writerow([column.header(language) for column in layout])
    for row in ordered:
        cells = [(column, cell_text(column, getattr(row, column.name), language)) for column in layout]
        writer.writerow([f"{cell}\t" if shielded and _needs_shield(column, cell) else cell for column, cell in cells])
    return text.getvalue().encode("utf-8-sig")


def cell_text(column: Column, value: object, language: Language) -> str:
    """A value as it stands in a cell."""
    if value is None or (isinstance(value, date) and value == column.default):
        return ""
    if column.kind == "word" and language == "zh":
        return column.about.words.get(str(value), "")
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return value.isoformat() if isinstance(value, date) else str(value)


def _needs_shield(column: Column, cell: str) -> bool:
    return column.kind == "code" and cell[:1].isdigit()


def _order(row: Row) -> tuple[tuple[str, ...], date]:
    return row.key, getattr(row, "valid_from", date.min)


def _stranger(name: str, known: Iterable[str]) -> Iterator[Mistake]:
    if name.lower().endswith(_WORKBOOKS):
        yield filemistakes.Workbook(Place(name))
        return
    close = difflib.get_close_matches(name.lower(), list(known), 1, 0.6)
    yield filemistakes.UnknownFile(Place(name), hint=perhaps(close[0]) if close else NOTHING)


def _bytes(path: Path) -> bytes | Mistake:
    try:
        if path.stat().st_size > MAX_BYTES:
            why = Both(f"超过 {MAX_BYTES >> 20} MiB", f"larger than {MAX_BYTES >> 20} MiB")
            return filemistakes.FileUnreadable(Place(path.name), why=why)
        return path.read_bytes()
    except OSError as error:
        return filemistakes.FileUnreadable(Place(path.name), why=error.strerror)
