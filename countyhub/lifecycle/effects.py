"""What an act changes in a case besides its stage: owner, clocks, counts. Pure; returns the fields that change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from msgspec.structs import replace

from countyhub.lifecycle.state import Act, Actor, Case, Office, above
from countyhub.worktime import deadlines
from countyhub.worktime.calendar import Calendar
from countyhub.worktime.deadlines import CLASSIFYING, Budgets, Clock, Until


class Moment(NamedTuple):
    """Everything that an effect may look at besides the case."""

    act: Act
    actor: Actor
    now: datetime
    budgets: Budgets
    calendar: Calendar


Changes: TypeAlias = dict[str, Any]
Effect: TypeAlias = Callable[[Case, Moment], Changes]


def nothing(_case: Case, _moment: Moment) -> Changes:
    return {}


def register(case: Case, moment: Moment) -> Changes:
    """The first owner, the first clocks and with them the first deadline: set once."""
    mine = [office for office in case.route if office in moment.actor.offices]
    wanted = moment.act.target if moment.act.target in case.route else None
    owner = mine[0] if mine else wanted or case.route[0]
    arrived = case.arrived if case.origin == "machine" else moment.now
    begin = deadlines.begin_of(case.origin, case.happened, arrived).at
    clocks = () if begin is None else _begun(case, owner, begin, moment)
    return {
        "owner": owner,
        "first_owner": owner,
        "registered": moment.now,
        "history": begin is None,
        "clocks": clocks,
        "first_due": _first_due(clocks),
    }


def classify(case: Case, moment: Moment) -> Changes:
    """The limits of its kind begin now: nobody could keep them before. Finding the kind out had a limit of its own."""
    known = replace(case, category=moment.act.category)
    clocks = _ended(case.clocks, "classify", moment.now)
    if case.owner is not None and not case.history:
        clocks += _started(known, case.owner, moment.now, moment)
    return {
        "category": known.category,
        "handling": moment.act.handling,
        "clocks": clocks,
        "first_due": case.first_due or _first_due(clocks),
    }


def close(case: Case, moment: Moment) -> Changes:
    return {
        "closed_at": moment.now,
        "clocks": tuple(deadlines.end(clock, moment.now) for clock in case.clocks),
        "handler": case.handler or case.owner,
        "pause": "",
        "pause_by": "",
    }


def pass_up(case: Case, moment: Moment) -> Changes:
    to = above(case)
    assert to is not None
    return _moved(_answered(case, moment), moment, to) | {"passed_up": True, "givers": (), "below": ()}


def escalate(case: Case, moment: Moment) -> Changes:
    """What nobody has taken on is taken away: that limit runs on until somebody does."""
    to = above(case)
    assert to is not None
    changes = _moved(case, moment, to) | {"passed_up": True, "givers": (), "below": ()}
    clocks = tuple(deadlines.mark_escalated(clock, moment.now) for clock in changes["clocks"])
    return changes | {"clocks": clocks, "escalated": case.escalated + 1}


def assign(case: Case, moment: Moment) -> Changes:
    assert moment.act.target is not None
    givers = (*case.givers, case.owner) if case.owner else case.givers
    return _moved(_answered(case, moment), moment, moment.act.target) | {"givers": givers, "below": ()}


def reassign(case: Case, moment: Moment) -> Changes:
    """Who takes it out of somebody's hands is from now on who gave it."""
    assert moment.act.target is not None
    mine = [office for office in (*reversed(case.givers), *case.route) if office in moment.actor.offices]
    kept = case.givers[: case.givers.index(mine[0])] if mine[0] in case.givers else ()
    return _moved(case, moment, moment.act.target) | {"givers": (*kept, mine[0]), "below": ()}


def begin(case: Case, moment: Moment) -> Changes:
    return {"handler": case.owner, "clocks": _ended(case.clocks, "begin", moment.now)}


def give_back(case: Case, moment: Moment) -> Changes:
    changes = _moved(case, moment, case.givers[-1], fresh=False)
    return changes | {"givers": case.givers[:-1], "returned": case.returned + 1}


def feed_back(case: Case, moment: Moment) -> Changes:
    """One step up the chain of those who assigned it, or to the owner itself, who then closes it."""
    clocks = _ended(case.clocks, "feedback", moment.now)
    if not case.givers:
        return {"clocks": clocks}
    assert case.owner is not None
    return {
        "clocks": clocks,
        "owner": case.givers[-1],
        "givers": case.givers[:-1],
        "below": (*case.below, case.owner),
        "pause": "",
        "pause_by": "",
    }


def redo(case: Case, moment: Moment) -> Changes:
    """Down the whole chain again, to the one who handled it."""
    return _back_down(case) | {"clocks": tuple(_again(case.clocks, moment))}


