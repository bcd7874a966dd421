"""Which alarms become cases: as the registry's `alarms.csv` says, else by `opens_case` of the kind (R-OPEN-01)."""

from __future__ import annotations

from typing import Final, NamedTuple

from countyhub.correlate.matter import Matter, parts_of
from countyhub.registry.formparts import OWN_KINDS
from countyhub.registry.snapshot import Registry, When
from gridwire.kinds import KINDS, Kind
from gridwire.problem import Language

_KINDS: Final = KINDS | OWN_KINDS


class What(NamedTuple):
    """A matter's key, taken apart. `device` is empty for a site, `box` for a township (then `place` is its code)."""

    kind: str
    box: str = ""
    device: str = ""
    place: str = ""
    drill: bool = False


class Ruling(NamedTuple):
    """Whether a kind opens a case, and as which kind of matter (empty: not classified)."""

    opens: bool
    category: str


def what(matter: Matter) -> What:
    """Of which kind it is and where."""
    head, names, drill = parts_of(matter.key)
    if head == "alarm":
        return What(names[2], names[0], names[1], drill=drill)
    if head == "township":
        return What(head, place=names[0])
    return What(head, names[0], names[1] if len(names) > 1 else "")


def ruling(registry: Registry, kind: str, at: When) -> Ruling:
    """What the county wants of a kind; one that neither its file nor we know is treated like `other`."""
    row = registry.alarm(kind, at)
    if row is None and kind not in _KINDS:
        kind = "other"
        row = registry.alarm(kind, at)
    if row is None:
        return Ruling(_KINDS[kind].opens_case, "")
    return Ruling(row.opens == "case", row.category)


def name(kind: str, language: Language) -> str:
    """For people."""
    found = _KINDS.get(kind, Kind(kind, kind))
    return found.zh if language == "zh" else found.en


def title(registry: Registry, found: What, at: When, language: Language) -> str:
    """What happened where: 雁河村盒子 路口1号 区域入侵."""
    device = registry.device(found.box, found.device, at) if found.device else None
    where = (
        registry.name(found.place, at) if found.place else registry.box_name(found.box, at) or found.box,
        device.name if device else found.device,
    )
    drill = ("演练" if language == "zh" else "Drill:",) if found.drill else ()
    return " ".join(part for part in (*drill, *where, name(found.kind, language)) if part)
