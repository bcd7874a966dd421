"""Tables as bytes: nothing is a formula, dates are dates, what is cut off is said; and what lies with us of others."""

import csv
import hashlib
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

import countyhub.web
from countyhub.web.export import exportfiles
from countyhub.web.export.exportfiles import Frame

ZONE = ZoneInfo("Asia/Shanghai")
KINDS = ("text", "number", "time", "day", "share")
AT = datetime(2026, 3, 1, 18, 30, 59, tzinfo=UTC)
VENDOR = Path(countyhub.web.__file__).parent / "static/vendor"
LOCK = Path(countyhub.web.__file__).parents[2] / "scripts/vendor/package-lock.json"


def local(day, hour, minute):
    """As a workbook has it: without a zone."""
    return datetime(2026, 3, day, hour, minute, tzinfo=ZONE).replace(tzinfo=None)


def written(ending, rows, note=""):
    heads = ("=head", "n", "t", "d", "s")
    file = exportfiles.new(ending, ZONE)
    frame = Frame(title="案件/[2026]:*?", heads=heads, widths=(10,) * 5, kinds=KINDS)
    return b"".join((file.begin(frame), file.rows(rows[:1]), file.rows(rows[1:]), file.end(note), file.close()))


def xlsx(rows, note=""):
    return load_workbook(io.BytesIO(written("xlsx", rows, note))).active


def table(rows, note=""):
    content = written("csv", rows, note)
    assert content.startswith(b"\xef\xbb\xbf")
    return [*csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))]


def test_cells_keep_their_types_and_days_are_the_countys():
    rows = [("路灯", 3, AT, date(2026, 3, 1), 0.5), ("", None, None, None, None)]
    sheet = xlsx(rows, "只有前 2 行")
    assert sheet.cell(1, 1).value == "'=head"
    assert [cell.value for cell in sheet[2]] == [
        "路灯", 3, local(2, 2, 30), local(1, 0, 0), 0.5,
    ]  # fmt: skip
    assert [sheet.cell(2, column).number_format for column in (3, 4, 5)] == ["yyyy-mm-dd hh:mm", "yyyy-mm-dd", "0.0%"]
    assert [cell.value for cell in sheet[3]][1:] == [None] * 4
    assert sheet.cell(4, 1).value == "只有前 2 行"
    assert table(rows, "只有前 2 行")[1:] == [
        ["路灯", "3", "2026-03-02 02:30", "2026-03-01", "50 %"], [""] * 5, ["只有前 2 行"],
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "  =1", "＝1+1", "＠x", '=cmd|" /C calc"!A0'])
def test_no_text_is_ever_a_formula(text):
    sheet = xlsx([(text, 1, AT, AT.date(), 1.0)])
    assert sheet.cell(2, 1).value.startswith("'")
    assert sheet.cell(2, 1).data_type != "f"
    assert table([(text, 1, AT, AT.date(), 1.0)])[1][0] == f"'{text}"


@given(st.text(max_size=40))
def test_any_text_can_be_taken_away(text):
    text = f"\x00{text}"
    cell = xlsx([(text, 1, AT, AT.date(), 1.0)]).cell(2, 1)
    assert cell.data_type != "f"
    _, row = table([(text, 1, AT, AT.date(), 1.0)])
    assert not row[0].lstrip().startswith(("=", "+", "-", "@"))


def test_what_is_of_others_is_as_it_came_with_its_licence():
    for line in (VENDOR / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, name = line.split()
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
    locked = json.loads(LOCK.read_text("utf-8"))["packages"]["node_modules/uplot"]
    assert f"v{locked['version']}".encode() in (VENDOR / "uPlot.js").read_bytes()[:200]
    assert locked["integrity"].startswith("sha512-")
    assert "Permission is hereby granted" in (VENDOR / "uPlot.LICENSE.txt").read_text("utf-8")
