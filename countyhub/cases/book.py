"""What the county's registry says about cases: by which offices one goes, who may act as what, who sees what.

Holds no cases and does no I/O, except that `refresh` lets a live registry look for a new import.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from countyhub.cases.refusals import NoSuchPerson, NotTheRole, TargetElsewhere, TargetUnknown
from countyhub.config import Config
from countyhub.lifecycle import guards
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import Act, Actor, Case, Handling, Office, Role
from countyhub.lifecycle.step import Lifecycle
from countyhub.registry.forms import Department, Duty, Grid
from countyhub.registry.live import LiveRegistry
from countyhub.registry.snapshot import Registry
from countyhub.sight import scope
from countyhub.sight.scope import Scope
from countyhub.worktime.calendar import Calendar

WORKING: Final[tuple[Role, ...]] = ("county", "dispatcher", "department", "township", "village_clerk", "grid_worker")
"""Roles that act, the widest first: who has several acts as the first, with the offices of all."""
LOOKING: Final[tuple[Role, ...]] = ("inspector", "auditor")
REGISTERED_AFTER: Final = timedelta(hours=2)


class Place(NamedTuple):
    """Where something happened, as far as the registry knows."""

    grid: str = ""
    village: str = ""
    township: str = ""
    county: str = ""


class Book:
    """`registry`, `calendar`: live, or a function that gives the one in force; without a calendar the registry's own.

    `escalates`: whether the hub moves up by itself what is over (R-LIFE-14). `registers_after`: so long a resident's
    report may wait for a person to register it; then the hub does, and its clocks begin.
    """

    def __init__(
        self,
        county: str,
        registry: LiveRegistry | Callable[[], Registry],
        calendar: Calendar | Callable[[], Calendar] | None = None,
        zone: ZoneInfo | None = None,
        *,
        escalates: bool = True,
        registers_after: timedelta = REGISTERED_AFTER,
    ) -> None:
        self.county = county
        self.escalates = escalates
        self.registers_after = registers_after
        self._registry = registry
        self._calendar = calendar
        self._zone = zone

    @classmethod
    def configured(
        cls, config: Config, registry: LiveRegistry, calendar: Calendar | Callable[[], Calendar] | None = None
    ) -> Book:
        """As the settings say."""
        settings = config.escalation
        return cls(
            config.county,
            registry,
            calendar,
            ZoneInfo(config.web.timezone),
            escalates=settings.enabled,
            registers_after=timedelta(minutes=settings.register_after_minutes),
        )

    @property
    def registry(self) -> Registry:
        return self._registry.current if isinstance(self._registry, LiveRegistry) else self._registry()

    async def refresh(self) -> None:
        """Reads a live registry again if there was an import. Raises `store.engine.UNAVAILABLE`."""
        if isinstance(self._registry, LiveRegistry):
            await self._registry.refresh()

    @property
    def zone(self) -> ZoneInfo:
        return self._zone or self.registry.zone

    @property
    def calendar(self) -> Calendar:
        given = self._calendar() if callable(self._calendar) else self._calendar
        return given or self.registry.calendar

    def day(self, at: datetime) -> date:
        """The day in the county: case numbers and duties go by it."""
        return at.astimezone(self.zone).date()

    def life(self, at: datetime) -> Lifecycle:
        """The loop with the deadlines of that day."""
        return Lifecycle(self.registry.budgets(self.day(at)), self.calendar)

    # Where

    def place(self, box: str, device: str, at: datetime, named: str = "") -> Place:
        """Of a device, else of its box. `named`: a grid, village or township that counts before them."""
        registry, day = self.registry, self.day(at)
        path = registry.ancestors(named, day) if named else ()
        if not path and box:
            grid = registry.grid_of(box, device, day)
            path = registry.ancestors(grid, day) if grid else registry.box_path(box, day)
        belongs = registry.belonging(path, day)
        is_grid = bool(path) and isinstance(registry.area(path[0], day), Grid)
        return Place(path[0] if is_grid else "", belongs.village, belongs.township, belongs.county or self.county)

    def route(self, box: str, device: str, at: datetime, named: str = "") -> tuple[Office, ...]:
        """The offices by which a case goes up: level by level in the country, from a town grid straight to the county.
        Of an unknown box at least the county."""
        return self.route_of(self.place(box, device, at, named), at)

    def route_of(self, place: Place, at: datetime) -> tuple[Office, ...]:
        """The same of a place."""
        grid = Office("grid", place.grid)
        county = Office("county", place.county or self.county)
        row = self.registry.area(place.grid, self.day(at)) if place.grid else None
        if isinstance(row, Grid) and row.kind == "town":
            return grid, county
        way = (grid, Office("village", place.village), Office("township", place.township), county)
        return tuple(office for office in way if office.id)

    def handling(self, category: str, at: datetime) -> Handling:
        """The class of a kind of matter; within a limit where the county says nothing."""
        row = self.registry.category(category, self.day(at)) if category else None
        return (row.handling if row else "") or "within_limit"

    # Who

    def actor(self, person: str, at: datetime, role: Role | None = None) -> Actor:
        """A person with the offices of that day's duties. An inspector or auditor with no other duty looks only.

        Raises `NoSuchPerson` without any duty, `NotTheRole` for a `role` that he does not have.
        """
        duties = self._duties(person, at)
        held = [each for each in (*WORKING, *LOOKING) if any(duty.role == each for duty in duties)]
        chosen = role or held[0]
        if chosen not in held:
            raise NotTheRole(person=person, role=chosen, day=self.day(at))
        counting = WORKING if chosen in WORKING else (chosen,)
        offices = (self._offices(duty.place, at) for duty in duties if duty.role in counting)
        return Actor(person, chosen, frozenset().union(*offices))

    def scope(self, person: str, at: datetime) -> Scope:
        """The cases that a person may see: of all duties together. Raises `NoSuchPerson`."""
        return scope.joined(self.scope_of(duty.place, at) for duty in self._duties(person, at))

    def scope_of(self, code: str, at: datetime) -> Scope:
        """The cases of a grid, village, township, county or department. A township's queues see all of the township."""
        registry, day = self.registry, self.day(at)
        department = registry.department(code, day)
        if department is None:
            found = scope.within(registry, code, day)
        elif department.kind == "department":
            found = scope.NOTHING
        else:
            found = scope.within(registry, department.area, day)
        return found._replace(offices=self._offices(code, at))

    def office(self, code: str, at: datetime) -> Office | None:
        """The office of a grid, area or department on that day; None for what is not in the registry."""
        registry, day = self.registry, self.day(at)
        department = registry.department(code, day)
        if department is not None:
            return self._of_department(department, day)
        row = registry.area(code, day)
        if row is None:
            return None
        return Office("grid", row.code) if isinstance(row, Grid) else Office(row.level, row.code)

    def target_refused(self, case: Case, act: Act, actor: Actor, at: datetime) -> Refused | None:
        """What the lifecycle leaves to the registry: that the office exists, and belongs to who gives it the case."""
        to = act.target
        if to is None or to in case.route:
            return None
        if self.office(to.id, at) != to:
            return TargetUnknown(target=to.id)
        if act.name not in ("assign", "reassign"):  # a department that is only named
            return None
        hands = guards.hands(case, actor)
        path = self._path(to, at)
        own = {self.registry.ancestors(office.id, self.day(at))[:1] or (office.id,) for office in hands}
        if any(office.level == "county" for office in hands) or any(code in path for (code,) in own):
            return None
        return TargetElsewhere(target=to.id)

    def _path(self, office: Office, at: datetime) -> tuple[str, ...]:
        department = self.registry.department(office.id, self.day(at))
        return self.registry.ancestors(department.area if department else office.id, self.day(at))

    def _duties(self, person: str, at: datetime) -> list[Duty]:
        duties = self.registry.duties(person, self.day(at))
        if not duties:
            raise NoSuchPerson(person=person, day=self.day(at))
        return duties

    def _offices(self, code: str, at: datetime) -> frozenset[Office]:
        """The office of a place, under all codes that it ever had: what was merged into it is its own."""
        office = self.office(code, at)
        if office is None:
            return frozenset()
        codes = {office.id} if office.level in ("department", "station") else self._codes(office.id)
        return frozenset(Office(office.level, each) for each in codes)

    def _codes(self, code: str) -> frozenset[str]:
        return scope.predecessors(self.registry, code)

    def _of_department(self, row: Department, day: date) -> Office:
        """The centre is the county (or township) itself, a queue or office of a township is a station."""
        area = self.registry.area(row.area, day)
        level = "county" if area is None or isinstance(area, Grid) else area.level
        if row.kind == "centre":
            return Office(level, area.code if area else row.area)
        return Office("department" if level == "county" else "station", row.code)
