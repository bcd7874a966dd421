"""One cell: what input methods and spreadsheets do to it is undone, what is lost or personal is refused."""

from __future__ import annotations

from datetime import date

import pytest

from countyhub.registry.cells import BAD, read
from countyhub.registry.columns import OPEN, column
from countyhub.registry.forms import Area, Camera, Category, Deadline, Household, Person
from countyhub.registry.mistakes import Place

PLACE = Place("x.csv", 2)


def cell(kind, name, text):
    found = read(column(kind, name), text, PLACE)
    return found.value, found.said.code.removeprefix("registry.") if found.said else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("990126100200", ("990126100200", "")),
        ("  990126100200\t", ("990126100200", "")),
        ("９９０１２６１００２００", ("990126100200", "mended")),
        ("9901 2610 0200", ("990126100200", "mended")),
        ("'990126100200", ("990126100200", "mended")),
        ('="990126100200"', ("990126100200", "mended")),
        ("990126100200.0", ("990126100200", "mended")),
        ("9.90126E+11", (BAD, "digits-lost")),
        ("99012610020", (BAD, "bad-code")),
        ("", (BAD, "empty")),
    ],
)
def test_a_code(text, expected):
    assert cell(Area, "code", text) == expected


@pytest.mark.parametrize("text", ["2026-03-16", "2026/3/16", "2026.3.16", "2026年3月16日", "20260316",
                                  "２０２６-０３-１６",
                                  "2026/3/16 0:00:00"])  # fmt: skip
def test_every_way_to_write_a_day(text):
    assert cell(Area, "valid_to", text) == (date(2026, 3, 16), "")


@pytest.mark.parametrize("text", ["2026-02-30", "16/3/2026", "soon", "0026-03-16", "2026-13-01"])
def test_what_is_no_day(text):
    assert cell(Area, "valid_to", text)[0] is BAD


def test_a_day_that_a_spreadsheet_shows_as_a_number_is_suggested():
    found = read(column(Area, "valid_to"), "46097", PLACE)
    assert found.value is BAD
    assert "2026-03-16" in found.said.text("zh")


def test_an_empty_day_means_until_further_notice():
    assert cell(Area, "valid_to", " ") == (OPEN, "")


@pytest.mark.parametrize(
    ("text", "value"), [("村", "village"), ("village", "village"), ("Village", "village"), ("x", BAD)]
)
def test_words_in_both_languages(text, value):
    assert cell(Area, "level", text)[0] == value


def test_numbers():
    assert cell(Deadline, "amount", "３０") == (30, "mended")
    assert cell(Deadline, "amount", "30.0") == (30, "")
    assert cell(Deadline, "amount", "0") == (BAD, "out-of-range")
    assert cell(Deadline, "amount", "many") == (BAD, "bad-number")
    assert cell(Camera, "longitude", "110.1234567") == (110.123457, "")


def test_longitude_and_latitude_swapped_are_told():
    found = read(column(Camera, "latitude"), "110.5", PLACE)
    assert "swapped" in found.said.text("en")
    assert "颠倒" in found.said.text("zh")


def test_a_category_that_lost_its_zero_is_suggested():
    found = read(column(Category, "code"), "101", PLACE)
    assert found.value is BAD
    assert "“0101”" in found.said.text("en")


@pytest.mark.parametrize(
    "text", ["张三", "11010519491231002X", "１１０１０５１９４９１２３１００２Ｘ", "110105491231002",
             "13812345678", "138-1234-5678",
             "12345678901234"],
)  # fmt: skip
def test_a_household_is_never_named_nor_numbered(text):
    assert cell(Household, "code", text) == (BAD, "looks-personal")
    shown = read(column(Household, "code"), text, PLACE).said
    assert text not in shown.text("en") + shown.text("zh"), "what looks like a number is not quoted"


def test_an_identity_number_is_refused_wherever_text_may_stand():
    assert cell(Camera, "name", "张三 11010519491231002X") == (BAD, "looks-personal")
    assert cell(Camera, "name", "Smith 911156199001011232") == (BAD, "looks-personal"), "a foreigner's, of 2023"
    assert cell(Area, "name", "联系 13812345678") == (BAD, "looks-personal")
    assert cell(Person, "code", "13812345678") == (BAD, "looks-personal")


@pytest.mark.parametrize(
    "code", ["91310120199001123X", "911156199001011231", "91431126MA4L0000XK", "914311268837654321"]
)
def test_an_enterprise_may_be_named_by_its_credit_code(code):
    assert cell(Camera, "name", f"粮油店 {code}") == (f"粮油店 {code}", "")


def test_a_phone_is_for_staff():
    assert cell(Person, "phone", "13812345678") == ("13812345678", "")


def test_lists_of_certain_persons_are_not_kept():
    assert cell(Household, "kind", "上访户") == (BAD, "not-kept")
    assert cell(Household, "kind", "五保") == ("five_guarantees", "")


def test_a_name_that_a_spreadsheet_would_run_is_refused():
    assert cell(Area, "name", "=HYPERLINK(1)") == (BAD, "formula")
    assert cell(Area, "name", "东山村（新）") == ("东山村（新）", "")
