"""What `countyhub case` prints of cases, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from countyhub.cases.actnames import ACTS
from countyhub.cases.finding import Listed, TimelineEntry, Whole
from countyhub.cli.say import say
from countyhub.lifecycle.fivesteps import FIVE_STEPS, LEDGERS, line_in_english, steps_of
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import HANDLINGS, LEVELS, MODES, STAGES
from countyhub.registry.forms import ROLES
from countyhub.registry.snapshot import Registry
from countyhub.worktime.deadlines import LIGHTS, NONE
from gridwire.problem import Both, Language


class Shown:
    """Texts of a county's cases in one language, with the names that the registry has for things."""

    def __init__(self, registry: Registry, zone: ZoneInfo, language: Language, now: datetime) -> None:
        self._registry = registry
        self._zone = zone
        self._language: Language = language
        self._now = now

    def say(self, zh: str, en: str) -> str:
        return say(self._language, en=en, zh=zh)

    def line(self, row: Listed) -> str:
        """A case in a list."""
        light = next((each for each in LIGHTS if each.colour == row.light), NONE)
        due = f"  {self.say('到期', 'due')} {self.time(row.due)}" if row.due else ""
        owner = self.office(row.level, row.owner) if row.owner else self.say("尚未备案", "nobody yet")
        marks = [self.say(zh, en) for is_so, zh, en in (
            (row.urgent, "紧急", "URGENT"), (row.drill, "演练", "drill"), (row.history, "历史", "history"),
            (row.supervised > 0, f"督办 {row.supervised} 次", f"supervised {row.supervised}"),
        ) if is_so]  # fmt: skip
        title = f"{row.title} {' '.join(f'[{mark}]' for mark in marks)}".strip()
        stage = self.name(STAGES, row.stage)
        return f"{light.symbol} {row.number}  {stage}  {owner}  {title}{due}"

    def whole(self, whole: Whole, entries: Iterable[TimelineEntry]) -> Iterator[str]:
        """A case, line by line."""
        row, case = whole.listed, whole.case
        yield self.line(row)
        place = [self._registry.name(code, self._now) or code for code in (row.grid, row.village, row.township) if code]
        facts = (
            ("地点", "place", " < ".join(place)),
            ("盒子", "box", "/".join(each for each in (row.box, row.device) if each)),
            ("分类", "kind", f"{row.category} {self._category(row.category)}".strip()),
            ("办理方式", "class", " ".join((self.name(HANDLINGS, row.handling), self.name(MODES, row.mode)))),
            ("内容", "text", whole.text),
            ("发生", "happened", self.time(row.happened)),
            ("到达", "arrived", self.time(row.arrived)),
            ("备案", "registered", self.time(row.registered)),
            ("首个承办", "first owner", self.office(*case.first_owner) if case.first_owner else ""),
            ("首次时限", "first deadline", self.time(row.first_due)),
            ("办结", "closed", self.time(row.closed)),
            ("主案", "part of", row.parent),
            ("并入", "has in it", " ".join(case.children)),
            ("回执", "receipt", row.receipt),
            ("评价", "rating", str(row.score or "")),
            ("台账", "ledger", " ".join((self.ledger(row.category), self.steps(row.five_steps))).strip()),
            ("版本", "version", str(row.version)),
        )
        for zh, en, value in facts:
            if value:
                yield f"  {self.say(f'{zh}：', f'{en}: ')}{value}"
        for clock in case.clocks:
            where = self.name(LEVELS, clock.level)
            ended = f" – {self.time(clock.ended)}" if clock.ended else ""
            yield f"  {self.say('时限', 'limit')} {clock.name} {where} {self.time(clock.due)}{ended}"
        for file in whole.attachments:
            yield f"  {self.say('附件', 'file')} {file.id} {file.name} ({file.media_type}, {file.size})"
        for entry in entries:
            yield f"  {self.entry(entry)}"

    def entry(self, entry: TimelineEntry) -> str:
        """A line of a timeline."""
        zh = {**ROLES, "machine": "系统", "resident": "群众"}
        role = entry.role if self._language == "en" else zh.get(entry.role, entry.role)
        is_new = entry.owner and (entry.level, entry.owner) != (entry.level_before, entry.owner_before)
        moved = f" → {self.office(entry.level, entry.owner)}" if is_new else ""
        said = line_in_english(entry.text) if entry.act == "ledger_step" and self._language == "en" else entry.text
        text = f" {said}" if said else ""
        return f"{self.time(entry.at)}  {self.name(ACTS, entry.act)}  {entry.actor}({role}){moved}{text}"

    def buttons(self, allowed: Mapping[str, Refused | None]) -> Iterator[str]:
        """What is possible now."""
        possible = [f"{name} {self.name(ACTS, name)}" for name, grey in allowed.items() if grey is None]
        yield self.say("现在可以：", "possible now: ") + (
            self.say("、", ", ").join(possible) or self.say("无", "nothing")
        )

    def name(self, names: Mapping[Any, Both], key: str) -> str:
        found = names.get(key)
        return self.say(found.zh, found.en) if found else key

    def word(self, kind: str, key: str) -> str:
        """Of a stage, or of a light."""
        if kind == "stage":
            return self.name(STAGES, key)
        light = next((each for each in LIGHTS if each.colour == key), NONE)
        return self.say(light.colour_zh, light.colour)

    def office(self, level: str, code: str) -> str:
        return f"{self.name(LEVELS, level)} {self._registry.name(code, self._now) or code}"

    def time(self, at: datetime | None) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}" if at else ""

    def steps(self, done: Sequence[date]) -> str:
        """Of a ledger, with their days."""
        return self.say("、", ", ").join(f"{self.name(FIVE_STEPS, step)} {day}" for step, day in steps_of(done))

    def ledger(self, code: str) -> str:
        """Which one a category belongs to, if any."""
        row = self._registry.category(code, self._now) if code else None
        return self.name(LEDGERS, row.ledger) if row else ""

    def _category(self, code: str) -> str:
        row = self._registry.category(code, self._now) if code else None
        return row.name if row else ""
