"""The names that a county has for things, in one language: offices, places, kinds of matters, persons, stages, lights.

Names come from the registry as it is today, words of the loop from the lifecycle's own tables. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from countyhub.cases.actnames import ACTS
from countyhub.cases.finding import TimelineEntry
from countyhub.lifecycle.fivesteps import FIVE_STEPS, LEDGERS, following, line_in_english, steps_of
from countyhub.lifecycle.state import HANDLINGS, LEVELS, MODES, STAGES, Office
from countyhub.registry.forms import ROLES
from countyhub.registry.snapshot import Registry
from countyhub.web.texts.table import text, word
from countyhub.worktime.deadlines import LIGHTS, NONE, Light
from gridwire.problem import Both, Language, Problem

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_LIGHTS = {each.colour: each for each in LIGHTS}


class Words:
    """What every template may ask, as `w`."""

    def __init__(self, registry: Registry, language: Language, now: datetime) -> None:
        self._registry, self._now = registry, now
        self.language: Language = language
        self._places: dict[str, str] = {}

    def _name(self, names: Mapping[Any, Both], key: str) -> str:
        found = names.get(key)
        if found is None:
            return key
        return found.zh if self.language == "zh" else found.en

    def stage(self, stage: str) -> str:
        return self._name(STAGES, stage)

    def level(self, level: str) -> str:
        return self._name(LEVELS, level)

    def handling(self, handling: str) -> str:
        return self._name(HANDLINGS, handling)

    def mode(self, mode: str) -> str:
        return self._name(MODES, mode)

    def act(self, act: str) -> str:
        return self._name(ACTS, act)

    def limit(self, name: str) -> str:
        """What a limit is for; the county's own word where we know no other."""
        return word("limitname", name, self.language)

    def left(self, at: datetime) -> str:
        """How long it is until then, or how long that is over."""
        return text("span.late" if at <= self._now else "span.left", self.language, time=self.span(at))

    def span(self, at: datetime, until: datetime | None = None) -> str:
        """From then to now, or to another instant."""
        return span((until or self._now) - at, self.language)

    def said(self, entry: TimelineEntry) -> str:
        """The text of a line of a timeline; what the hub has said in the language of who reads it."""
        if entry.act in ("turned_yellow", "turned_red"):
            return self.limit(entry.text)
        if entry.act == "escalate" and entry.role == "machine":
            return text("said.over", self.language)
        if entry.act == "ledger_step" and self.language == "en":
            return line_in_english(entry.text)
        return entry.text

    def ledger_of(self, category: str) -> str:
        """The ledger that a kind of matter belongs to; empty: none."""
        row = self._registry.category(category, self._now) if category else None
        return self.ledger(row.ledger) if row and row.ledger else ""

    def step(self, step: str) -> str:
        """One of the five of a ledger."""
        return self._name(FIVE_STEPS, step)

    def steps(self, done: Sequence[date]) -> list[tuple[str, date | None]]:
        """All five, each with its day; those to come without."""
        days = dict(steps_of(done))
        return [(self.step(step), days.get(step)) for step in FIVE_STEPS]

    def next_step(self, done: Sequence[date]) -> str:
        step = following(done)
        return self.step(step) if step else ""

    def ledger(self, ledger: str) -> str:
        return self._name(LEDGERS, ledger)

    def light(self, colour: str) -> Light:
        return _LIGHTS.get(colour, NONE)  # type: ignore[call-overload,no-any-return]  # a column holds the colour

    def lightname(self, colour: str) -> str:
        """E.g. 红灯, red."""
        light = self.light(colour)
        return light.colour_zh if self.language == "zh" else light.colour

    def lightmeaning(self, colour: str) -> str:
        """E.g. 已超时, over the limit."""
        light = self.light(colour)
        return light.zh if self.language == "zh" else light.en

    def role(self, role: str) -> str:
        if role in ("machine", "resident"):
            return text(f"role.{role}", self.language)
        if role == "county" and self.language == "en":
            return text("centre", self.language)
        return ROLES.get(role, role) if self.language == "zh" else role.replace("_", " ")

    def place(self, code: str) -> str:
        """The name of an area or grid; its code where the registry has none."""
        if code not in self._places:  # a table asks for the same ones thousands of times
            self._places[code] = self._registry.name(code, self._now) or code
        return self._places[code]

    def where(self, grid: str, village: str, township: str) -> str:
        """From the township down, as far as it is known."""
        named = [self.place(code) for code in (township, village, grid) if code]
        return " · ".join(named)

    def office(self, level: str, code: str) -> str:
        """E.g. 村 下灌村; the county centre needs no name."""
        if not code:
            return ""
        if level == "county":
            return self.level(level)
        return f"{self.level(level)} {self.place(code)}"

    def of(self, office: Office | None) -> str:
        return self.office(office.level, office.id) if office else ""

    def category(self, code: str) -> str:
        row = self._registry.category(code, self._now) if code else None
        return row.name if row else code

    def why(self, problem: Problem) -> str:
        """A refusal as a person reads it, without its code."""
        return problem.text(self.language).removeprefix(f"{problem.code}: ")

    def person(self, code: str) -> str:
        """The name of who works here; the code of who does not any more."""
        row = self._registry.person(code, self._now) if code else None
        return row.name if row else code


def span(time: timedelta, language: Language) -> str:
    """How long, in words that stay true for an hour: 1 天 9 小时, 9 小时, 不到 1 小时."""
    time = abs(time)
    days, hours = time // _DAY, time % _DAY // _HOUR
    day, hour = ("天", "小时") if language == "zh" else ("d", "h")
    if days:
        return f"{days} {day} {hours} {hour}" if hours else f"{days} {day}"
    if hours:
        return f"{hours} {hour}"
    return "不到 1 小时" if language == "zh" else "less than 1 h"
