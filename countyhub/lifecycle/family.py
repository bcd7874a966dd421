"""Cases that belong together 并案: what happens to the parent happens to its children. Pure.

Each function gives all steps or none: they are to be stored in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import HUB, Act, Actor, Case
from countyhub.lifecycle.step import Done, Lifecycle

_FOLLOWS: Final = {"settle": "close_with_parent", "close": "close_with_parent", "void": "void_with_parent"}


def step(
    life: Lifecycle, case: Case, children: Iterable[Case], act: Act, actor: Actor, now: datetime
) -> list[Done] | Refused:
    """A step of a case and, when it ends by it, of all its children. `children`: as many as `case.children` names;
    raises ValueError otherwise.
    """
    known = {child.number: child for child in children}
    if set(known) != set(case.children):
        raise ValueError(f"{case.number}: its children are {case.children}")
    done = life.step(case, act, actor, now)
    if isinstance(done, Refused):
        return done
    follow = _FOLLOWS.get(act.name)
    if follow is None:
        return [done]
    steps = [done]
    for child in known.values():
        if child.stage == "merged":  # one that a resident has opened again goes its own way
            after = life.step(child, Act(name=follow, text=case.number), HUB, now)
            assert not isinstance(after, Refused)
            steps.append(after)
    return steps


def merge(
    life: Lifecycle, parent: Case, child: Case, actor: Actor, now: datetime, *, text: str = ""
) -> tuple[Done, Done] | Refused:
    """Puts a child under a parent: the steps of the parent and of the child."""
    act = Act(name="merge", parent=parent.number, parent_stage=parent.stage, text=text)
    below = life.step(child, act, actor, now)
    if isinstance(below, Refused):
        return below
    on_top = life.step(parent, Act(name="adopt", child=child.number), HUB, now)
    return on_top if isinstance(on_top, Refused) else (on_top, below)


def split(
    life: Lifecycle, parent: Case, child: Case, actor: Actor, now: datetime, *, text: str
) -> tuple[Done, Done] | Refused:
    """Takes a child out again: it stands where it stood before."""
    below = life.step(child, Act(name="split", text=text), actor, now)
    if isinstance(below, Refused):
        return below
    on_top = life.step(parent, Act(name="release", child=child.number), HUB, now)
    return on_top if isinstance(on_top, Refused) else (on_top, below)
