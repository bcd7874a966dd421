"""`countyhub registry` with a workbook in place of a folder: in, out, and in again without a change."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from countyhub.cli import main
from countyhub.registry.content import Content
from countyhub.registry.folder import write_workbook
from simulators.county.build import COUNTY, SMALL, build
from tests.hubs import database_url


def test_a_workbook_in_and_out_again(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "countyhub.toml"
    config.write_text(
        f'county = "{COUNTY}"\ndata_dir = "{tmp_path}"\n[database]\nurl = "{database_url(tmp_path)}"\n',
        encoding="utf-8",
    )

    def run(*words: object, language: str = "en") -> tuple[int, str]:
        code = main(["registry", *map(str, words), "--config", str(config), "--language", language])
        return code, capsys.readouterr().out

    assert main(["registry", "export", str(tmp_path / "empty.xlsx"), "--config", str(config)]) == 0
    capsys.readouterr()
    rows = len(list(build(SMALL)))
    assert run("import", fill(tmp_path / "in"), "--apply")[1].endswith(f"imported: {rows} rows, revision 1\n")
    code, said = run("export", tmp_path / "out" / "县.xlsx", language="zh")
    assert (code, said) == (0, f"已导出 2 个文件到 {tmp_path / 'out' / '县.xlsx'}（版本 1）\n")
    assert run("import", tmp_path / "out" / "县.xlsx")[1].endswith("nothing to change\n")
    book = openpyxl.load_workbook(tmp_path / "out" / "县.xlsx")
    book["区划"]["A3"] = 9.90126e11 + 0.5
    book["区划"]["B3"] = None
    book.save(tmp_path / "out" / "县.xlsx")
    code, said = run("check", tmp_path / "out" / "县.xlsx", "--county", COUNTY, "--json")
    found = [each.get("place", each) for each in json.loads(said)["mistakes"]]
    assert code == 1
    assert "县.xlsx!区划" in json.dumps(found, ensure_ascii=False)
    assert {each["code"] for each in json.loads(said)["mistakes"]} >= {"registry.digits-lost", "registry.empty"}


def fill(folder: Path) -> Path:
    """A folder with the small county: one workbook, and the outlines beside it."""
    write_workbook(folder / "登记表.xlsx", Content.bare(build(SMALL)), "zh")
    return folder
