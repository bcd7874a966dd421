"""What a check of box or hub says: one line each, in both languages, with a stable code where something is wrong."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from gridwire.problem import Language, Problem

Level = Literal["pass", "warn", "fail"]
MARKS: dict[Level, tuple[str, str]] = {"pass": ("ok  ", "正常"), "warn": ("WARN", "注意"), "fail": ("FAIL", "故障")}
"""How a line begins, in English and in Chinese."""


class Fault(Problem):
    """Something found. Its text says what is wrong and, after that, what to do.

    `fail`: something is not recorded, not sent or not watched now. `warn`: it will be, if nobody acts.
    """

    level: ClassVar[Literal["warn", "fail"]] = "fail"


class Line(NamedTuple):
    """One line of the answer. `subject`: the device, port or host that it is about; empty: the whole."""

    level: Level
    en: str
    zh: str
    code: str = ""
    subject: str = ""

    def text(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def passed(en: str, zh: str, subject: str = "") -> Line:
    """All is well."""
    return Line("pass", en, zh, subject=subject)


def found(fault: Fault, subject: str = "") -> Line:
    """A fault as a line."""
    return Line(fault.level, fault.sentence("en"), fault.sentence("zh"), fault.code, subject)


def foreign(problem: Problem, level: Literal["warn", "fail"], subject: str = "") -> Line:
    """A problem of another part, which knows best what to do about it."""
    return Line(level, problem.sentence("en"), problem.sentence("zh"), problem.code, subject)


def summary(levels: list[Level], language: Language) -> str:
    """How many of which kind."""
    fail, warn, well = (levels.count(level) for level in ("fail", "warn", "pass"))
    if language == "zh":
        return f"故障 {fail} 项，注意 {warn} 项，正常 {well} 项"
    return f"{fail} failed, {warn} warnings, {well} well"
