"""Workbooks: what a spreadsheet really stores, in which cell it is wrong, and files that are bombs or broken."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countyhub.registry import openedbook
from countyhub.registry.content import Content
from countyhub.registry.folder import file_bytes, read_folder, write_folder, write_workbook
from countyhub.registry.forms import FORMS, Polygon
from countyhub.registry.workbook import read_workbook, workbook_bytes
from simulators.county.build import SMALL, build
from tests.registries import codes, planned, small

HEAD = ("编码", "名称", "级别", "上级", "启用日期")
COUNTY = (990126, "澄禾县", "县")


def book(**sheets: list[tuple[Any, ...]]) -> bytes:
    """A workbook as people make it, by name of sheet."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def midnight(day: int) -> dt.datetime:
    """As a spreadsheet keeps a day: without a zone."""
    return dt.datetime(2026, 3, day)  # noqa: DTZ001


def repacked(data: bytes, name: str, change: Any) -> bytes:
    """The same with one part of the archive changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for part in dict.fromkeys([*old.namelist(), name]):
            given = old.read(part) if part in old.namelist() else b""
            new.writestr(part, change(given) if part == name else given)
    return target.getvalue()


def said(data: bytes) -> list[str]:
    found = read_workbook("a.xlsx", data)
    return [each.text("en") for each in [*found.said, *(each for table in found.tables for each in table.sheet.said)]]


def areas(*rows: tuple[Any, ...]) -> tuple[list[Any], list[str]]:
    """Rows and what is said of a sheet of areas."""
    data = book(区划=[HEAD, *rows])
    (table,) = read_workbook("a.xlsx", data).tables
    return [placed.row for placed in table.sheet.rows], [
        re.sub(r".*\[registry\.(.*)\]", r"\1", each) for each in said(data)
    ]


# -- there and back


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sample_county_comes_back(tmp_path: Path, language: str) -> None:
    folder, target = small(tmp_path / "csv"), tmp_path / "out" / "县.xlsx"
    content = read_folder(folder).content
    written = write_workbook(target, content, language)
    assert [path.name for path in written] == ["县.xlsx", "grids.geojson"]
    back = read_folder(target.parent)
    assert back.said == []
    assert back.content.given() == content.given()
    for kind in FORMS:
        assert back.content.of(kind) == sorted(
            content.of(kind), key=lambda row: (row.key, getattr(row, "valid_from", 0))
        )
    write_folder(tmp_path / "again", back.content, "en")
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_workbook_alone_is_a_plan_like_a_folder(tmp_path: Path) -> None:
    content = Content.bare(row for row in build(SMALL) if not isinstance(row, Polygon))
    (tmp_path / "a.xlsx").write_bytes(workbook_bytes(content, "zh"))
    found = planned(tmp_path / "a.xlsx")
    assert codes(found) == []
    assert found.size == len(list(content.rows()))
    assert Polygon not in read_folder(tmp_path / "a.xlsx").content.given()


def test_a_table_in_a_workbook_and_in_a_file_is_one_too_many(tmp_path: Path) -> None:
    folder = small(tmp_path)
    (tmp_path / "更多.xlsx").write_bytes(book(区划=[HEAD, COUNTY]))
    (mistake,) = [each for each in read_folder(folder).said if not each.warning]
    assert (
        mistake.text("en")
        == "更多.xlsx!区划: is the same table as areas.csv; keep only one of them [registry.two-files]"
    )


def test_codes_are_text_and_days_are_days_in_what_is_written() -> None:
    made = openpyxl.load_workbook(io.BytesIO(workbook_bytes(Content.bare(build(SMALL)), "zh")))
    sheet = made["区划"]
    assert [cell.value for cell in sheet[1]][:4] == ["编码", "名称", "级别", "上级"]
    assert (sheet["A2"].value, sheet["A2"].number_format, sheet["A2"].data_type) == ("990126", "@", "s")
    day = next(cell for row in made["日历"].iter_rows(min_row=2) for cell in row if cell.is_date)
    assert isinstance(day.value, dt.datetime)
    assert sheet.data_validations.dataValidation[0].formula1 == '"县,乡镇,村"'


# -- what a spreadsheet stores


def test_numbers_days_and_blanks_as_a_spreadsheet_keeps_them() -> None:
    rows, wrong = areas(
        COUNTY,
        (),
        (990126100, "石垸镇", "乡镇", 990126, midnight(16)),
        ("990126100200", " 甲 村 ", "village", "９９０１２６１００", dt.date(2026, 3, 17)),
        (990126100201, 101, "村", 990126100, "2026/3/18"),
        (990126100202, "丙", "村", 990126100, 20260319),
        (None, "   ", None),
    )
    assert [row.code for row in rows] == ["990126", "990126100", "990126100200", "990126100201", "990126100202"]
    assert [row.valid_from for row in rows[1:]] == [dt.date(2026, 3, day) for day in (16, 17, 18, 19)]
    assert (rows[2].name, rows[2].parent, rows[3].name) == ("甲 村", "990126100", "101")
    assert sorted(wrong) == ["mended", "stored-as-numbers", "stored-as-numbers"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ((9.90126e11 + 0.5, "甲", "村"), "digits-lost"),
        ((430000000000, "甲", "村"), "digits-lost"),
        ((990126000000, "甲", "村"), "digits-lost"),
        (("9.90126E+11", "甲", "村"), "digits-lost"),
        ((9901261002000001, "甲", "村"), "digits-lost"),
        ((990126.5, "甲", "县"), "digits-lost"),
        ((midnight(2), "甲", "村"), "day-for-code"),
        (("990126", midnight(5), "县"), "day-for-code"),
        ((True, "甲", "县"), "bad-code"),
        ((12, "甲", "县"), "bad-code"),
        (("990126", "甲", 1), "bad-word"),
        (("990126", "甲", "县", None, 46000), "bad-day"),
        (("990126", "甲", "县", None, midnight(5) + dt.timedelta(hours=8)), "time-for-day"),
        (("990126", "甲", "县", None, dt.time(8, 30)), "bad-day"),
        (("990126", "甲", "县", None, None, "x"), "row-too-long"),
        (("990126", "甲", "#N/A"), "cell-error"),
        (("990126", "=B1", "县"), "formula-without-value"),
        (("990126", None, "县"), "empty"),
        ((110105194912310000, "甲", "村"), "looks-personal"),
        ((1.10105194912310028e17, "甲", "村"), "looks-personal"),
        ((13812345678, "甲", "村"), "looks-personal"),
        (("990126", "户主 110105194912310028", "县"), "looks-personal"),
    ],
)
def test_what_is_wrong_is_told_with_its_cell(row: tuple[Any, ...], code: str) -> None:
    rows, wrong = areas(COUNTY, row)
    assert [each.code for each in rows] == ["990126"]
    assert [each for each in wrong if each != "stored-as-numbers"] == [code]
    assert any(each.startswith("a.xlsx!区划, row 3") for each in said(book(区划=[HEAD, COUNTY, row])))


def test_a_sentence_for_people() -> None:
    assert said(book(区划=[HEAD, (430000000000, "甲", "村")]))[0] == (
        "a.xlsx!区划, row 2, column code: “430000000000”: the spreadsheet has lost digits of the code; format the "
        "column as text, then enter it again [registry.digits-lost]"
    )


def test_zeros_in_front() -> None:
    """0101 typed into a cell that is not text is 101; a format of zeros brings it back, nothing else does."""
    head = ("编码", "名称")
    lost = said(book(事项分类=[head, (101, "甲")]))
    assert any("“101” is stored as a number, zeros in front may be lost; did you mean “0101”?" in each for each in lost)
    made = openpyxl.load_workbook(io.BytesIO(book(事项分类=[head, (101, "甲"), (1001, "乙"), ("0102", "丙")])))
    made["事项分类"]["A2"].number_format = "0000"
    target = io.BytesIO()
    made.save(target)
    assert not any("zeros in front may" in each for each in said(target.getvalue()))


@pytest.mark.parametrize(("given", "lost"), [(13800000000, False), (7463322111, True), ("0746-3322111", False)])
def test_telephones(given: Any, lost: bool) -> None:
    found = said(book(人员=[("工号", "姓名", "电话"), ("w1", "甲", given)]))
    assert any("zeros-lost" in each for each in found) is lost


def test_a_formula_counts_with_the_value_that_was_saved() -> None:
    data = book(areas=[("code", "name", "level"), ("990126", "=1+1", "county")])
    with_value = repacked(
        data, "xl/worksheets/sheet1.xml",
        lambda part: re.sub(rb'<c r="B2"[^>]*><f>1\+1</f><v ?/?>(</v>)?</c>',
                            '<c r="B2" t="str"><f>1+1</f><v>澄禾县</v></c>'.encode(), part),
    )  # fmt: skip
    assert with_value != data
    assert said(with_value) == []
    (table,) = read_workbook("a.xlsx", with_value).tables
    assert table.sheet.rows[0].row.name == "澄禾县"


def test_sheets_that_are_no_tables() -> None:
    found = said(
        book(区划=[HEAD, COUNTY], 区化=[("x",)], 说明=[("如何填写",)], Sheet1=[], 网格边界=[("编码",)], Boxes=[])
    )
    assert [each for each in found if "stored as numbers" not in each] == [
        "a.xlsx!区化: is no table of the registry and was not read; did you mean “区划”? [registry.unknown-sheet]",
        "a.xlsx!说明: is no table of the registry and was not read [registry.unknown-sheet]",
        "a.xlsx!网格边界: outlines do not stand in a workbook and were not read: they belong into grids.geojson"
        " [registry.outlines-elsewhere]",
        "a.xlsx!Boxes: cannot be read: it is empty [registry.file-unreadable]",
    ]
    assert "expected" not in "".join(found)
    assert said(book(Tabelle=[("x",)]))[-1].startswith(
        "a.xlsx: has none of the tables; the sheets are to be named areas"
    )


def test_hidden_sheets_and_a_wrong_size_hide_nothing() -> None:
    data = book(区划=[HEAD, COUNTY, (990126100, "石垸镇", "乡镇", 990126)])
    small = repacked(
        data, "xl/worksheets/sheet1.xml", lambda part: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', part)
    )
    huge = repacked(
        data,
        "xl/worksheets/sheet1.xml",
        lambda part: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', part),
    )
    hidden = repacked(data, "xl/workbook.xml", lambda part: part.replace(b'state="visible"', b'state="veryHidden"'))
    assert data not in (small, huge, hidden)
    for each in (small, huge, hidden):
        (table,) = read_workbook("a.xlsx", each).tables
        assert [placed.row.code for placed in table.sheet.rows] == ["990126", "990126100"]


# -- bombs, and what is broken


@pytest.mark.parametrize(("limit", "part"), [("MAX_UNPACKED", "xl/styles.xml"), ("MAX_TEXTS", "xl/sharedStrings.xml")])
def test_a_zip_bomb_is_not_unpacked(limit: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = repacked(book(区划=[HEAD, COUNTY]), part, lambda _: bytes(8 << 20))
    assert len(data) < 100_000
    monkeypatch.setattr(openedbook, limit, 7 << 20)
    (only,) = said(data)
    assert "is too large: it unpacks to 8 MiB" in only


def test_entities_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    for part in ("xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml"):
        for found in (bomb, bomb.decode().encode("utf-16")):
            (only,) = said(repacked(book(区划=[HEAD, ("990126", "x", "县")]), part, lambda _, found=found: found))
            assert "bad-workbook" in only


def test_rows_without_end_are_cut_and_told() -> None:
    data = repacked(
        book(区划=[HEAD, COUNTY]), "xl/worksheets/sheet1.xml",
        lambda part: part.replace(b"</sheetData>", b'<row r="200000"><c r="A200000"><v>1</v></c></row></sheetData>'),
    )  # fmt: skip
    assert "a.xlsx!区划: has something in it after row 100000, which was not read [registry.too-many-rows]" in said(
        data
    )


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"PK\x03\x04" + b"x" * 100, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 64, b"<html>"]
)
def test_what_is_no_workbook(data: bytes) -> None:
    (only,) = said(data)
    assert "is no .xlsx workbook that can be read" in only


def test_an_unreadable_workbook_has_not_a_hundred_consequences(tmp_path: Path) -> None:
    folder = small(tmp_path)
    (folder / "areas.csv").unlink()
    (folder / "boxes.csv").unlink()
    (folder / "区划和盒子.xlsx").write_bytes(b"PK")
    assert codes(planned(folder)) == ["bad-workbook"]


PARTS = (
    "xl/workbook.xml",
    "xl/worksheets/sheet1.xml",
    "xl/styles.xml",
    "[Content_Types].xml",
    "xl/_rels/workbook.xml.rels",
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(part=st.sampled_from(PARTS), at=st.floats(0, 1), length=st.integers(0, 60), put=st.binary(max_size=12))
def test_whatever_is_in_it_is_told_and_never_raised(part: str, at: float, length: int, put: bytes) -> None:
    def spoil(xml: bytes) -> bytes:
        start = int(at * len(xml))
        return xml[:start] + put + xml[start + length :]

    read_workbook("a.xlsx", repacked(WHOLE, part, spoil))


LIES = (b'"-1"', b'"99999999999"', b'"ZZZZ9"', b'"s"', b'"d"', b'"b"', b"<v>1e999", b"../../", b"<v>nan")
TRUTHS = (b'"0"', b'"1"', b'"A1"', b'"n"', b"<v>", b"xl/", b"rId1", b'="')


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("old", TRUTHS)
def test_values_that_lie(part: str, old: bytes) -> None:
    for put in LIES:
        read_workbook("a.xlsx", repacked(WHOLE, part, lambda xml, put=put: xml.replace(old, put)))


WHOLE = book(区划=[HEAD, COUNTY, ("990126100", "=B2", "乡镇", 990126, midnight(16))])


def test_files_are_as_before(tmp_path: Path) -> None:
    """CSV stays what it was beside workbooks."""
    kind = FORMS[0]
    rows = read_folder(small(tmp_path)).content.of(kind)
    assert (tmp_path / "areas.csv").read_bytes() == file_bytes(kind, rows, "en")
