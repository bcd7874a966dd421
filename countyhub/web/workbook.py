"""Writes XLSX (ECMA-376, SpreadsheetML) row by row: what was written is given away at once, so that a table of half a
million rows takes no more memory than one of ten.

Only what tables need: texts, numbers, dates, shares, a head that stays in sight with a filter. Reading is openpyxl's.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, Any, Final, Literal, cast
from xml.sax.saxutils import escape, quoteattr

ROWS_MAX: Final = 1_048_575
"""Rows beneath the head that a sheet may have."""
Style = Literal["", "head", "time", "day", "share"]
Cell = str | int | float | date | None
"""A `datetime` is local and has no zone. A `str` has only letters that XML may hold."""
_STYLES: Final[dict[Style, str]] = {"": "", "head": ' s="1"', "time": ' s="2"', "day": ' s="3"', "share": ' s="4"'}
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook's days have no zone
_DAY: Final = timedelta(days=1)
_TEXTS_KEPT: Final = 5000
_LEVEL: Final = 1
"""Of deflate: half as large again as with the usual one, in a third of the time."""
_BOOK: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINK: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PARTS: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STYLE_SHEET: Final = (
    f'{_HEAD}<styleSheet xmlns="{_BOOK}"><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm"/>'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd"/><numFmt numFmtId="166" formatCode="0.0%"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>'
    + "".join(
        f'<xf numFmtId="{number}" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
        for number in (164, 165, 166)
    )
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


class _Outlet(io.RawIOBase):
    """Where the archive writes to; nobody can go back in it, so lengths follow what they are of."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def drain(self) -> bytes:
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


class Workbook:
    """`begin` a sheet, `rows` as often as there are, `end` it; the next one; `close`. Each gives the bytes so far."""

    def __init__(self) -> None:
        self._outlet = _Outlet()
        outlet = cast(IO[bytes], self._outlet)
        self._zip = zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._sheet: IO[bytes] | None = None
        self._names: list[tuple[str, str]] = []
        self._letters: tuple[str, ...] = ()
        self._styles: tuple[str, ...] = ()
        self._row = 0
        self._texts: dict[str, str] = {}

    def begin(self, name: str, heads: Sequence[str], widths: Sequence[int], styles: Sequence[Style]) -> bytes:
        """`name`: without what no sheet may be called, at most 31 letters. `widths` in characters."""
        self._letters = tuple(_letters(column) for column in range(len(heads)))
        self._row = 0
        self._names.append((name, ""))
        self._sheet = self._zip.open(_entry(f"xl/worksheets/sheet{len(self._names)}.xml"), "w", force_zip64=True)
        columns = "".join(
            f'<col min="{each}" max="{each}" width="{width}" customWidth="1"/>' for each, width in enumerate(widths, 1)
        )
        self._put(
            f'{_HEAD}<worksheet xmlns="{_BOOK}"><sheetViews><sheetView workbookViewId="0">'
            '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
            f"</sheetView></sheetViews><cols>{columns}</cols><sheetData>"
        )
        self._styles = (_STYLES["head"],) * len(heads)
        found = self.rows([heads])
        self._styles = tuple(_STYLES[style] for style in styles)
        return found

    def rows(self, rows: Sequence[Sequence[Cell]]) -> bytes:
        """Beneath those before; of each as many cells as there are heads, or fewer."""
        lines = []
        for row in rows:
            self._row += 1
            number = str(self._row)
            cells = [
                self._cell(f'<c r="{letter}{number}"{style}', value)
                for letter, style, value in zip(self._letters, self._styles, row, strict=False)
                if value is not None
            ]
            lines.append(f'<row r="{number}">{"".join(cells)}</row>')
        self._put("".join(lines))
        return self._outlet.drain()

    def end(self) -> bytes:
        """Of a sheet."""
        reach = f"A1:{self._letters[-1]}{self._row}"
        self._put(f'</sheetData><autoFilter ref="{reach}"/></worksheet>')
        assert self._sheet is not None
        self._sheet.close()
        self._names[-1] = (self._names[-1][0], f"$A$1:${self._letters[-1]}${self._row}")
        return self._outlet.drain()

    def close(self) -> bytes:
        """What holds the sheets together."""
        for path, content in _around(self._names):
            self._zip.writestr(_entry(path), content)
        self._zip.close()
        return self._outlet.drain()

    def _cell(self, begun: str, value: Cell) -> str:
        if isinstance(value, str):
            return f'{begun} t="inlineStr"><is><t xml:space="preserve">{self._escaped(value)}</t></is></c>'
        if isinstance(value, datetime):
            return f"{begun}><v>{(value - _EPOCH) / _DAY:.10f}</v></c>"
        if isinstance(value, date):
            return f"{begun}><v>{(datetime.combine(value, time()) - _EPOCH).days}</v></c>"
        return f"{begun}><v>{value!r}</v></c>"

    def _escaped(self, text: str) -> str:
        """A table has few different words, so they are kept."""
        found = self._texts.get(text)
        if found is None:
            if len(self._texts) >= _TEXTS_KEPT:
                self._texts.clear()
            found = self._texts[text] = escape(text)
        return found

    def _put(self, text: str) -> None:
        assert self._sheet is not None
        self._sheet.write(text.encode())


