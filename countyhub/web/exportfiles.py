"""The bytes of a table to take away: CSV for any program, XLSX for Excel. Times are local.

No cell is ever a formula: a text that begins as one gets an apostrophe before it, also behind blanks and in the wide
letters of a Chinese keyboard. Dates are dates in XLSX. What is cut off is said in the last row.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from countyhub.web import tables
from countyhub.web.tables import Kind, Value

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"
TEXT_MAX: Final = 32_767
"""Letters that a cell of a workbook may hold."""
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\]")
_FORMATS: Final[dict[Kind, str]] = {"time": "yyyy-mm-dd hh:mm", "day": "yyyy-mm-dd", "share": "0.0%"}
_CHUNK: Final = 500


def defused(text: str) -> str:
    """The text as a cell that no program reckons with."""
    if text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(_FORMULA):
        return f"'{text}"
    return text


def as_csv(heads: Sequence[str], kinds: Sequence[Kind], rows: Sequence[Sequence[Value]], note: str, zone: ZoneInfo
           ) -> Iterator[bytes]:  # fmt: skip
    """In pieces; with a mark at its beginning, without which Excel reads Chinese as something else."""
    yield "\ufeff".encode()
    for start in range(0, max(len(rows), 1), _CHUNK):
        buffer = io.StringIO()
        table = csv.writer(buffer)
        if start == 0:
            table.writerow([defused(head) for head in heads])
        for row in rows[start : start + _CHUNK]:
            table.writerow([_plain(kind, value, zone) for kind, value in zip(kinds, row, strict=True)])
        if note and start + _CHUNK >= len(rows):
            table.writerow([note])
        yield buffer.getvalue().encode("utf-8", "replace")


def _plain(kind: Kind, value: Value, zone: ZoneInfo) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return _worded(value)
    if isinstance(value, int | float) and kind != "share":
        return value
    return tables.said(kind, value, zone)


def as_xlsx(title: str, heads: Sequence[str], widths: Sequence[int], kinds: Sequence[Kind],
            rows: Sequence[Sequence[Value]], note: str, zone: ZoneInfo) -> bytes:  # fmt: skip
    """A workbook of one sheet. Takes a second for 10,000 rows: call it in a thread."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_SHEET_NAME.sub(" ", title)[:31])
    sheet.freeze_panes = "B2"
    for index, width in enumerate(widths):
        sheet.column_dimensions[get_column_letter(index + 1)].width = width
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{len(rows) + 1}"
    styled = [_styled(sheet, kind) for kind in kinds]  # one for a column, written again for each row: it saves a third
    sheet.append([_bold(sheet, _worded(head)) for head in heads])
    for row in rows:
        sheet.append([_cell(cell, _typed(value, zone)) for cell, value in zip(styled, row, strict=True)])
    if note:
        sheet.append([note])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _styled(sheet: WriteOnlyWorksheet, kind: Kind) -> Cell | None:
    """None: the cell needs no style."""
    if kind not in _FORMATS:
        return None
    cell = WriteOnlyCell(sheet)
    cell.number_format = _FORMATS[kind]
    return cell


def _bold(sheet: WriteOnlyWorksheet, text: str) -> Cell:
    cell = WriteOnlyCell(sheet, value=text)
    cell.font = Font(bold=True)
    return cell


def _cell(styled: Cell | None, value: Value) -> object:
    if styled is None or value is None:
        return value
    styled.value = value
    return styled


def _typed(value: Value, zone: ZoneInfo) -> Value:
    """As Excel has it: times local, without a zone and seconds."""
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    return _worded(value) if isinstance(value, str) else value


def _worded(text: str) -> str:
    """Without the controls that no workbook may hold."""
    return defused(_CONTROLS.sub("", text))[:TEXT_MAX]
