"""The villages of a registry as a week needs them: who works where, which devices stand there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from countyhub.lifecycle.state import Role
from countyhub.registry.forms import Area, Box, Camera, Duty, Grid, Terminal
from countyhub.registry.snapshot import Registry


@dataclass(frozen=True)
class Village:
    """A village with its box. `cameras`, `terminals`: device -> name for people; `places`: device -> grid."""

    code: str
    name: str
    township: str
    box: str
    grids: tuple[str, ...]
    cameras: dict[str, str] = field(default_factory=dict)
    terminals: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    @property
    def devices(self) -> dict[str, str]:
        return self.cameras | self.terminals

    @property
    def terminal(self) -> str:
        return next(iter(self.terminals))

    def grid_of(self, device: str) -> str | None:
        return self.places.get(device)


@dataclass(frozen=True)
class Places:
    """All villages, in order, and who has which duty."""

    villages: tuple[Village, ...]
    staff: dict[tuple[str, str], str]

    def person(self, role: Role, place: str) -> str:
        """Staff number of the first with this duty."""
        return self.staff[role, place]

    def staff_of(self, level: str, office: str) -> str:
        """Who acts for an office."""
        return self.staff[_ROLE[level], office]


_ROLE: dict[str, Role] = {
    "grid": "grid_worker", "village": "village_clerk", "station": "township", "township": "township",
    "department": "department", "county": "dispatcher",
}  # fmt: skip


def read(registry: Registry, now: datetime) -> Places:
    """As it stands now."""
    boxes = {row.village: row for row in registry.in_force(Box, now)}
    grids = registry.in_force(Grid, now)
    cameras, terminals = registry.in_force(Camera, now), registry.in_force(Terminal, now)
    villages = []
    for area in sorted(
        (row for row in registry.in_force(Area, now) if row.level == "village"), key=lambda row: row.code
    ):
        box = boxes[area.code].box
        mine = [row for row in (*cameras, *terminals) if row.box == box]
        villages.append(
            Village(
                code=area.code,
                name=area.name,
                township=area.parent,
                box=box,
                grids=tuple(sorted(row.code for row in grids if row.village == area.code)),
                cameras={row.device: row.name for row in mine if isinstance(row, Camera)},
                terminals={row.device: row.name for row in mine if isinstance(row, Terminal)},
                places={row.device: row.grid for row in mine if row.grid},
            )
        )
    staff: dict[tuple[str, str], str] = {}
    for duty in registry.in_force(Duty, now):
        staff.setdefault((duty.role, duty.place), duty.person)
    return Places(tuple(villages), staff)
