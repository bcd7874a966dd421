"""Every rule of docs/county-rules.md is named by a test, and every id that a test names is a rule."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ID = re.compile(r"R-(?:CAL|LIGHT|LIFE|CORR|WAKE|CASE|ESC|OPEN)-\d\d")


def test_rules_and_tests_name_each_other():
    page = (ROOT / "docs" / "county-rules.md").read_text(encoding="utf-8")
    rules = re.findall(rf"^\| ({ID.pattern}) \|", page, re.MULTILINE)
    assert len(rules) == len(set(rules))
    tested = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__).resolve()
        for name in ID.findall(path.read_text(encoding="utf-8"))
    }
    assert set(rules) == tested


def test_every_rule_is_told_in_both_languages():
    page = (ROOT / "docs" / "county-rules.md").read_text(encoding="utf-8")
    for line in page.splitlines():
        if line.startswith("| R-"):
            _, _, zh, en, _ = (cell.strip() for cell in line.split("|"))
            assert re.search(r"[\u4e00-\u9fff]", zh)
            assert re.search(r"[a-z]{3}", en)
            assert not re.search(r"[\u4e00-\u9fff][,;:?]", zh), zh
