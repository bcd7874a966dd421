"""How the house is kept: short functions, short files, one broad except, no words about anything but the product."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gridwire", "edgeagent", "drivers", "countyhub", "simulators", "scripts", "bench")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAX_FUNCTION_LINES = 60
MAX_FILE_LINES = 450
BROAD_EXCEPT = {"edgeagent/devices/supervisor.py"}


def test_there_are_files_to_look_at():
    assert len(FILES) > 100


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_what_it_owns(path):
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= MAX_FILE_LINES
    if text.strip() and "migrations" not in path.parts:
        assert ast.get_docstring(tree), "the first lines say what the module owns"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{path.name}:{node.lineno} {node.name} has {lines} lines"
        if isinstance(node, ast.ExceptHandler):
            names = (
                {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {"Exception"}
            )
            broad = bool(names & {"Exception", "BaseException"})
            assert not broad or str(path.relative_to(ROOT)) in BROAD_EXCEPT, (
                f"{path.name}:{node.lineno} catches everything"
            )


def test_no_generic_module_names():
    assert not [path for path in FILES if re.fullmatch(r"(utils?|helpers?|managers?|misc|common)", path.stem)]


def test_the_map_of_a_package_leads_somewhere():
    """`question → `module`` in the docstring of a package: the module is there, in it or from the top."""
    lost, shown = [], 0
    for path in FILES:
        lines = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "") if path.name == "__init__.py" else ""
        for name in re.findall(r"`([a-z_0-9.]+)`", "\n".join(re.findall("→(.*)", lines))):
            shown += 1
            *folders, last = name.split(".")
            for parent in (path.parent.joinpath(*folders), ROOT.joinpath(*folders)):
                module = parent.with_suffix(".py")
                if (parent / last).is_dir() or (parent / f"{last}.py").is_file():
                    break
                if module.is_file() and re.search(rf"(def|class) {last}\b", module.read_text("utf-8")):
                    break
            else:
                lost.append(f"{path.parent.relative_to(ROOT)}: {name}")
    assert lost == []
    assert shown > 100


def test_the_chinese_stands_first():
    """`Both(zh, en)` takes two strings, and would take them the wrong way round."""
    turned, seen = [], 0
    for path in FILES:
        text = path.read_text("utf-8")
        if "Both(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            match node:
                case ast.Call(func=ast.Name(id="Both"), args=[zh, en]):
                    seen += 1
                    first, second = (bool(re.search("[\u4e00-\u9fff]", ast.unparse(each))) for each in (zh, en))
                    if second and not first:
                        turned.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert turned == []
    assert seen > 400


def test_readme_is_short():
    for name in ("README.md", "README.zh-CN.md"):
        assert (ROOT / name).read_text(encoding="utf-8").count("\n") <= 120


def test_the_project_names_no_path_of_a_machine():
    """Tracked files only; `/work` or a home folder would be somebody's own."""
    git = shutil.which("git")
    if git is None:
        pytest.skip("git is not installed: which files are tracked?")
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a git checkout")
    found = []
    for name in listed:
        path = ROOT / name
        if path.suffix in {".jpg", ".png", ".lock"} or not path.is_file() or path == Path(__file__):
            continue
        if re.search(r"/(work/main|home/[a-z]+|root)/", path.read_text(encoding="utf-8", errors="replace")):
            found.append(name)
    assert found == []
