"""What a caller may see beside cases, as conditions for the queries: never looked at afterwards, never by the digits
of a code. The same `Scope` that shows cases shows what boxes in these places sent.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, literal, or_, select, true

from countyhub.sight.scope import Scope
from countyhub.store.registrytables import registry_place


def of_box(scope: Scope, box: ColumnElement[str], at: Any) -> ColumnElement[bool]:
    """Whether the box stood within at that time, which is a column or an instant. A box of no registry is seen by who
    sees everything alone."""
    if scope.whole:
        return true()
    p, within = registry_place.c, _within(scope)
    if not within:
        return false()
    when = at if isinstance(at, ColumnElement) else literal(at, p.since.type)
    return select(p.code).where(p.kind == "box", p.code == box, p.since <= when, when < p.until, or_(*within)).exists()


def of_event(scope: Scope, box: ColumnElement[str], grid: ColumnElement[Any], at: Any) -> ColumnElement[bool]:
    """The same for what happened in a grid, where its box says in which."""
    if scope.whole or not scope.grids:
        return of_box(scope, box, at)
    return or_(of_box(scope, box, at), grid.in_(sorted(scope.grids)))


def boxes(scope: Scope, at: datetime | None = None) -> Select[str]:
    """The boxes that stand within at that instant, or that ever did; not for who sees everything."""
    p = registry_place.c
    found = select(p.code).where(p.kind == "box", or_(false(), *_within(scope))).distinct()
    return found if at is None else found.where(p.since <= at, at < p.until)


def _within(scope: Scope) -> list[ColumnElement[bool]]:
    p = registry_place.c
    within: list[ColumnElement[bool]] = []
    if scope.villages:
        within.append(p.village.in_(sorted(scope.villages)))
    if scope.townships:
        within.append(and_(p.village == "", p.township.in_(sorted(scope.townships))))
    return within
