"""The limits of a case as people ask for them: which one counts now, whose it is, which are over or past. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from countyhub.lifecycle.state import Case, Office
from countyhub.worktime.deadlines import Clock, is_over


@dataclass(frozen=True, slots=True)
class Limit:
    """`office`: whose it is, as far as its level stands on the way of the case. `late`: it runs, and is over."""

    clock: Clock
    office: Office | None
    late: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """`now`: of who has the case, the nearest first; without one of his own, the nearest that runs at all. `late`: of
    others, and over: why a case may be red although its owner has time left. `past`: ended, or of others and not over.
    """

    now: tuple[Limit, ...]
    late: tuple[Limit, ...]
    past: tuple[Limit, ...]


def limits(case: Case, now: datetime) -> Limits:
    """As they are at `now`."""
    found = [Limit(clock, _office(case, clock), is_over(clock, now)) for clock in case.clocks]
    running = sorted((each for each in found if each.clock.ended is None), key=lambda each: each.clock.due)
    level = case.owner.level if case.owner else ""
    own = [each for each in running if each.clock.level == level or each.clock.until == "classify"]
    counting = own or [each for each in running if not each.late][:1]
    rest = [each for each in running if each not in counting]
    late = tuple(each for each in rest if each.late)
    ended = [each for each in found if each.clock.ended is not None]
    return Limits(tuple(counting), late, (*(each for each in rest if not each.late), *reversed(ended)))


def _office(case: Case, clock: Clock) -> Office | None:
    """The one of that level that has it, had it, or is on its way; whoever has it must say of which kind it is."""
    if clock.until == "classify" and clock.ended is None:
        return case.owner
    known: Iterable[Office | None] = (
        case.owner,
        *reversed(case.below),
        *reversed(case.givers),
        case.handler,
        *case.route,
    )
    return next((office for office in known if office is not None and office.level == clock.level), None)
