"""`countyhub case` as a dispatcher uses it when there is no console, on both databases."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from countyhub.cases.columnnames import COLUMNS
from countyhub.cli import main
from countyhub.web.cases.casetable import CASES
from simulators.county.build import COUNTY
from tests import hubs, postgres
from tests.casebooks import GRID, ROAD, RUBBISH, VILLAGE, rows, staff
from tests.registries import TOWNSHIP, VILLAGES, small

DESK, CLERK, AUDITOR = staff("dispatcher", COUNTY), staff("village_clerk", VILLAGE), staff("auditor", COUNTY)


class Done(NamedTuple):
    """What a command has left."""

    code: int
    out: str
    err: str


class Office:
    """A hub's configuration and the command."""

    def __init__(self, folder: Path, database: str) -> None:
        folder.mkdir()
        self.folder = folder
        url = postgres.cluster().empty() if database == "postgresql" else hubs.database_url(folder)
        self._config = folder / "countyhub.toml"
        self._config.write_text(f'county = "{COUNTY}"\ndata_dir = "{folder}"\n[database]\nurl = "{url}"\n')

    def main(self, *words: object, language: str = "en") -> Done:
        """The command, in this process: starting Python each time takes longer than all else."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([*map(str, words), "--config", str(self._config), "--language", language])
        return Done(code, out.getvalue(), err.getvalue())

    def run(self, *words: object, language: str = "en") -> Done:
        return self.main("case", *words, language=language)

    def json(self, *words: object) -> dict:
        done = self.run(*words, "--json")
        assert (done.code, done.err) == (0, "")
        return json.loads(done.out.splitlines()[0])

    def open(self, *words: object, category: str = ROAD, place: str = VILLAGE, by: str = CLERK) -> str:
        where = ("--category", category, "--place", place, "--by", by)
        return self.json("open", "--title", "路面塌陷", *where, *words)["number"]


@pytest.fixture
def office(database: str, tmp_path: Path) -> Office:
    office = Office(tmp_path / "hub", database)
    files = small(tmp_path / "registry", rows())
    assert office.main("registry", "import", files, "--apply", "--by", "test").code == 0
    return office


def test_a_case_is_opened_handled_and_shown(office: Office) -> None:
    done = office.run("open", "--title", "垃圾堆放", "--category", RUBBISH, "--place", GRID, "--by", CLERK, "--text",
                      "桥头", language="zh")  # fmt: skip
    assert (done.code, done.err) == (0, "")
    number = re.search(r"\d{6}-\d{8}-\d{4}", done.out)[0]
    assert done.out == f"已立案：{number}\n"
    done = office.run("act", number, "settle", "--by", CLERK, "--text", "已清运", language="zh")
    assert done.out.startswith(f"● {number}  办结  村 雁河村  垃圾堆放")
    shown = office.run("show", number, "--by", CLERK, language="zh").out
    for text in ("内容：桥头", "分类：0201 垃圾堆放", "办理方式：即收即办", "地点：雁河村第1网格 < 雁河村", "立案",
                 f"即收即办  {CLERK}(信息员) 已清运", "现在可以：rework 返工"):  # fmt: skip
        assert text in shown
    whole = office.json("show", number)
    assert whole["case"]["listed"]["stage"] == "closed"
    assert [each["act"] for each in whole["timeline"]] == ["opened", "register", "settle"]


@pytest.mark.slow
def test_refusals_say_why_and_what_to_do(office: Office) -> None:
    number = office.open()
    for words, text in (
        (("act", number, "close", "--by", CLERK, "--text", "x"), "close is possible at: feedback"),
        (("act", number, "settle", "--by", CLERK, "--text", "x"), "cannot be settled on the spot"),
        (("act", number, "begin", "--by", AUDITOR), "only the office that owns it"),
        (("act", number, "dance", "--by", CLERK), "there is no act “dance”"),
        (("act", number, "begin", "--by", "P99999"), "P99999 has no duty in the registry"),
        (("act", number, "begin", "--by", CLERK, "--role", "county"), "is not registered as county"),
        (("act", number, "note", "--by", CLERK, "--text", "x", "--version", "7"), "somebody else has just changed"),
        (("act", "430181-20260101-0001", "begin", "--by", CLERK), "there is no case 430181-20260101-0001"),
        (
            ("act", number, "ledger_step", "--by", CLERK, "--step", "verify", "--day", "2026-01-01"),
            "steps is “discuss”",
        ),
        (("act", number, "ledger_step", "--by", CLERK, "--step", "discuss"), "on which day the step was done"),
        (("act", number, "ledger_step", "--by", CLERK, "--step", "discuss", "--day", "9999-01-01"), "has not come yet"),
        (("merge", number, "--into", number, "--by", CLERK), "a case cannot belong to itself"),
        (("show", "430181-20260101-0001"), "there is no case"),
    ):
        done = office.run(*words)
        assert (done.code, done.out) == (1, "")
        assert text in done.err
    for words, text in (
        (("act", number, "assign", "--by", CLERK, "--to", "nobody"), "“nobody” is nothing in the registry"),
        (("list", "--area", "999"), "“999” is nothing"),
        (("list", "--owner", "D99"), "“D99” is nothing"),
        (("list", "--since", "yesterday"), "“yesterday” is no day"),
        (("act", number, "ledger_step", "--by", CLERK, "--day", "yesterday"), "“yesterday” is no day"),
        (("list", "--after", "x"), "is no place in a list"),
        (("open", "--title", "x", "--category", "9999", "--place", VILLAGE, "--by", CLERK), "“9999” is nothing"),
        (("open", "--title", "x", "--category", ROAD, "--place", "1", "--by", CLERK), "“1” is nothing"),
        (("attach", number, office.folder / "none.jpg", "--by", CLERK), "No such file"),
        (("export", "--out", office.folder / "x.xls"), "must end with .csv or .jsonl"),
        (("export", "--out", office.folder / "countyhub.toml"), "must end with"),
    ):
        done = office.run(*words)
        assert (done.code, done.out) == (2, "")
        assert text in done.err


def test_lists_by_what_is_asked_and_by_who_asks(office: Office) -> None:
    here, there = office.open(), office.open(place=VILLAGES[1], by=staff("village_clerk", VILLAGES[1]))
    county = office.open("--urgent", place=TOWNSHIP, by=DESK)

    def listed(*words: object) -> list[str]:
        return [each["number"] for each in office.json("list", *words)["cases"]]

    assert listed() == [county, there, here]
    assert listed("--by", CLERK) == [here]
    assert listed("--area", VILLAGES[1]) == [there]
    assert listed("--owner", COUNTY) == listed("--urgent") == [county]
    assert listed("--category", "01", "--open", "--order", "due") != []
    assert listed("--category", "02") == listed("--closed") == listed("--light", "red") == []
    assert listed("--stage", "filed", "--limit", "2") == [county, there]
    first = office.run("list", "--limit", "2").out.splitlines()
    assert first[-1].startswith("more: --after ")
    second = office.run("list", "--limit", "2", "--after", first[-1].split()[-1], language="zh").out.splitlines()
    assert len(second) == 1
    assert second[0].startswith(f"● {here}  备案  村 雁河村  路面塌陷  到期 ")
    assert office.run("list", "--box", "none").out == "no such cases\n"
    assert office.run("show", there, "--by", CLERK).code == 1


def test_merging_attaching_and_joining(office: Office) -> None:
    parent, child = office.open("--key", "bridge"), office.open()
    again = office.run(
        "open", "--title", "又塌了", "--category", ROAD, "--place", VILLAGE, "--by", CLERK, "--key", "bridge"
    )
    assert again.out == f"joined the open case {parent}\n"
    done = office.run("merge", child, "--into", parent, "--by", CLERK)
    assert [line.split()[1] for line in done.out.splitlines()] == [child, parent]
    picture = office.folder / "桥.jpg"
    picture.write_bytes(b"\xff\xd8\xff" + b"x" * 20)
    assert office.run("attach", parent, picture, "--by", CLERK).out == "added as file 1 (image/jpeg)\n"
    assert office.run("attach", parent, picture, "--by", CLERK).out == "the case has this file already: 1\n"
    picture.write_bytes(b"MZ")
    refused = office.run("attach", parent, picture, "--by", CLERK, language="zh")
    assert (refused.code, refused.err) == (
        1,
        "case.attachment-kind: “桥.jpg”既不是图片（JPEG、PNG、WebP、GIF）也不是 PDF：只能附上这几种文件\n",
    )
    shown = office.run("show", parent).out
    assert f"has in it: {child}" in shown
    assert "file 1 桥.jpg (image/jpeg, 23)" in shown
    assert "seen again" in shown


def test_export_for_excel_and_for_programs(office: Office) -> None:
    numbers = [office.open("--text", "x"), office.open("--receipt", "R1")]
    office.run("act", numbers[0], "supervise", "--by", staff("inspector", COUNTY), "--text", "x")
    step = ("--step", "discuss", "--day", "2026-01-05", "--text", "开会")
    assert office.run("act", numbers[1], "ledger_step", "--by", CLERK, *step).code == 0
    assert "discuss 2026-01-05 开会" in office.run("show", numbers[1]).out
    assert "民生诉求 议帐 2026-01-05" in office.run("show", numbers[1], language="zh").out
    table = office.folder / "cases.csv"
    assert office.run("export", "--out", table, language="zh").out == f"已导出 2 件到 {table}\n"
    content = table.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert table.stat().st_mode & 0o777 == 0o600
    found = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [row["案号"] for row in found] == numbers[::-1]
    assert (found[1]["环节"], found[1]["承办单位"], found[1]["督办次数"]) == ("备案", "村 雁河村", "1")
    assert (found[0]["台账"], found[0]["台账五步"], found[1]["台账五步"]) == ("民生诉求", "议帐 2026-01-05", "")
    assert [f"column.{name}" for name in COLUMNS] == [column.title for column in CASES.columns], "as the page's table"
    lines = office.folder / "cases.jsonl"
    assert office.run("export", "--out", lines, "--supervised").code == 0
    (line,) = lines.read_text(encoding="utf-8").splitlines()
    assert [each["act"] for each in json.loads(line)["timeline"]] == ["opened", "register", "supervise"]
    assert "exists already" in office.run("export", "--out", lines).err


def test_what_excel_would_take_for_a_formula_is_a_text(office: Office) -> None:
    office.run("open", "--title", "=HYPERLINK(1)", "--category", ROAD, "--place", VILLAGE, "--by", CLERK)
    assert office.run("export", "--out", office.folder / "a.csv").code == 0
    assert ",'=HYPERLINK(1)," in (office.folder / "a.csv").read_text(encoding="utf-8-sig")
