"""What a case is, who acts on it, and what a step leaves behind: values only, ready to be stored as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal, NamedTuple

import msgspec

from countyhub.worktime.deadlines import Clock
from gridwire.problem import Both

Stage = Literal[
    "found", "filed", "reported", "assigned", "handling", "feedback", "closed", "archived", "merged", "void"
]
Level = Literal["grid", "village", "station", "township", "department", "county"]
Role = Literal[
    "resident",
    "machine",
    "grid_worker",
    "village_clerk",
    "township",
    "department",
    "dispatcher",
    "county",
    "inspector",
    "auditor",
]
Handling = Literal["at_once", "within_limit", "pass_upward"]
Mode = Literal["", "direct", "proxy", "authorised"]
Pause = Literal["", "asked", "agreed"]


STAGES: Final[dict[Stage, Both]] = {
    "found": Both("发现", "found"),
    "filed": Both("备案", "registered"),
    "reported": Both("上报", "reported"),
    "assigned": Both("交办", "assigned"),
    "handling": Both("处置", "handling"),
    "feedback": Both("反馈", "feedback"),
    "closed": Both("办结", "closed"),
    "archived": Both("归档", "archived"),
    "merged": Both("并案", "merged"),
    "void": Both("误报", "void"),
}
LEVELS: Final[dict[Level, Both]] = {
    "grid": Both("网格", "grid"),
    "village": Both("村", "village"),
    "station": Both("乡镇站所", "township department"),
    "township": Both("乡镇", "township"),
    "department": Both("县直部门", "county department"),
    "county": Both("县中心", "county centre"),
}
HANDLINGS: Final[dict[Handling, Both]] = {
    "at_once": Both("即收即办", "at once"),
    "within_limit": Both("限时办理", "within a limit"),
    "pass_upward": Both("上报办理", "pass upward"),
}
MODES: Final[dict[Mode, Both]] = {
    "": Both("事件", "a matter"),
    "direct": Both("直办", "direct"),
    "proxy": Both("代办", "by proxy"),
    "authorised": Both("授权办", "authorised"),
}
OPEN: Final[frozenset[Stage]] = frozenset({"found", "filed", "reported", "assigned", "handling", "feedback"})
KIND_LENGTH: Final = 4
"""Digits of a kind of matter; a group of kinds has two, and says nothing of deadlines or ledgers."""
ENDED: Final[frozenset[Stage]] = frozenset({"archived", "void"})
"""Nothing comes after these."""


class Office(NamedTuple):
    """Who can own a case: the people of a grid, a village, a township, a department, the county centre."""

    level: Level
    id: str


class Actor(NamedTuple):
    """A person (or the hub itself, role `machine`), and the offices that it acts for now, as the registry says."""

    id: str
    role: Role
    offices: frozenset[Office] = frozenset()


HUB: Final = Actor("hub", "machine")
"""The hub itself: files what machines report, escalates what is over, closes children with their parent."""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to do. `expected`: the version that was looked at; None: whatever it is.

    `target`: office to assign to, or the department that gave its authority. `parent`: the case to be merged into.
    `category`: of which kind it is, `handling` the class that the registry has for that. `step`, `day`: of the five
    steps of a ledger, and when it was done.
    """

    name: str
    text: str = ""
    target: Office | None = None
    parent: str = ""
    parent_stage: Stage = "void"
    child: str = ""
    clock: str = ""
    category: str = ""
    handling: Handling = "within_limit"
    step: str = ""
    day: date | None = None
    expected: int | None = None


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A case at one moment. Only `lifecycle.step` makes the next one.

    `route`: offices by which it goes up, from where it arose to the county: (grid, village, township, county) in the
    country, (grid, county) in a town. `givers`: who assigned it, in order; `below`: who has fed back, in order.
    `five_steps`: days of the steps of its ledger that are done, in order.
    """

    number: str
    category: str
    route: tuple[Office, ...]
    origin: Literal["machine", "person"]
    handling: Handling
    arrived: datetime
    happened: datetime | None = None
    mode: Mode = ""
    drill: bool = False
    version: int = 0
    stage: Stage = "found"
    owner: Office | None = None
    first_owner: Office | None = None
    first_due: datetime | None = None
    registered: datetime | None = None
    history: bool = False
    clocks: tuple[Clock, ...] = ()
    givers: tuple[Office, ...] = ()
    below: tuple[Office, ...] = ()
    handler: Office | None = None
    passed_up: bool = False
    pause: Pause = ""
    pause_by: str = ""
    returned: int = 0
    supervised: int = 0
    reworked: int = 0
    escalated: int = 0
    closed_at: datetime | None = None
    parent: str = ""
    before_merge: Stage = "found"
    children: tuple[str, ...] = ()
    five_steps: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        if not self.route or self.route[-1].level != "county":
            raise ValueError("a route ends at the county")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the timeline: audit and outbox of notifications in one. `version`: of the case after it."""

    number: str
    version: int
    act: str
    at: datetime
    actor: str
    role: Role
    before: Stage
    after: Stage
    owner_before: Office | None
    owner: Office | None
    text: str = ""


_NEXT: Final[dict[Level, Level]] = {"grid": "village", "village": "township", "station": "township"}


def above(case: Case) -> Office | None:
    """The office one level up from the owner; None at the county and without an owner."""
    owner = case.owner
    if owner is None or owner == case.route[-1]:
        return None
    if owner in case.route:
        return case.route[case.route.index(owner) + 1]
    wanted = _NEXT.get(owner.level, "county")  # one that it was assigned to, beside its way
    return next((office for office in case.route if office.level == wanted), case.route[-1])


def all_above(case: Case) -> frozenset[Office]:
    """Every office above the owner, and those that assigned it."""
    first = above(case)
    if first is None:
        return frozenset()
    return frozenset(case.route[case.route.index(first) :]).union(case.givers)