def rework(case: Case, moment: Moment) -> Changes:
    """The old clocks stay as they ended; the work that is to be done again has its own."""
    handler = case.handler or case.owner
    assert handler is not None
    again = _begun(case, handler, moment.now, moment)
    return _back_down(case) | {
        "clocks": (*case.clocks, *again),
        "reworked": case.reworked + 1,
        "closed_at": None,
        "parent": "",
    }


def _back_down(case: Case) -> Changes:
    if not case.below:
        return {"owner": case.owner or case.handler}
    assert case.owner is not None
    chain = (*case.givers, case.owner, *reversed(case.below[1:]))
    return {"owner": case.below[0], "givers": chain, "below": ()}


def ask_pause(_case: Case, moment: Moment) -> Changes:
    return {"pause": "asked", "pause_by": moment.actor.id}


def agree_pause(case: Case, moment: Moment) -> Changes:
    clocks = tuple(deadlines.suspend(clock, moment.now, moment.calendar) for clock in case.clocks)
    return {"pause": "agreed", "clocks": clocks}


def refuse_pause(_case: Case, _moment: Moment) -> Changes:
    return {"pause": "", "pause_by": ""}


def resume(case: Case, moment: Moment) -> Changes:
    clocks = tuple(deadlines.resume(clock, moment.now, moment.calendar) for clock in case.clocks)
    return {"pause": "", "pause_by": "", "clocks": clocks}


def merge(case: Case, moment: Moment) -> Changes:
    return {"parent": moment.act.parent, "before_merge": case.stage} | (resume(case, moment) if case.pause else {})


def split(_case: Case, _moment: Moment) -> Changes:
    return {"parent": ""}


def adopt(case: Case, moment: Moment) -> Changes:
    return {"children": (*case.children, moment.act.child)}


def release(case: Case, moment: Moment) -> Changes:
    return {"children": tuple(child for child in case.children if child != moment.act.child)}


def supervise(case: Case, _moment: Moment) -> Changes:
    return {"supervised": case.supervised + 1}


def meet(case: Case, moment: Moment) -> Changes:
    clocks = tuple(
        deadlines.end(clock, moment.now) if clock.until == "met" and clock.name == moment.act.clock else clock
        for clock in case.clocks
    )
    return {"clocks": clocks}


def ledger_step(case: Case, moment: Moment) -> Changes:
    assert moment.act.day is not None
    return {"five_steps": (*case.five_steps, moment.act.day)}


def _answered(case: Case, moment: Moment) -> Case:
    """Who hands it on has taken it up: when the next one begins with it is no longer theirs to answer for."""
    level = case.owner.level if case.owner is not None else ""
    mine = [clock.until == "begin" and clock.level == level for clock in case.clocks]
    ended = (deadlines.end(clock, moment.now) if own else clock for clock, own in zip(case.clocks, mine, strict=True))
    return replace(case, clocks=tuple(ended))


def _moved(case: Case, moment: Moment, to: Office, *, fresh: bool = True) -> Changes:
    """Another owner: the clocks of passing on end, the clocks of the new level begin, all others run on."""
    clocks = _ended(case.clocks, "pass_on", moment.now)
    known = {clock.level for clock in clocks if clock.until != "classify"}
    if fresh and not case.history and to.level not in known:
        clocks += _started(case, to, moment.now, moment)
    first_due = case.first_due or _first_due(clocks)
    return {"owner": to, "clocks": clocks, "first_due": first_due, "pause": "", "pause_by": ""}


def _first_due(clocks: Iterable[Clock]) -> datetime | None:
    """Set by the first level that has a limit, and never again. That of classifying is not the matter's."""
    return min((clock.first_due for clock in clocks if clock.until != "classify"), default=None)


def _begun(case: Case, owner: Office, at: datetime, moment: Moment) -> tuple[Clock, ...]:
    """The clocks of where its work begins. What a person reported as of no known kind must be classified first of all,
    or it would lie there without any limit."""
    clocks = _started(case, owner, at, moment)
    if case.category or case.origin != "person":
        return clocks
    wanted = [each for each in moment.budgets.of("", owner.level) if each.until == "classify"] or [CLASSIFYING]
    return (*(deadlines.start(each, at, moment.calendar, level=owner.level) for each in wanted), *clocks)


def _started(case: Case, owner: Office, at: datetime, moment: Moment) -> tuple[Clock, ...]:
    budgets = [each for each in moment.budgets.of(case.category, owner.level) if each.until != "classify"]
    return tuple(deadlines.start(budget, at, moment.calendar, level=owner.level) for budget in budgets)


def _ended(clocks: tuple[Clock, ...], until: Until, now: datetime) -> tuple[Clock, ...]:
    return tuple(deadlines.end(clock, now) if clock.until == until else clock for clock in clocks)


def _again(clocks: Iterable[Clock], moment: Moment) -> Iterable[Clock]:
    """What ended with the feedback runs on as if it had not: feedback that was not true gains no time."""
    for clock in clocks:
        if clock.until == "feedback" and clock.ended is not None:
            yield deadlines.reopen(clock)
        else:
            yield clock
