"""A folder of files: any encoding and heading that a spreadsheet in China writes, every mistake with its row."""

from __future__ import annotations

import pytest

from countyhub.registry.folder import file_bytes, read_folder, write_folder
from countyhub.registry.forms import Area, Household
from countyhub.registry.sheets import read_sheet
from tests.registries import change, small

TEXT = "编码,名称,级别,上级\r\n990126,澄禾县,县,\r\n990126100,石垸镇,乡镇,990126\r\n"


def rows(data, kind=Area):
    found = read_sheet("areas.csv", kind, data)
    return [placed.row.code for placed in found.rows], [each.code.removeprefix("registry.") for each in found.said]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_any_encoding(encoding):
    assert rows(TEXT.encode(encoding)) == (["990126", "990126100"], [])


@pytest.mark.parametrize("separator", [",", ";", "\t", "，"])
def test_any_separator(separator):
    assert rows(TEXT.replace(",", separator).encode()) == (["990126", "990126100"], [])


def test_english_and_chinese_headings_in_any_order():
    assert rows("level,name,编码\nvillage,甲村,990126100200\n".encode()) == (["990126100200"], [])


def test_what_is_no_text():
    assert rows(b"\xff\xd8\xff\xe0\x81") == ([], ["no-text"])
    assert rows(b"") == ([], ["file-unreadable"])


def test_headings_that_are_wrong_missing_or_there_twice():
    found = read_sheet("areas.csv", Area, "编码,名陈,编码\n990126,甲,1\n".encode())
    said = {each.code: each.text("zh") for each in found.said}
    assert "是不是“名称”" in said["registry.unknown-column"]
    assert set(said) >= {"registry.double-column", "registry.missing-column"}
    assert found.rows == []


def test_rows_are_counted_as_in_the_spreadsheet():
    """A heading, an empty line, a cell of two lines: the wrong cell is in row 5."""
    data = '编码,名称,级别\r\n\r\n990126,"澄\r\n禾",县\r\n990127,甲,县\r\n12,乙,县\r\n'.encode()
    found = read_sheet("areas.csv", Area, data)
    assert found.said[0].text("en") == (
        "areas.csv, row 5, column code: “12” will not do: 6 digits for the county, 9 for a township, 12 for a village"
        " [registry.bad-code]"
    )
    assert found.rows[0].row.name == "澄 禾"


def test_a_comma_in_a_name():
    assert rows("编码,名称,级别\n990126,甲,乙,县\n".encode())[1] == ["row-too-long"]


def test_a_column_about_persons_has_no_place_among_households():
    data = "户编码,网格,类型,间隔天数,姓名,身份证号\nH-001,990126100200001,五保,10,张三,11010519491231002X\n"
    found = read_sheet("households.csv", Household, data.encode())
    assert [each.code for each in found.said] == ["registry.personal-column"] * 2
    assert not any("张三" in each.text("zh") for each in found.said)


def test_a_folder_says_what_it_does_not_know(tmp_path):
    small(tmp_path)
    (tmp_path / "camera.csv").write_text("x")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "人员.et").write_bytes(b"PK")
    (tmp_path / "区划.csv").write_text("x")
    said = {each.place.file: each for each in read_folder(tmp_path).said}
    assert "cameras.csv" in said["camera.csv"].text("en")
    assert {name: each.code for name, each in said.items()} == {
        "camera.csv": "registry.unknown-file", "notes.txt": "registry.unknown-file",
        "人员.et": "registry.workbook", "区划.csv": "registry.two-files",
    }  # fmt: skip


def test_an_empty_or_absent_folder(tmp_path):
    assert [each.code for each in read_folder(tmp_path).said] == ["registry.no-files"]
    assert [each.code for each in read_folder(tmp_path / "none").said] == ["registry.file-unreadable"]


def test_chinese_file_names_are_known(tmp_path):
    small(tmp_path)
    (tmp_path / "areas.csv").rename(tmp_path / "区划.csv")
    found = read_folder(tmp_path)
    assert found.said == []
    assert len(found.content.of(Area)) == 7


@pytest.mark.parametrize("language", ["zh", "en"])
def test_written_and_read_it_is_the_same(tmp_path, language):
    first = read_folder(small(tmp_path / "a")).content
    write_folder(tmp_path / "b", first, language)
    second = read_folder(tmp_path / "b")
    assert second.said == []
    for kind in first.given():
        assert (
            file_bytes(kind, second.content.of(kind), language)
            == (tmp_path / "b" / f"{kind.FILE}")
            .with_suffix(".geojson" if kind.FILE.endswith("geojson") else ".csv")
            .read_bytes()
        )


def test_codes_may_be_shielded_from_a_spreadsheet(tmp_path):
    """Read again they are the same, without a word of warning."""
    first = read_folder(small(tmp_path / "a")).content
    write_folder(tmp_path / "b", first, "zh", shielded=True)
    text = (tmp_path / "b" / "categories.csv").read_text("utf-8-sig")
    assert "\n0101\t,道路损坏," in text
    second = read_folder(tmp_path / "b")
    assert second.said == []
    assert list(second.content.rows()) == list(first.rows())


def test_healed_cells_are_told(tmp_path):
    small(tmp_path)
    change(tmp_path / "areas.csv", "990126100200,", "９９０１２６１００２００,")
    assert [each.text("en") for each in read_folder(tmp_path).said] == [
        "areas.csv, row 4, column code: “９９０１２６１００２００” was read as “990126100200” "
        "(full-width characters, blanks or the spreadsheet's rewriting) [registry.mended]"
    ]
