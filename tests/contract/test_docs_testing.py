"""docs/testing.md leads somewhere: what helps is there, what was broken is there, and so is the test that noticed."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HELPS, BROKEN = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8").split("## Broken on purpose")
ROW = re.compile(r"^\| `([\w/]+)` \| [^|]+ \| `(\w+)`: ([^|]+) \|$", re.MULTILINE)
TESTS = {path.stem: path for path in (ROOT / "tests").rglob("test_*.py")}


def test_what_helps_is_there():
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| ", HELPS.partition("## What helps")[2], re.MULTILINE)
    listed = [name for row in rows for name in re.findall(r"\w+", row)]
    assert len(listed) > 30
    assert [name for name in listed if not (ROOT / "tests" / f"{name}.py").is_file()] == []


def test_what_was_broken_and_who_noticed_are_there():
    """A row that reads otherwise than the others would be looked at by nobody: it is told."""
    missing, rows = [], 0
    for package, table in re.findall(r"^\*\*(\w+)\*\*\n(.*?)(?=^\*\*|\Z)", BROKEN, re.MULTILINE | re.DOTALL):
        found = ROW.findall(table)
        assert len(found) == table.count("\n| `"), f"{package}: a row that is not `where` | how | `file`: test"
        rows += len(found)
        missing += [f"{package}/{where}" for where, _, _ in found if not there(f"{package}/{where}")]
        missing += [f"{file}: {test}" for _, file, test in found if not noticed(file, test)]
    assert rows > 100
    assert missing == []


def there(where):
    return (ROOT / f"{where}.py").is_file() or (ROOT / where).is_dir()


def noticed(file, test):
    """Long names may be cut short behind a word."""
    path = TESTS.get(f"test_{file}")
    name = rf"^(async )?def test_{test.replace(' ', '_')}[_(]"
    return path is not None and re.search(name, path.read_text(encoding="utf-8"), re.MULTILINE) is not None
