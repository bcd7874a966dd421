"""One step of a case, and what is possible now: both read the one table and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from countyhub.lifecycle import refusals
from countyhub.lifecycle.effects import Moment
from countyhub.lifecycle.guards import WHO, Who, is_one_of
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import STAGES, Act, Actor, Case, Entry, Stage
from countyhub.lifecycle.table import TABLE, Row
from countyhub.worktime.calendar import Calendar
from countyhub.worktime.deadlines import Budgets


class Done(NamedTuple):
    """The case after a step, and the line of its timeline."""

    case: Case
    entry: Entry


class Lifecycle:
    """The table with a county's budgets and calendar. Every answer is a function of its arguments."""

    def __init__(self, budgets: Budgets, calendar: Calendar) -> None:
        self._budgets = budgets
        self._calendar = calendar

    def step(self, case: Case, act: Act, actor: Actor, now: datetime) -> Done | Refused:
        """The next state and its entry, or why not. Nothing else than these rows changes a case.

        To be stored where the version is still `case.version`; who comes second is told `case.stale`.
        """
        row = TABLE.get(act.name)
        if row is None:
            return refusals.UnknownAct(act=act.name[:40])
        if act.expected is not None and act.expected != case.version:
            return refusals.Stale(found=case.version, expected=act.expected)
        if (refused := refusal_of(act.name, case, actor, now)) is not None:
            return refused
        for need in row.needs:
            if (refused := need(case, act, actor)) is not None:
                return refused
        changes = row.effect(case, Moment(act, actor, now, self._budgets, self._calendar))
        after = replace(case, stage=_stage_after(row, case), version=case.version + 1, **changes)
        return Done(after, _entry(case, after, act, actor, now))


def refusal_of(name: str, case: Case, actor: Actor, now: datetime) -> Refused | None:
    """Why this actor cannot do this act of `TABLE` now, whatever he says with it; None where he can."""
    row = TABLE[name]
    if case.stage not in row.since:
        return _wrong_stage(row, case)
    if not is_one_of(row.who, case, actor):
        return _not_yours(row.who)
    if case.pause == "agreed" and not row.while_suspended:
        return refusals.Paused()
    return next((refused for guard in row.when if (refused := guard(case, actor, now)) is not None), None)


def allowed_acts(case: Case, actor: Actor, now: datetime) -> Mapping[str, Refused | None]:
    """Every act: None where it is possible now, else why its button is grey."""
    return {name: refusal_of(name, case, actor, now) for name in TABLE}


def _stage_after(row: Row, case: Case) -> Stage:
    if row.to == "stays":
        return case.stage
    return case.before_merge if row.to == "as_before" else row.to


def _entry(before: Case, after: Case, act: Act, actor: Actor, now: datetime) -> Entry:
    return Entry(
        number=after.number,
        version=after.version,
        act=act.name,
        at=now,
        actor=actor.id,
        role=actor.role,
        before=before.stage,
        after=after.stage,
        owner_before=before.owner,
        owner=after.owner,
        text=act.text,
    )


def _wrong_stage(row: Row, case: Case) -> Refused:
    names = [STAGES[stage] for stage in STAGES if stage in row.since]
    return refusals.WrongStage(
        stage_zh=STAGES[case.stage].zh,
        stage_en=STAGES[case.stage].en,
        act_zh=row.name.zh,
        act_en=row.name.en,
        from_zh="、".join(name.zh for name in names),
        from_en=", ".join(name.en for name in names),
    )


def _not_yours(who: tuple[Who, ...]) -> Refused:
    return refusals.NotYours(
        who_zh="、".join(WHO[each].zh for each in who), who_en=" or ".join(WHO[each].en for each in who)
    )
