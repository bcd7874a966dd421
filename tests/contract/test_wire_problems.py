"""Every expected error of every package has a code of its own and says the same in both languages."""

import importlib
import re
import string
import sys
from collections import Counter
from pathlib import Path

import pytest

from gridwire.problem import Problem

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
packages = importlib.import_module("reference.packages")
sys.path.pop(0)
BROKEN = packages.import_all()

CODE = re.compile(r"[a-z-]+(\.[a-z0-9-]+)+")


def every(base=Problem):
    for cls in base.__subclasses__():
        if cls.__module__.partition(".")[0] in packages.OURS:
            yield cls
            yield from every(cls)


ALL = sorted({cls for cls in every() if cls.code}, key=lambda cls: cls.code)


class Fact:
    """Takes any format, as the number or text that belongs there would."""

    def __format__(self, spec):
        return "x"


def placeholders(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def facts(text, language):
    """Names of the facts; one that is words itself comes once in each language: `why_en`, `why_zh`."""
    return {name.removesuffix(f"_{language}") for name in placeholders(text)}


def test_all_modules_can_be_imported():
    assert BROKEN == ()


@pytest.mark.parametrize("cls", ALL, ids=[cls.code for cls in ALL])
def test_problem(cls):
    assert CODE.fullmatch(cls.code)
    assert cls.en
    assert cls.zh
    assert facts(cls.en, "en") == facts(cls.zh, "zh")
    for text in (cls.en, cls.zh):
        assert "{" not in text.format_map(dict.fromkeys(placeholders(text), Fact()))
    assert not re.search("[\u4e00-\u9fff]", cls.en), "Chinese in the English text"


def test_codes_are_unique():
    own = [cls for cls in ALL if "code" in vars(cls)]
    twice = [code for code, count in Counter(cls.code for cls in own).items() if count > 1]
    assert twice == []
    assert [cls for cls in ALL if cls not in own] == [], "a subclass must not inherit its code"


def test_every_refusal_of_the_wire_has_its_code():
    refusals = importlib.import_module("gridwire.refusals")
    declared = [value for value in vars(refusals).values() if isinstance(value, type) and value is not Problem]
    assert all(cls.code.startswith("wire.") for cls in declared)
