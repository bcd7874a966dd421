"""What a check is and what it says: one line each, in both languages, with a stable code where something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Literal, NamedTuple

from edgeagent.checks.scene import Scene
from gridwire.problem import Language, Problem

Level = Literal["pass", "warn", "fail"]


class Fault(Problem):
    """Something found. Its text says what is wrong and, after that, what to do.

    `fail`: something is not recorded, not sent or not watched now. `warn`: it will be, if nobody acts.
    """

    level: ClassVar[Literal["warn", "fail"]] = "fail"

    def sentence(self, language: Language) -> str:
        """Without the code."""
        return (self.zh if language == "zh" else self.en).format_map(self.facts)


class Line(NamedTuple):
    """One line of the answer. `subject`: the device, port or host that it is about; empty: the box."""

    level: Level
    en: str
    zh: str
    code: str = ""
    subject: str = ""

    def text(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Check(NamedTuple):
    """One check. `offline`: it needs neither network nor devices. `faults`: all that it may find, for the page."""

    name: str
    en: str
    zh: str
    look: Callable[[Scene], Iterable[Line]]
    faults: tuple[type[Problem], ...]
    offline: bool = True


def passed(en: str, zh: str, subject: str = "") -> Line:
    """All is well."""
    return Line("pass", en, zh, subject=subject)


def found(fault: Fault, subject: str = "") -> Line:
    """A fault as a line."""
    return Line(fault.level, fault.sentence("en"), fault.sentence("zh"), fault.code, subject)
