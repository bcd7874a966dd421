"""Cases as a table to take away: CSV for any program, XLSX for Excel. Times are local, names as the registry has them.

No cell is ever a formula: a text that begins as one gets an apostrophe before it.
"""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from countyhub.cases.finding import Listed
from countyhub.web.texts import text
from countyhub.web.words import Words

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = {
    "number": 22, "light": 10, "stage": 10, "title": 40, "category": 24, "owner": 24, "first_owner": 24,
    "township": 14, "village": 14, "grid": 18, "happened": 17, "arrived": 17, "registered": 17, "closed": 17,
    "first_due": 17, "due": 17, "supervised": 9, "returned": 9, "reworked": 9, "escalated": 9, "receipt": 14,
    "score": 8, "parent": 22,
}  # fmt: skip
"""Each with its width in characters."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CHUNK = 500


class Table:
    def __init__(self, words: Words, zone: ZoneInfo) -> None:
        self._words, self._zone = words, zone

    def heads(self) -> list[str]:
        return [text(f"column.{name}", self._words.language) for name in COLUMNS]

    def row(self, case: Listed) -> list[str | int | datetime | None]:
        """One case; times are local and without a zone, as Excel has them."""
        w = self._words
        said: dict[str, str] = {
            "light": w.lightname(case.light),
            "stage": w.stage(case.stage),
            "category": w.category(case.category),
            "owner": w.office(case.level, case.owner),
            "first_owner": w.office(case.first_level, case.first_owner),
            **{
                name: w.place(code) if (code := getattr(case, name)) else "" for name in ("township", "village", "grid")
            },
        }
        return [self._cell(said.get(name, getattr(case, name))) for name in COLUMNS]

    def _cell(self, value: object) -> str | int | datetime | None:
        if isinstance(value, datetime):
            return value.astimezone(self._zone).replace(tzinfo=None, second=0, microsecond=0)
        if value is None or isinstance(value, int):
            return value
        said = str(value)
        return f"'{said}" if said.startswith(_FORMULA) else said

    def csv(self, cases: Sequence[Listed]) -> Iterator[bytes]:
        """In pieces; with a mark at its beginning, without which Excel reads Chinese as something else."""
        yield "\ufeff".encode()
        for start in range(0, max(len(cases), 1), _CHUNK):
            buffer = io.StringIO()
            table = csv.writer(buffer)
            if start == 0:
                table.writerow(self.heads())
            for case in cases[start : start + _CHUNK]:
                row = self.row(case)
                table.writerow([f"{each:%Y-%m-%d %H:%M}" if isinstance(each, datetime) else each for each in row])
            yield buffer.getvalue().encode()

    async def xlsx(self, cases: Iterable[Listed]) -> bytes:
        """In a thread: the console goes on meanwhile."""
        return await asyncio.to_thread(self._workbook, list(cases))

    def _workbook(self, cases: list[Listed]) -> bytes:
        book = Workbook(write_only=True)
        sheet = book.create_sheet(text("nav.cases", self._words.language))
        sheet.freeze_panes = "B2"
        for index, width in enumerate(COLUMNS.values()):
            sheet.column_dimensions[_letter(index)].width = width
        heads = [WriteOnlyCell(sheet, value=head) for head in self.heads()]
        for cell in heads:
            cell.font = Font(bold=True)
        sheet.append(heads)
        for case in cases:
            sheet.append([value if not isinstance(value, str) else _plain(value) for value in self.row(case)])
        sheet.auto_filter.ref = f"A1:{_letter(len(COLUMNS) - 1)}{len(cases) + 1}"
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


def _plain(value: str) -> str:
    """Without the controls that no workbook may hold."""
    return "".join(each for each in value if each >= " " or each in "\t\n")


def _letter(index: int) -> str:
    return chr(ord("A") + index)
