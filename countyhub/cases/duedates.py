"""What is due when in a kept case: its next instant, the light that it shows, whether it must move up, be registered or
archived; and what its timeline is to say: each limit turns yellow once, red once. `escalation` does it when it is time.
How long a limit is, with holidays: `worktime.deadlines`.

Pure. `told` has a letter for each clock of the case, in order (clocks are only ever added): `-` nothing was told, `y`
that it ran short, `r` that it is over. What was not told in time is told by whoever changes the case next.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from countyhub.lifecycle.guards import REWORK
from countyhub.lifecycle.state import ENDED, HUB, Case
from countyhub.lifecycle.step import refusal_of
from countyhub.worktime.deadlines import Clock, case_light

_AFTER = timedelta(microseconds=1)
"""A resident may still speak up at the very end of the 7 days."""


class Turn(NamedTuple):
    """A limit has begun to run short, or is over, since `at`."""

    act: Literal["turned_yellow", "turned_red"]
    at: datetime
    clock: Clock


class Turned(NamedTuple):
    turns: tuple[Turn, ...]
    told: str


def turned(case: Case, told: str, now: datetime, since: datetime) -> Turned:
    """What is to be told at `now`, in order of time, and `told` after it. `since`: nothing is dated before it."""
    turns: list[Turn] = []
    marks = list(told.ljust(len(case.clocks), "-"))
    for index, clock in enumerate(case.clocks):
        if clock.ended is not None or clock.suspended:
            continue
        if marks[index] == "-" and now >= clock.yellow:
            marks[index] = "y"
            turns.append(Turn("turned_yellow", max(clock.yellow, since), clock))
        if marks[index] == "y" and now >= clock.due:
            marks[index] = "r"
            turns.append(Turn("turned_red", max(clock.due, since), clock))
    return Turned(tuple(sorted(turns, key=lambda turn: turn.at)), "".join(marks))


def light(case: Case, now: datetime) -> str:
    """The colour that it shows."""
    return case_light(case.clocks, now).colour


def due(case: Case) -> datetime | None:
    """The nearest deadline that runs."""
    return min((clock.due for clock in case.clocks if clock.ended is None and not clock.suspended), default=None)


def is_guessed(case: Case) -> bool:
    """Whether a deadline was reckoned without the calendar of its year."""
    return any(clock.missing for clock in case.clocks)


def must_escalate(case: Case, now: datetime) -> bool:
    """Whether the hub is to move it up: a limit is over for which that has not been done, and somebody is above. Never
    a drill: it would trouble people who take no part."""
    return not case.drill and refusal_of("escalate", case, HUB, now) is None


def register_at(case: Case, waits: timedelta) -> datetime | None:
    """When the hub registers what no person has."""
    return case.arrived + waits if case.stage == "found" else None


def archive_at(case: Case) -> datetime | None:
    """When it is archived: after the days in which it can be opened again."""
    return case.closed_at + REWORK + _AFTER if case.stage == "closed" and case.closed_at is not None else None


def next_instant(case: Case, told: str, now: datetime, *, escalates: bool, waits: timedelta) -> datetime | None:
    """When something is to be done about it next; `now` or before when something is to be done at once."""
    if case.stage in ENDED:
        return None
    coming = [each for each in (register_at(case, waits), archive_at(case)) if each is not None]
    if escalates and must_escalate(case, now):
        coming.append(now)
    for mark, clock in zip(told.ljust(len(case.clocks), "-"), case.clocks, strict=True):
        if clock.ended is None and not clock.suspended and mark != "r":
            coming.append(clock.due if mark == "y" else clock.yellow)
    return min(coming, default=None)
