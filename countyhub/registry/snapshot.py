"""The registry in memory, for everybody who asks what belongs where, who owns what and who works where, at a time.

Never changes: a new import makes a new one (`live`). A time is a day, or an instant that falls on a day in the county.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from countyhub.lifecycle.state import KIND_LENGTH
from countyhub.registry.content import Content
from countyhub.registry.forms import (
    AlarmKind,
    Area,
    Box,
    Camera,
    Category,
    Day,
    Deadline,
    Department,
    Device,
    Duty,
    Grid,
    Household,
    Person,
    Polygon,
    Service,
    Terminal,
)
from countyhub.registry.intime import D, all_valid, by_code, valid
from countyhub.registry.lineage import Lineage, Piece, clipped
from countyhub.registry.staffing import Staff, staff_of
from countyhub.registry.within import NOTHING_WITHIN, Belonging, Span, Within, tree
from countyhub.worktime.calendar import Calendar
from countyhub.worktime.deadlines import Budget, Budgets

When = date | datetime


class Registry:
    """One state of the registry. `revision` rises with every import; 0: nothing was ever imported."""

    def __init__(self, content: Content, zone: ZoneInfo, revision: int = 0, days: Calendar | None = None) -> None:
        self._days = days
        self.revision = revision
        self.zone = zone
        self._content = content
        self.lineage = Lineage(content.of(Area), content.of(Grid))
        self._boxes = by_code(content.of(Box))
        self._tree = lru_cache(32)(self._make_tree)
        self._staff = lru_cache(8)(self._make_staff)
        self._budgets = lru_cache(8)(self._make_budgets)
        self._beneath = lru_cache(4096)(self._make_beneath)
        self._box_belongs = lru_cache(4096)(self._make_belonging)

    @classmethod
    def bare(cls, zone: ZoneInfo) -> Registry:
        """One that knows nothing."""
        return cls(Content.bare(()), zone)

    def day(self, at: When) -> date:
        """The day in the county. Raises ValueError for a time without zone."""
        if not isinstance(at, datetime):
            return at
        if at.tzinfo is None:
            raise ValueError("a time needs its zone")
        return at.astimezone(self.zone).date()

    def in_force(self, kind: type[D], at: When) -> list[D]:
        """All rows of a kind that hold then, in the order of their codes."""
        return sorted(all_valid(self._content.of(kind), self.day(at)), key=lambda row: row.key)

    # Areas

    def area(self, code: str, at: When) -> Area | Grid | None:
        """What the code meant then: itself, or what it was merged into."""
        path = self.lineage.path(code, self.day(at))
        return valid(self._areas.get(path[0], ()), self.day(at)) if path else None

    def name(self, code: str, at: When) -> str:
        """The name of an area, grid or department then, or the last that it had; empty when unknown."""
        rows: Sequence[Area | Grid | Department] = self._areas.get(code) or self._departments.get(code) or ()
        row = valid(rows, self.day(at)) or (rows[-1] if rows else None)
        return row.name if row else ""

    def ancestors(self, code: str, at: When) -> tuple[str, ...]:
        """Itself (or what it was merged into), then what it belonged to, up to the county. Empty when it was not."""
        return self.lineage.path(code, self.day(at))

    def children(self, code: str, at: When) -> tuple[str, ...]:
        """The areas or grids directly beneath."""
        return self._beneath(code, self.day(at))

    def _make_beneath(self, code: str, day: date) -> tuple[str, ...]:
        within = self.scope(code, day)
        return tuple(sorted(each for each in within.areas | within.grids if self.ancestors(each, day)[1:2] == (code,)))

    def belongs(self, box: str, at: When) -> Belonging:
        """Village, township and county of a box, with the names that they had then; empty for one never registered."""
        return self._box_belongs(box, self.day(at))

    def _make_belonging(self, box: str, day: date) -> Belonging:
        return self.belonging(self.box_path(box, day), day)

    def belonging(self, path: Iterable[str], at: When) -> Belonging:
        """The same of a path (`ancestors`, `box_path`)."""
        day = self.day(at)
        found: dict[str, str] = {}
        for each in path:
            row = valid(self._areas.get(each, ()), day)
            if isinstance(row, Area):
                found |= {row.level: row.code, f"{row.level}_name": row.name}
        return Belonging(**found)

    def box_path(self, box: str, at: When) -> tuple[str, ...]:
        """Village, township and county of a box. A box may have the code of a village that it has left."""
        day = self.day(at)
        return next((piece.path for piece in self.box_pieces(box) if piece.since <= day < piece.until), ())

    def scope(self, area: str, at: When) -> Within:
        """All that lay within the area then. Of one that was merged: what lies within its successor."""
        day = self.day(at)
        path = self.lineage.path(area, day)
        return self._tree(day).get(path[0], NOTHING_WITHIN) if path else NOTHING_WITHIN

    def history(self, area: str) -> list[Span]:
        """Which boxes were when within the area, or in what was merged into it: whose past its people may see."""
        wanted = self.lineage.lives.predecessors(area)
        found: list[Span] = []
        for box, pieces in self._box_pieces.items():
            for piece in pieces:
                if wanted.isdisjoint(piece.path):
                    continue
                if found and found[-1].box == box and found[-1].until == piece.since:
                    found[-1] = found[-1]._replace(until=piece.until)
                else:
                    found.append(Span(box, piece.since, piece.until))
        return found

    def box_pieces(self, box: str) -> tuple[Piece, ...]:
        """Where a box belonged over time; of grids and areas `lineage.pieces` tells."""
        return self._box_pieces.get(box, ())

    def box_name(self, box: str, at: When) -> str:
        """The name that it had then, or last."""
        rows = self._boxes.get(box, [])
        row = valid(rows, self.day(at)) or (rows[-1] if rows else None)
        return row.name if row else ""

    def boxes(self) -> tuple[str, ...]:
        """All that were ever registered."""
        return tuple(self._boxes)

    def grids(self) -> tuple[str, ...]:
        """All that were ever registered."""
        return tuple(code for code, rows in self._areas.items() if isinstance(rows[0], Grid))

    def successor(self, box: str) -> str:
        """The box that replaced it in the end; itself when none did."""
        seen = {box}
        while (rows := self._boxes.get(box)) and rows[-1].successor and rows[-1].successor not in seen:
            box = rows[-1].successor
            seen.add(box)
        return box

    # Devices

    def device(self, box: str, device: str, at: When) -> Device | None:
        return valid(self._devices.get((box, device), ()), self.day(at))

    def grid_of(self, box: str, device: str, at: When) -> str | None:
        """The grid in which a device stood; None when only its village is known."""
        row = self.device(box, device, at)
        path = self.lineage.path(row.grid, self.day(at)) if row and row.grid else ()
        return path[0] if path else None

    def devices(self, box: str, at: When) -> list[Device]:
        day = self.day(at)
        keys = self._devices_of_box.get(box, ())
        return [row for device in keys if (row := valid(self._devices[box, device], day))]

    # Matters

    def category(self, code: str, at: When) -> Category | None:
        return valid(self._categories.get(code, ()), self.day(at))

    def kinds(self, at: When) -> list[Category]:
        """The kinds of matters, without their groups, in the order of their codes."""
        return [row for row in self.in_force(Category, at) if len(row.code) == KIND_LENGTH]

    def kinds_within(self, code: str, at: When) -> frozenset[str]:
        """What counts as this category: itself, and all kinds of a group."""
        kinds = (row.code for row in self.kinds(at))
        return frozenset({code, *(kind for kind in kinds if len(code) < KIND_LENGTH and kind.startswith(code))})

    def owner(self, category: str, at: When) -> Department | None:
        """The department that owns a kind of matter."""
        row = self.category(category, at)
        return self.department(row.owner, at) if row else None

    def department(self, code: str, at: When) -> Department | None:
        return valid(self._departments.get(code, ()), self.day(at))

    def budgets(self, at: When) -> Budgets:
        """How long matters may take, as the deadlines of that day say."""
        return self._budgets(self.day(at))

    def services(self, at: When) -> list[Service]:
        return all_valid(self._content.of(Service), self.day(at))

    def alarm(self, kind: str, at: When) -> AlarmKind | None:
        """What the county wants of a kind of alarm; None where its file says nothing."""
        return valid(self._alarms.get(kind, ()), self.day(at))

    @cached_property
    def calendar(self) -> Calendar:
        """The county's working days: of its calendar files with their hours, and of its own rows for other years."""
        days = {row.day: row.kind == "workday" for row in self._content.of(Day)}
        own = Calendar(days, frozenset(day.year for day in days), zone=self.zone)
        return own if self._days is None else self._days.completed_by(own)

    def with_calendar(self, days: Calendar | None) -> Registry:
        """The same registry with these calendar files; None: without any."""
        return Registry(self._content, self.zone, self.revision, days)

    # People

    def person(self, code: str, at: When) -> Person | None:
        return valid(self._people.get(code, ()), self.day(at))

    def by_card(self, card: str, at: When) -> Person | None:
        """Who shows the card with this keyed hash."""
        return next(iter(all_valid(self._cards.get(card, ()), self.day(at))), None) if card else None

    def duties(self, person: str, at: When) -> list[Duty]:
        """What a person does then; the place is what the one in the file has been merged into."""
        return self._staff(self.day(at)).by_person.get(person, [])

    def workers(self, place: str, at: When, role: str = "grid_worker") -> list[Person]:
        """Who works then in a grid, or in another place with another role."""
        duties = self._staff(self.day(at)).by_place.get((place, role), [])
        return [person for row in duties if (person := self.person(row.person, at))]

    def households(self, grid: str, at: When) -> list[Household]:
        """The households of a grid that must be visited."""
        day = self.day(at)
        return [
            row
            for row in all_valid(self._content.of(Household), day)
            if self.lineage.path(row.grid, day)[:1] == (grid,)
        ]

    def polygon(self, code: str, at: When) -> Polygon | None:
        """The outline of a grid or area."""
        return valid(self._polygons.get(code, ()), self.day(at))

    # Tables by code, made when first asked for

    @cached_property
    def _areas(self) -> dict[str, list[Area | Grid]]:
        return by_code([*self._content.of(Area), *self._content.of(Grid)])

    @cached_property
    def _departments(self) -> dict[str, list[Department]]:
        return by_code(self._content.of(Department))

    @cached_property
    def _categories(self) -> dict[str, list[Category]]:
        return by_code(self._content.of(Category))

    @cached_property
    def _alarms(self) -> dict[str, list[AlarmKind]]:
        return by_code(self._content.of(AlarmKind))

    @cached_property
    def _people(self) -> dict[str, list[Person]]:
        return by_code(self._content.of(Person))

    @cached_property
    def _polygons(self) -> dict[str, list[Polygon]]:
        return by_code(self._content.of(Polygon))

    @cached_property
    def _cards(self) -> dict[str, list[Person]]:
        found: dict[str, list[Person]] = defaultdict(list)
        for row in self._content.of(Person):
            found[row.card].append(row)
        return found

    @cached_property
    def _devices(self) -> dict[tuple[str, str], list[Device]]:
        found: dict[tuple[str, str], list[Device]] = defaultdict(list)
        for row in (*self._content.of(Camera), *self._content.of(Terminal)):
            found[row.box, row.device].append(row)
        return found

    @cached_property
    def _box_pieces(self) -> dict[str, tuple[Piece, ...]]:
        found = {}
        for box, rows in self._boxes.items():
            pieces = [
                part
                for row in rows
                for piece in self.lineage.pieces(row.village)
                for part in clipped(piece, row.valid_from, row.valid_to)
            ]
            found[box] = tuple(sorted(pieces))
        return found

    @cached_property
    def _devices_of_box(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for box, device in self._devices:
            found[box].append(device)
        return found

    def _make_tree(self, day: date) -> dict[str, Within]:
        return tree(self.lineage, self._areas, ((box, self.box_path(box, day)) for box in self._boxes), day)

    def _make_budgets(self, day: date) -> Budgets:
        found: dict[tuple[str, str], tuple[Budget, ...]] = {}
        for row in all_valid(self._content.of(Deadline), day):
            budget = Budget(name=row.name, amount=row.amount, unit=row.unit, until=row.until)
            found[row.category, row.level] = (*found.get((row.category, row.level), ()), budget)
        return Budgets(found)

    def _make_staff(self, day: date) -> Staff:
        return staff_of(all_valid(self._content.of(Duty), day), self.lineage, day)
