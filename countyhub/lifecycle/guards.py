"""What the words of `table` mean: who "owner" or "above" is, and what must hold: small questions about a case, each
with the refusal it gives. Which act asks which of them, e.g. who may close, stands in the act's row of `table`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from countyhub.lifecycle import fivesteps, refusals
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import (
    HANDLINGS,
    KIND_LENGTH,
    LEVELS,
    OPEN,
    Act,
    Actor,
    Case,
    Level,
    Office,
    above,
    all_above,
)
from countyhub.worktime.deadlines import is_over
from gridwire.problem import Both

MAX_RETURNS: Final = 2
REWORK: Final = timedelta(days=7)
"""So long can a closed case be opened again; then it is archived."""
_LOW: Final[frozenset[Level]] = frozenset({"grid", "village"})

Who = Literal["route", "owner", "upper", "above", "village", "resident", "front", "watch", "hub"]
WHO: Final[dict[Who, Both]] = {
    "route": Both("事发地各级", "an office of the place"),
    "owner": Both("当前承办单位", "the office that owns it"),
    "upper": Both("上一级", "the office one level up"),
    "above": Both("上级单位", "an office above"),
    "village": Both("事发地的村（社区）或其上级", "the village of the place, or an office above it"),
    "resident": Both("反映人", "the resident"),
    "front": Both("代群众提出的网格员、村文书或县中心坐席", "a grid worker, clerk or dispatcher for the resident"),
    "watch": Both("督查人员", "an inspector"),
    "hub": Both("系统", "the hub itself"),
}

When: TypeAlias = Callable[[Case, Actor, datetime], Refused | None]
"""A question that needs no input: it greys the button."""
Need: TypeAlias = Callable[[Case, Act, Actor], Refused | None]
"""A question about what was filled in."""


def is_one_of(who: tuple[Who, ...], case: Case, actor: Actor) -> bool:
    """Whether the actor may act as one of these. An auditor reads and changes nothing, an inspector only supervises."""
    if actor.role == "auditor":
        return False
    if actor.role == "inspector":
        return "watch" in who
    if actor.role == "machine":
        return "hub" in who
    if actor.role == "resident":
        return "resident" in who
    return any(_IS[each](case, actor) for each in who)


def _upper(case: Case, actor: Actor) -> bool:
    """One level up; nobody is above the county centre, there its head decides."""
    office = above(case)
    if office is None:
        return actor.role == "county" and case.route[-1] in actor.offices
    return office in actor.offices


_IS: Final[dict[Who, Callable[[Case, Actor], bool]]] = {
    "route": lambda case, actor: not actor.offices.isdisjoint(case.route),
    "owner": lambda case, actor: case.owner in actor.offices,
    "upper": _upper,
    "above": lambda case, actor: not actor.offices.isdisjoint(all_above(case)),
    "village": lambda case, actor: any(office in actor.offices for office in case.route if office.level != "grid"),
    "front": lambda case, actor: (
        actor.role in ("grid_worker", "village_clerk", "dispatcher") and not actor.offices.isdisjoint(case.route)
    ),
    "resident": lambda _case, _actor: False,
    "watch": lambda case, actor: actor.role == "county" and case.route[-1] in actor.offices,
    "hub": lambda _case, _actor: False,
}


def not_paused(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    return refusals.PauseAsked() if case.pause == "asked" else None


def pause_asked(case: Case, actor: Actor, _now: datetime) -> Refused | None:
    if case.pause != "asked":
        return refusals.PauseNotAsked()
    return refusals.SamePerson() if case.pause_by == actor.id else None


def is_paused(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    return None if case.pause == "agreed" else refusals.NotPaused()


def somebody_above(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    return refusals.NobodyAbove() if above(case) is None else None


def over_if_hub(case: Case, actor: Actor, now: datetime) -> Refused | None:
    """The hub escalates only what is over, and for each limit once; a person may do so earlier."""
    if actor.role != "machine" or any(is_over(clock, now) and not clock.escalated for clock in case.clocks):
        return None
    return refusals.NotOver()


def somebody_below(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    owner = case.owner
    assert owner is not None
    return None if owner.level in ("village", "township", "county") else refusals.NobodyBelow()


def returned_less_than_twice(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    if not case.givers:
        return refusals.NobodyAssigned()
    return refusals.ReturnedTwice() if case.returned >= MAX_RETURNS else None


def may_be_handled_here(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    assert case.owner is not None
    if case.owner.level not in _LOW or case.passed_up or case.givers:  # somebody above has seen it
        return None
    if case.mode == "proxy":
        return refusals.ProxyNeedsOffice()
    return refusals.MustPassUp() if case.handling == "pass_upward" else None


def on_the_spot(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    if case.handling != "at_once":
        name = HANDLINGS[case.handling]
        return refusals.NotAtOnce(handling_zh=name.zh, handling_en=name.en)
    return decided_above_if_proxy(case, _actor, _now)


def decided_above_if_proxy(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    """By proxy 代办: the village carries it, the office above decides."""
    had_it = [office for office in (case.owner, case.handler) if office is not None]
    decided = case.passed_up or any(office.level not in _LOW for office in had_it)
    return refusals.ProxyNeedsOffice() if case.mode == "proxy" and not decided else None


def feedback_open(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    return refusals.FeedbackDone() if case.stage == "feedback" and not case.givers else None


def all_fed_back(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    if not case.givers:
        return None
    giver = case.givers[-1]
    return refusals.FeedbackFirst(giver_zh=_zh(giver), giver_en=_en(giver))


def within_seven_days(case: Case, _actor: Actor, now: datetime) -> Refused | None:
    if case.origin != "person":
        return refusals.NotAResidents()
    return refusals.TooLate() if case.closed_at is not None and now - case.closed_at > REWORK else None


def seven_days_over(case: Case, _actor: Actor, now: datetime) -> Refused | None:
    waits = case.origin == "person" and case.closed_at is not None and now - case.closed_at <= REWORK
    return refusals.TooEarly() if waits else None


def no_children(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    return refusals.HasChildren(count=len(case.children)) if case.children else None


def of_a_machine(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    """What a person has reported only a person takes back."""
    who = WHO["owner"]
    return None if case.origin == "machine" else refusals.NotYours(who_zh=who.zh, who_en=who.en)


def text(_case: Case, act: Act, _actor: Actor) -> Refused | None:
    return None if act.text.strip() else refusals.TextMissing()


def authority(case: Case, act: Act, _actor: Actor) -> Refused | None:
    """Authorised 授权办: the village decides in the name of a department, which is named."""
    if case.mode != "authorised" or (case.handler or case.owner or case.route[-1]).level not in _LOW:
        return None
    if act.target is None or act.target.level not in ("department", "station"):
        return refusals.AuthorityMissing()
    return None


def target(case: Case, act: Act, actor: Actor) -> Refused | None:
    """Downwards only: along the route, or to an office below. That it is below, `cases.book` looks up."""
    if act.target is None:
        return refusals.TargetMissing()
    if any(_may_give(case, office, act.target) for office in hands(case, actor)):
        return None
    return refusals.TargetForeign(target_zh=_zh(act.target), target_en=_en(act.target))


def hands(case: Case, actor: Actor) -> frozenset[Office]:
    """The offices in whose name the actor gives it away: the owner's, or those above."""
    return actor.offices & (all_above(case) | ({case.owner} if case.owner else frozenset()))


