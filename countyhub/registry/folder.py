"""A folder of registry files -> rows, and rows -> the same files. Owns their names, their order and their encoding.

What is written is canonical: UTF-8 with BOM (or a spreadsheet in China takes it for GBK), CRLF, rows by key and day.
Reading it back and writing it again gives the same bytes.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from countyhub.registry import geojson, mistakes
from countyhub.registry.columns import Column, Row, columns
from countyhub.registry.content import Content, Placed
from countyhub.registry.forms import FORMS, Polygon
from countyhub.registry.mistakes import Mistake, Place, perhaps
from countyhub.registry.sheets import Sheet, read_sheet
from gridwire.problem import Language

MAX_BYTES = 64 * 1024 * 1024
"""Of one file."""
_WORKBOOKS = (".xlsx", ".xls", ".et", ".ods")


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
    """All files of the registry in a folder. What cannot be read is among the mistakes; nothing is raised."""
    known = {file_name(kind, language).lower(): kind for kind in FORMS for language in ("en", "zh")}
    tables: dict[type[Row], list[Placed[Row]]] = {}
    names: dict[type[Row], str] = {}
    digests: dict[str, str] = {}
    said: list[Mistake] = []
    torn: set[type[Row]] = set()
    try:
        paths = sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith((".", "~$")))
    except OSError as error:
        return Folder(Content(), [mistakes.FileUnreadable(Place(path.name or str(path)), why=error.strerror)], {})
    for each in paths:
        kind = known.get(each.name.lower())
        if kind is None:
            said += _stranger(each.name, known)
        elif kind in names:
            said.append(mistakes.TwoFiles(Place(each.name), other=names[kind]))
        else:
            names[kind] = each.name
            sheet, digest = _read(each, kind)
            digests[each.name], tables[kind] = digest, sheet.rows
            said += sheet.said
            torn |= {kind} if any(not each.warning for each in sheet.said) else set()
    if not names:
        said.append(mistakes.NoRegistry(Place(path.name or str(path))))
    return Folder(Content(tables), said, digests, frozenset(torn))


def write_folder(path: Path, content: Content, language: Language, *, shielded: bool = False) -> list[Path]:
    """Write every kind that is there, each file replaced as a whole. `shielded`: as `file_bytes`. Raises OSError."""
    path.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in content.given():
        target = path / file_name(kind)
        part = target.with_name(f".{target.name}.part")
        part.write_bytes(file_bytes(kind, content.of(kind), language, shielded=shielded))
        os.replace(part, target)
        written.append(target)
    return written


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
        yield mistakes.Workbook(Place(name))
        return
    close = difflib.get_close_matches(name.lower(), list(known), 1, 0.6)
    yield mistakes.UnknownFile(Place(name), hint=perhaps(close[0]) if close else mistakes.NOTHING)


def _read(path: Path, kind: type[Row]) -> tuple[Sheet, str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            why = mistakes.Both(f"超过 {MAX_BYTES >> 20} MiB", f"larger than {MAX_BYTES >> 20} MiB")
            return Sheet([], [mistakes.FileUnreadable(Place(path.name), why=why)]), ""
        data = path.read_bytes()
    except OSError as error:
        return Sheet([], [mistakes.FileUnreadable(Place(path.name), why=error.strerror)]), ""
    read = geojson.read_geojson(path.name, data) if kind is Polygon else read_sheet(path.name, kind, data)
    return read, hashlib.sha256(data).hexdigest()
