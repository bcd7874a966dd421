"""What `countyhub registry show` says of a code: where it belongs, what lies in it, who works there, since when."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from countyhub.registry.columns import ALWAYS, OPEN
from countyhub.registry.content import Content
from countyhub.registry.difference import open_day
from countyhub.registry.forms import OFFICES, ROLES, UNITS, Dated
from countyhub.registry.lineage import Piece
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
    """What is known of a code; empty when nothing is. A box mostly has the code of a village: then both are told."""
    found = [*_area(registry, code, day), *_box(registry, code, day)]
    return found or _person(registry, code, day) or _category(registry, code, day)


def _area(registry: Registry, code: str, day: date) -> list[Fact]:
    pieces = registry.lineage.pieces(code)
    if not pieces:
        return []
    path = registry.ancestors(code, day)
    within = registry.scope(code, day)
    found = [
        Fact("code", "编码", code),
        Fact("name", "名称", registry.name(code, day)),
        _belongs(registry, "belongs", "隶属", path, day),
        _past(registry, "history", "沿革", pieces),
    ]
    if within.boxes:
        found += [Fact("boxes", "盒子数", len(within.boxes)), Fact("grids", "网格数", len(within.grids))]
    for role, zh in ROLES.items():
        people = registry.workers(path[0], day, role) if path else []
        if people:
            named = ", ".join(f"{person.name} {person.code}" for person in people)
            found.append(Fact(role, zh, [person.code for person in people], (named, named)))
    return found


def _box(registry: Registry, code: str, day: date) -> list[Fact]:
    pieces = registry.box_pieces(code)
    if not pieces:
        return []
    devices = [row.device for row in registry.devices(code, day)]
    return [
        Fact("box", "盒子", code, (f"{registry.box_name(code, day)} {code}",) * 2),
        _belongs(registry, "box belongs", "盒子隶属", registry.box_path(code, day), day),
        _past(registry, "box history", "盒子沿革", pieces),
        Fact("devices", "设备", devices, (", ".join(devices),) * 2),
    ]


def _belongs(registry: Registry, name: str, zh: str, path: tuple[str, ...], day: date) -> Fact:
    shown = " · ".join(f"{registry.name(each, day)} {each}" for each in path) or "–"
    return Fact(name, zh, path, (shown, shown))


def _past(registry: Registry, name: str, zh: str, pieces: tuple[Piece, ...]) -> Fact:
    value = [{"since": open_day(each.since), "until": open_day(each.until), "path": each.path} for each in pieces]
    return Fact(name, zh, value, (_spans(registry, pieces, "en"), _spans(registry, pieces, "zh")))


def _spans(registry: Registry, pieces: tuple[Piece, ...], language: Language) -> str:
    lines = []
    for since, until, path in pieces:
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
    for level, zh_level in OFFICES.items():
        for each in registry.budgets(day).of(code, level):
            value = {"amount": each.amount, "unit": each.unit, "until": each.until}
            en, zh = f"{each.amount} {each.unit.replace('_', ' ')}", f"{each.amount} {UNITS[each.unit]}"
            found.append(Fact(f"{level} {each.name}", f"{zh_level}{each.name}", value, (en, zh)))
    return found
