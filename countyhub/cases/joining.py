"""Matters that turn out to be one: the cases that were opened for them go under one case, as the hub's own act.

How, not when: which signals are one matter is said by `countyhub.correlate` (of one device `segments`, of several
`outages`), and to which case a matter belongs by `countyhub.matters.casework`. Correlation does not depend on the order
of arrival, so what looked like two troubles may become part of a third.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import rows
from countyhub.cases.book import Book
from countyhub.cases.refusals import NotThere
from countyhub.cases.rows import Change
from countyhub.lifecycle import family
from countyhub.lifecycle.guards import WHO
from countyhub.lifecycle.refusals import NotYours, Refused
from countyhub.lifecycle.state import HUB, Act, Case
from countyhub.lifecycle.step import Done, Lifecycle


class _Stays(Exception):
    """A case cannot be put there: none of its steps is to count."""

    def __init__(self, why: Refused) -> None:
        self.why = why


class Joined(NamedTuple):
    """`into`: the case that has them now. `left`: what stays for itself, and why (somebody has closed it already …)."""

    into: str
    merged: tuple[str, ...] = ()
    left: tuple[tuple[str, Refused], ...] = ()


async def join_cases(
    connection: AsyncConnection, book: Book, numbers: Iterable[str], into: str, now: datetime
) -> Joined:
    """Puts cases of machines, with all that was merged into them, under the case `into`, or under the one that this
    was merged into itself. Repeating it changes nothing. Within the caller's transaction; raises `rows.Overtaken`."""
    target = (await rows.load(connection, [into])).get(into)
    if target is not None and target.case.stage == "merged":
        target = (await rows.load(connection, [target.case.parent])).get(target.case.parent, target)
    wanted = tuple(dict.fromkeys(numbers))
    if target is None:
        return Joined(into, left=tuple((number, NotThere(number=into)) for number in wanted))
    into = target.case.number
    changes = {into: Change(target, now)}
    merged, left = [], []
    for number in wanted:
        await _read(connection, changes, [number], now)
        if number in changes:
            case = changes[number].case
            await _read(connection, changes, [case.parent, *case.children], now)
        at = max(change.now for change in changes.values())
        for change in changes.values():
            change.now = at
            change.turn()
        try:
            steps = _Steps(book.life(at), {name: change.case for name, change in changes.items()}, at)
            steps.move(number, into)
        except _Stays as stays:
            left.append((number, stays.why))
            continue
        for each in steps.done:
            changes[each.case.number].take(each)
        merged += [number] if steps.done else []
    await rows.save(connection, book, [change for change in changes.values() if change.case != change.kept.case])
    return Joined(into, tuple(merged), tuple(left))


async def _read(connection: AsyncConnection, changes: dict[str, Change], numbers: Iterable[str], now: datetime) -> None:
    """Those that are not among them yet."""
    for number, kept in (await rows.load(connection, [each for each in numbers if each not in changes])).items():
        changes[number] = Change(kept, now)


class _Steps:
    """The steps by which one case gets under another. Pure: `known` are the cases as they are by then."""

    def __init__(self, life: Lifecycle, known: dict[str, Case], now: datetime) -> None:
        self.done: list[Done] = []
        self._life = life
        self._known = known
        self._now = now

    def move(self, number: str, into: str) -> None:
        """Only two generations: its children are let go first, and follow it. Raises `_Stays`."""
        if number not in self._known:
            raise _Stays(NotThere(number=number))
        case = self._known[number]
        if number == into or (case.stage == "merged" and case.parent == into):
            return
        if case.origin != "machine":  # somebody waits for an answer to it
            raise _Stays(NotYours(who_zh=WHO["owner"].zh, who_en=WHO["owner"].en))
        if case.stage == "merged":
            self._split(number, into)
        follow = [child for child in case.children if self._known[child].stage == "merged"]
        for child in case.children:
            if child in follow:
                self._split(child, into)
            else:  # opened again by a resident: it goes its own way
                self._take(self._life.step(self._known[number], Act(name="release", child=child), HUB, self._now))
        for each in (number, *follow):
            self._take(family.merge(self._life, self._known[into], self._known[each], HUB, self._now))

    def _split(self, number: str, text: str) -> None:
        parent = self._known[self._known[number].parent]
        self._take(family.split(self._life, parent, self._known[number], HUB, self._now, text=text))

    def _take(self, done: Done | tuple[Done, Done] | Refused) -> None:
        if isinstance(done, Refused):
            raise _Stays(done)
        for each in (done,) if isinstance(done, Done) else done:
            self._known[each.case.number] = each.case
            self.done.append(each)
