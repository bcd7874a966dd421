"""Every verdict that `edgeagent check` and `countyhub check` may give is provoked in a test, and says what to do."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

from countyhub.checks import catalogue as hub
from edgeagent.checks import catalogue as box

TESTS = Path(__file__).parents[1]
CATALOGUES = {"box": box.CHECKS, "hub": hub.CHECKS}
VERDICTS = [
    (f"{kind} check {check.name}", fault)
    for kind, checks in CATALOGUES.items()
    for check in checks
    for fault in check.faults
]
ADVICE = re.compile(
    r"\?|\b(edgeagent|countyhub|systemctl|chmod|chown|chgrp|usermod|timedatectl|pip|mount|ip route|fuser|journalctl)\b"
    r"|\b(check again|look again|set|write|use|lower|raise|correct|remove|replace|fit|enrol|have the county|make room"
    r"|put it back|install that|choose|name a|plan|add|end that|end what|try|mend|update)\b"
    r"|checks .* tells? why|shows more",
    re.IGNORECASE,
)
"""A question that leads on, a command, or a request."""


FILES = {file: file.read_text(encoding="utf-8") for file in sorted(TESTS.rglob("test_*.py")) if file != Path(__file__)}


@functools.cache
def _tests(file: Path) -> list[str]:
    """The text of every test in a file, with its decorators."""
    return list(_each_test(FILES[file]))


def _each_test(text: str) -> Iterator[str]:
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            yield "\n".join(lines[first - 1 : node.end_lineno])


def provoked(code: str) -> bool:
    """Whether a test speaks of it; that it is the right one is for its reader."""
    return any(names(code, test) for file, text in FILES.items() if names(code, text) for test in _tests(file))


def names(code: str, text: str) -> bool:
    return re.search(re.escape(code) + r"(?![a-z-])", text) is not None


def test_each_verdict_has_a_test_that_provokes_it():
    """One that is missing belongs, with a real cause, into tests/*/test_box_check_*.py or test_hub_check.py."""
    assert [f"{check}: {fault.code}" for check, fault in VERDICTS if not provoked(fault.code)] == []


def test_each_verdict_says_what_to_do():
    assert [f"{check}: {fault.code}: {fault.en}" for check, fault in VERDICTS if not ADVICE.search(fault.en)] == []
    chinese = re.compile(r"请|？|见 |countyhub|edgeagent")
    assert [f"{check}: {fault.code}: {fault.zh}" for check, fault in VERDICTS if not chinese.search(fault.zh)] == []


def test_a_verdict_without_a_test_would_be_noticed():
    """Names that only begin alike are different ones."""
    assert names("check.disk-full", 'found["check.disk-full"]')
    assert not names("check.disk", 'found["check.disk-full"]')
    assert not provoked("check.nobody-provokes" + "-this")
