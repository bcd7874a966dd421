"""What a caller may see beside cases, as conditions for the queries: never looked at afterwards, never by the digits
of a code. The same `Scope` that shows cases shows what boxes in these places sent.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, literal, or_, select, true

from countyhub.cases.scope import Scope
from countyhub.store.registrytables import registry_place


def of_box(scope: Scope, box: ColumnElement[str], at: Any) -> ColumnElement[bool]:
    """Whether the box stood within at that time, which is a column or an instant. A box of no registry is seen by who
    sees everything alone."""
    if scope.whole:
        return true()
    p = registry_place.c
    within: list[ColumnElement[bool]] = []
    if scope.villages:
        within.append(p.village.in_(sorted(scope.villages)))
    if scope.townships:
        within.append(and_(p.village == "", p.township.in_(sorted(scope.townships))))
    if not within:
        return false()
    when = at if isinstance(at, ColumnElement) else literal(at, p.since.type)
    return select(p.code).where(p.kind == "box", p.code == box, p.since <= when, when < p.until, or_(*within)).exists()


def of_event(scope: Scope, box: ColumnElement[str], grid: ColumnElement[Any], at: Any) -> ColumnElement[bool]:
    """The same for what happened in a grid, where its box says in which."""
    if scope.whole or not scope.grids:
        return of_box(scope, box, at)
    return or_(of_box(scope, box, at), grid.in_(sorted(scope.grids)))