def _entry(path: str) -> zipfile.ZipInfo:
    """The same table gives the same bytes, whenever it is written."""
    found = zipfile.ZipInfo(path, (2000, 1, 1, 0, 0, 0))
    found.compress_type = zipfile.ZIP_DEFLATED
    return found


def _letters(column: int) -> str:
    """0 -> A, 26 -> AA."""
    found = ""
    while column >= 0:
        found = chr(ord("A") + column % 26) + found
        column = column // 26 - 1
    return found


def _around(names: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Path and content of the other parts. `names`: each sheet's, and what its filter reaches over."""
    sheets = range(1, len(names) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{each}.xml" ContentType="{_TYPE}.worksheet+xml"/>' for each in sheets
    )
    listed = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{each}" r:id="rId{each}"/>' for each, (name, _) in enumerate(names, 1)
    )
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{each}" hidden="1">'
        f"{escape(_quoted(name))}!{reach}</definedName>"
        for each, (name, reach) in enumerate(names)
    )
    links = "".join(
        f'<Relationship Id="rId{each}" Type="{_LINK}/worksheet" Target="worksheets/sheet{each}.xml"/>'
        for each in sheets
    )
    links += f'<Relationship Id="rId{len(names) + 1}" Type="{_LINK}/styles" Target="styles.xml"/>'
    return [
        ("[Content_Types].xml",
         f'{_HEAD}<Types xmlns="{_PARTS}/content-types"><Default Extension="rels" '
         'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         '<Default Extension="xml" ContentType="application/xml"/>'
         f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
         f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>{types}</Types>'),
        ("_rels/.rels",
         f'{_HEAD}<Relationships xmlns="{_PARTS}/relationships"><Relationship Id="rId1" '
         f'Type="{_LINK}/officeDocument" Target="xl/workbook.xml"/></Relationships>'),
        ("xl/workbook.xml",
         f'{_HEAD}<workbook xmlns="{_BOOK}" xmlns:r="{_LINK}"><bookViews><workbookView/></bookViews>'
         f"<sheets>{listed}</sheets><definedNames>{filters}</definedNames></workbook>"),
        ("xl/_rels/workbook.xml.rels", f'{_HEAD}<Relationships xmlns="{_PARTS}/relationships">{links}</Relationships>'),
        ("xl/styles.xml", _STYLE_SHEET),
    ]  # fmt: skip


def _quoted(name: str) -> str:
    """A sheet's name in a reference."""
    return "'" + name.replace("'", "''") + "'"