_BESIDE: Final[dict[Level, tuple[Level, ...]]] = {
    "village": ("grid",),
    "township": ("station", "village"),
    "county": ("department", "township", "village"),
}


def _may_give(case: Case, office: Office, to: Office) -> bool:
    if to == case.owner:
        return False
    if to in case.route and office in case.route:
        return case.route.index(to) < case.route.index(office)
    return to.level in _BESIDE.get(office.level, ())


def unclassified(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    return refusals.Classified() if case.category else None


def category(_case: Case, act: Act, _actor: Actor) -> Refused | None:
    """That the registry knows it the caller has asked."""
    return None if act.category else refusals.CategoryMissing()


def in_a_ledger(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    """Every kind of matter belongs to one, which the registry names."""
    return None if len(case.category) == KIND_LENGTH else fivesteps.NoLedger()


def steps_left(case: Case, _actor: Actor, _now: datetime) -> Refused | None:
    return fivesteps.AllDone() if fivesteps.following(case.five_steps) is None else None


def step(case: Case, act: Act, _actor: Actor) -> Refused | None:
    """That its day has come already the caller's calendar knows."""
    done = fivesteps.take_step(case.five_steps, act.step, act.day)
    return done if isinstance(done, Refused) else None


def parent(case: Case, act: Act, _actor: Actor) -> Refused | None:
    if not act.parent or act.parent == case.number:
        return refusals.ParentMissing()
    return None if act.parent_stage in OPEN - {"found"} else refusals.ParentEnded(parent=act.parent)


def new_child(case: Case, act: Act, _actor: Actor) -> Refused | None:
    known = not act.child or act.child in case.children or act.child == case.number
    return refusals.NotAChild(child=act.child) if known else None


def known_child(case: Case, act: Act, _actor: Actor) -> Refused | None:
    return None if act.child in case.children else refusals.NotAChild(child=act.child)


def clock(case: Case, act: Act, _actor: Actor) -> Refused | None:
    known = [each.name for each in case.clocks if each.until == "met" and each.ended is None]
    return None if act.clock in known else refusals.NoSuchClock(clock=act.clock, known="、".join(known) or "–")


def _zh(office: Office) -> str:
    return f"{LEVELS[office.level].zh} {office.id}"


def _en(office: Office) -> str:
    return f"{LEVELS[office.level].en} {office.id}"
