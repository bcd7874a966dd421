"""What a check of box or hub says: one line each, in both languages, with a stable code where something is wrong."""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from gridwire.problem import Both, Language, Problem

Level = Literal["pass", "warn", "fail"]
MARKS: dict[Level, Both] = {"pass": Both("正常", "ok  "), "warn": Both("注意", "WARN"), "fail": Both("故障", "FAIL")}
"""How a line begins."""


class Fault(Problem):
    """Something found. Its text says what is wrong and, after that, what to do.

    `fail`: something is not recorded, not sent or not watched now. `warn`: it will be, if nobody acts.
    """

    level: ClassVar[Literal["warn", "fail"]] = "fail"


class Line(NamedTuple):
    """One line of the answer. `subject`: the device, port or host that it is about; empty: the whole."""

    level: Level
    zh: str
    en: str
    code: str = ""
    subject: str = ""

    def text(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


def passed(zh: str, en: str, subject: str = "") -> Line:
    """All is well."""
    return Line("pass", zh, en, subject=subject)


def found(fault: Fault, subject: str = "") -> Line:
    """A fault as a line."""
    return Line(fault.level, fault.sentence("zh"), fault.sentence("en"), fault.code, subject)


def foreign(problem: Problem, level: Literal["warn", "fail"], subject: str = "") -> Line:
    """A problem of another part, which knows best what to do about it."""
    return Line(level, problem.sentence("zh"), problem.sentence("en"), problem.code, subject)


def summary(levels: list[Level], language: Language) -> str:
    """How many of which kind."""
    fail, warn, well = (levels.count(level) for level in ("fail", "warn", "pass"))
    if language == "zh":
        return f"故障 {fail} 项，注意 {warn} 项，正常 {well} 项"
    return f"{fail} failed, {warn} warnings, {well} well"
