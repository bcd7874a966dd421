"""What `countyhub registry show` says of a code: where it belongs, what lies in it, who works there, since when."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from countyhub.registry.columns import ALWAYS, OPEN
from countyhub.registry.content import Content
from countyhub.registry.forms import DEADLINE_LEVELS, ROLES, STEPS, UNITS, Dated
from countyhub.registry.snapshot import Registry
from gridwire.problem import Language


class Fact(NamedTuple):
    """`value` is for JSON, `shown` for people (English, Chinese)."""

    name: str
    zh: str
    value: object
    shown: tuple[str, str] | None = None

    def line(self, language: Language) -> str:
        shown = self.shown[language == "zh"] if self.shown else str(self.value)
        return f"{self.zh}：{shown}" if language == "zh" else f"{self.name}: {shown}"


def totals(content: Content, revision: int, day: date) -> list[Fact]:
    """How many rows of each file are in force, of how many."""
    found = [Fact("revision", "版本", revision), Fact("day", "日期", day)]
    for kind in content.given():
        rows = content.of(kind)
        live = sum(not isinstance(row, Dated) or row.valid_from <= day < row.valid_to for row in rows)
        found.append(
            Fact(
                kind.FILE,
                kind.ZH,
                {"live": live, "all": len(rows)},
                (f"{live} of {len(rows)}", f"{live} / {len(rows)}"),
            )
        )
    return found


def facts(registry: Registry, code: str, day: date) -> list[Fact]:
    """What is known of a code; empty when nothing is."""
    return _place(registry, code, day) or _person(registry, code, day) or _category(registry, code, day)


def _place(registry: Registry, code: str, day: date) -> list[Fact]:
    pieces = registry.pieces(code)
    if not pieces:
        return []
    path = registry.path(code, day)
    names = " · ".join(f"{registry.name(each, day)} {each}" for each in path) or "–"
    within = registry.scope(code, day)
    past = [{"since": each.since, "until": each.until, "path": each.path} for each in pieces]
    found = [
        Fact("code", "编码", code),
        Fact("name", "名称", registry.name(code, day)),
        Fact("day", "日期", day),
        Fact("belongs", "隶属", path, (names, names)),
        Fact("history", "沿革", past, (_spans(registry, past, "en"), _spans(registry, past, "zh"))),
    ]
    if within.boxes:
        found += [Fact("boxes", "盒子", len(within.boxes)), Fact("grids", "网格数", len(within.grids))]
    for role, zh in ROLES.items():
        people = registry.workers(path[0], day, role) if path and code not in registry.boxes() else []
        if people:
            named = ", ".join(f"{person.name} {person.code}" for person in people)
            found.append(Fact(role, zh, [person.code for person in people], (named, named)))
    return found


def _spans(registry: Registry, past: list[dict[str, object]], language: Language) -> str:
    lines = []
    for each in past:
        since, until, path = each["since"], each["until"], each["path"]
        assert isinstance(since, date)
        assert isinstance(until, date)
        assert isinstance(path, tuple)
        first = ("…" if language == "en" else "起始") if since == ALWAYS else since.isoformat()
        last = ("…" if language == "en" else "至今") if until == OPEN else until.isoformat()
        lines.append(f"\n  {first} – {last}  {' < '.join(registry.name(code, since) or code for code in path)}")
    return "".join(lines)


def _person(registry: Registry, code: str, day: date) -> list[Fact]:
    person = registry.person(code, day)
    if person is None:
        return []
    duties = registry.duties(code, day)
    value = [{"role": duty.role, "place": duty.place} for duty in duties]
    en = ", ".join(f"{duty.role} {registry.name(duty.place, day)}" for duty in duties)
    zh = "，".join(f"{ROLES[duty.role]} {registry.name(duty.place, day)}" for duty in duties)
    return [Fact("code", "工号", code), Fact("name", "姓名", person.name), Fact("duties", "职责", value, (en, zh))]


def _category(registry: Registry, code: str, day: date) -> list[Fact]:
    row = registry.category(code, day)
    if row is None:
        return []
    found = [Fact("code", "编码", code), Fact("name", "名称", row.name)]
    owner = registry.owner(code, day)
    if owner:
        found.append(Fact("owner", "主管部门", owner.code, (owner.name, owner.name)))
    for level, zh_level in DEADLINE_LEVELS.items():
        for each in registry.deadlines(code, level, day):
            value = {"step": each.step, "amount": each.amount, "unit": each.unit}
            en = f"{each.amount} {each.unit.replace('_', ' ')}"
            zh = f"{each.amount} {UNITS[each.unit]}"
            found.append(Fact(f"{level} {each.step}", f"{zh_level}{STEPS[each.step]}", value, (en, zh)))
    return found
