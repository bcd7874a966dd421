"""The bytes of tables to take away, piece by piece: CSV for any program, XLSX for Excel. Times are local.

No cell is ever a formula: a text that begins as one gets an apostrophe before it, also behind blanks and in the wide
letters of a Chinese keyboard. Dates are dates in XLSX. What is cut off is said in the last row.
"""

from __future__ import annotations

import csv
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import xlsxwriter

from countyhub.web.export import tables
from countyhub.web.export.tables import Kind, Value

Ending = Literal["csv", "xlsx"]
MEDIA: Final[dict[Ending, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
TEXT_MAX: Final = 32_767
"""Letters that a cell of a workbook may hold."""
SHEET_NAME_MAX: Final = 31
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\]")
_FORMATS: Final[dict[Kind, str]] = {"time": "yyyy-mm-dd hh:mm", "day": "yyyy-mm-dd", "share": "0.0%"}
_AS_GIVEN: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Of one table: its name, and of each column the head, the width in characters and the kind."""

    title: str
    heads: Sequence[str]
    widths: Sequence[int]
    kinds: Sequence[Kind]


class File(ABC):
    """`begin` a table, its `rows` in as many pieces as they come, `end`; at last `close`. Each returns what can be sent
    already. Takes time and no memory: call it in a thread, a few hundred rows at once."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.kinds: Sequence[Kind] = ()

    @abstractmethod
    def begin(self, frame: Frame) -> bytes: ...

    @abstractmethod
    def rows(self, rows: Sequence[Sequence[Value]]) -> bytes: ...

    @abstractmethod
    def end(self, note: str) -> bytes:
        """`note`: what is to be said beneath the last row; may be empty."""

    @abstractmethod
    def close(self) -> bytes: ...


def new(ending: Ending, zone: ZoneInfo) -> File:
    return Csv(zone) if ending == "csv" else Xlsx(zone)


def defused(text: str) -> str:
    """The text as a cell that no program reckons with."""
    if text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(_FORMULA):
        return f"'{text}"
    return text


class Csv(File):
    """With a mark at its beginning, without which Excel reads Chinese as something else. Holds one table."""

    def begin(self, frame: Frame) -> bytes:
        self.kinds = frame.kinds
        return "\ufeff".encode() + _lines([[defused(head) for head in frame.heads]])

    def rows(self, rows: Sequence[Sequence[Value]]) -> bytes:
        return _lines(
            [[_plain(kind, value, self.zone) for kind, value in zip(self.kinds, row, strict=True)] for row in rows]
        )

    def end(self, note: str) -> bytes:
        return _lines([[note]]) if note else b""

    def close(self) -> bytes:
        return b""


class Xlsx(File):
    """A sheet for each table. What is written lies in the system's temporary files, row by row, and is a workbook only
    at the end: nothing can be sent before `close`."""

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__(zone)
        self._bytes = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._bytes, {"constant_memory": True, **_AS_GIVEN})
        self._head = self._book.add_format({"bold": True})
        self._formats = {kind: self._book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        self._sheet: Any = None
        self._row = 0

    def begin(self, frame: Frame) -> bytes:
        self.kinds, self._row = frame.kinds, 0
        self._sheet = self._book.add_worksheet(_SHEET_NAME.sub(" ", frame.title)[:SHEET_NAME_MAX])
        self._sheet.freeze_panes(1, 1)
        for column, width in enumerate(frame.widths):
            self._sheet.set_column(column, column, width)
        self._write([_worded(head) for head in frame.heads], [self._head] * len(frame.heads))
        return b""

    def rows(self, rows: Sequence[Sequence[Value]]) -> bytes:
        formats = [self._formats.get(kind) for kind in self.kinds]
        for row in rows:
            self._write([_typed(value, self.zone) for value in row], formats)
        return b""

    def end(self, note: str) -> bytes:
        self._sheet.autofilter(0, 0, self._row - 1, len(self.kinds) - 1)
        if note:
            self._write([note], [None])
        return b""

    def close(self) -> bytes:
        self._book.close()
        return self._bytes.getvalue()

    def _write(self, cells: Sequence[Value], formats: Sequence[Any]) -> None:
        for column, (value, form) in enumerate(zip(cells, formats, strict=True)):
            if isinstance(value, str):
                self._sheet.write_string(self._row, column, value, form)
            elif isinstance(value, date):  # a datetime is one
                self._sheet.write_datetime(self._row, column, value, form)
            elif value is not None:
                self._sheet.write_number(self._row, column, value, form)
        self._row += 1


def _lines(rows: Sequence[Sequence[str | int | float]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode("utf-8", "replace")


def _plain(kind: Kind, value: Value, zone: ZoneInfo) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, str):
        return _worded(value)
    if isinstance(value, int | float) and kind != "share":
        return value
    return tables.said(kind, value, zone)


def _typed(value: Value, zone: ZoneInfo) -> Value:
    """As Excel has it: times local, without a zone and seconds; an empty text is an empty cell."""
    if isinstance(value, str):
        return _worded(value) or None
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)
    return value


def _worded(text: str) -> str:
    """Without the controls that no workbook may hold."""
    return defused(_CONTROLS.sub("", text))[:TEXT_MAX]
