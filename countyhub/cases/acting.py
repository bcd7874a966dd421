"""What people do with cases: one step, with everybody whom it touches, in one transaction, or not at all.

A refusal is returned, with its reason in words; nothing is changed then. Of two who act at once on what they both saw,
the second is told `case.stale` and has lost nothing but the click.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import rows
from countyhub.cases.book import Book
from countyhub.cases.refusals import CategoryUnknown, KeyTaken, NotThere
from countyhub.cases.retrying import retried
from countyhub.cases.rows import Change, Kept, Line
from countyhub.lifecycle import family, fivesteps
from countyhub.lifecycle.refusals import Refused, Stale
from countyhub.lifecycle.state import KIND_LENGTH, Act, Actor, Case
from countyhub.lifecycle.step import Done
from countyhub.store.engine import Store

RESIDENT: Final = Actor("resident", "resident")
"""Whoever holds the receipt: nobody is known by name."""


class Acted(NamedTuple):
    """The case after it, and the others that changed with it: children, or the other one of a pair."""

    case: Case
    also: tuple[Case, ...] = ()


async def act(store: Store, book: Book, number: str, act: Act, actor: Actor, now: datetime) -> Acted | Refused:
    """One act; `act.expected` is the version that the actor saw. Raises `store.engine.UNAVAILABLE`."""
    if act.name == "merge":
        return await merge(store, book, act.parent, number, actor, now, text=act.text, expected=act.expected)
    if act.name == "split":
        return await split(store, book, number, actor, now, text=act.text, expected=act.expected)

    async def work(connection: AsyncConnection) -> Acted | Refused:
        return await act_within(connection, book, number, act, actor, now)

    return await retried(store, work)


async def act_within(
    connection: AsyncConnection, book: Book, number: str, act: Act, actor: Actor, now: datetime
) -> Acted | Refused:
    """The same, but for merging and splitting, in the caller's transaction. Raises `rows.Overtaken`: then roll back."""
    kept = (await rows.load(connection, [number])).get(number)
    if kept is None:
        return NotThere(number=number)
    children = await rows.load(connection, kept.case.children)
    now = rows.instant(now, (kept, *children.values()))
    changes = {each.case.number: Change(each, now) for each in (kept, *children.values())}
    look = _LOOKED_UP.get(act.name)
    wanted = look(book, act, now) if look else act
    if isinstance(wanted, Refused):
        return wanted
    done = family.step(book.life(now), kept.case, [each.case for each in children.values()], wanted, actor, now)
    if isinstance(done, Refused):
        return done
    refused = book.target_refused(kept.case, act, actor, now) or await _key_taken(connection, kept, done[0].case)
    return refused or await _saved(connection, book, changes, done)


async def merge(
    store: Store, book: Book, parent: str, child: str, actor: Actor, now: datetime, *, text: str = "",
    expected: int | None = None,
) -> Acted | Refused:  # fmt: skip
    """Puts a case under another one, with which it closes. `expected`: the version of the child."""

    async def work(connection: AsyncConnection) -> Acted | Refused:
        found = await rows.load(connection, [parent, child])
        for number in (child, parent):
            if number and number not in found:
                return NotThere(number=number)
        below = found[child].case
        if expected not in (None, below.version):
            return Stale(found=below.version, expected=expected)
        at = rows.instant(now, found.values())
        on_top = found[parent or child].case  # into itself, or into nothing: the lifecycle says why not
        done = family.merge(book.life(at), on_top, below, actor, at, text=text)
        return done if isinstance(done, Refused) else await _pair_saved(connection, book, found, done, at)

    return await retried(store, work)


async def split(
    store: Store, book: Book, child: str, actor: Actor, now: datetime, *, text: str, expected: int | None = None
) -> Acted | Refused:
    """Takes a case out of its parent again: it stands where it stood before."""

    async def work(connection: AsyncConnection) -> Acted | Refused:
        found = await rows.load(connection, [child])
        if child not in found:
            return NotThere(number=child)
        below = found[child].case
        if expected not in (None, below.version):
            return Stale(found=below.version, expected=expected)
        found |= await rows.load(connection, [below.parent])
        at = rows.instant(now, found.values())
        on_top = found.get(below.parent, found[child]).case  # without a parent it is not merged, which is refused
        done = family.split(book.life(at), on_top, below, actor, at, text=text)
        return done if isinstance(done, Refused) else await _pair_saved(connection, book, found, done, at)

    return await retried(store, work)


async def rate(
    connection: AsyncConnection, book: Book, number: str, score: int, now: datetime, *, events: Iterable[int] = ()
) -> bool:
    """Attaches a resident's rating, 1 to 5, to its case; the last one counts. False when there is no such case."""
    kept = (await rows.load(connection, [number])).get(number)
    if kept is None:
        return False
    change = Change(kept, now)
    change.line(Line("rated", now, RESIDENT, str(score)))
    await rows.save(connection, book, [change], score=score)
    await rows.add_evidence(connection, number, events)
    return True


async def _saved(connection: AsyncConnection, book: Book, changes: dict[str, Change], done: Sequence[Done]) -> Acted:
    for each in done:
        changes[each.case.number].take(each)
    numbers = [each.case.number for each in done]
    await rows.save(connection, book, [changes[number] for number in numbers])
    first, *others = (changes[number].case for number in numbers)
    return Acted(first, tuple(others))


async def _pair_saved(
    connection: AsyncConnection, book: Book, found: dict[str, Kept], done: tuple[Done, Done], now: datetime
) -> Acted:
    """Of a parent and its child the child comes first: it is what the act was about."""
    changes = {each.case.number: Change(each, now) for each in found.values()}
    return await _saved(connection, book, changes, tuple(reversed(done)))


async def _key_taken(connection: AsyncConnection, before: Kept, after: Case) -> Refused | None:
    """What is opened again while there is another open case about the same."""
    if before.open or after.stage in rows.CLOSED:
        return None
    other = await rows.open_with_key(connection, before.key)
    return None if other is None else KeyTaken(number=other)


def _classified(book: Book, act: Act, now: datetime) -> Act | CategoryUnknown:
    """With what the registry says of that kind; the timeline names it. None is for the lifecycle to refuse."""
    row = book.registry.category(act.category, book.day(now)) if act.category else None
    if row is None or len(row.code) != KIND_LENGTH:
        return CategoryUnknown(category=act.category) if act.category else act
    text = " ".join(part for part in (row.code, row.name, act.text.strip()) if part)
    return replace(act, text=text, handling=book.handling(row.code, now))


def _dated(book: Book, act: Act, now: datetime) -> Act | fivesteps.InFuture:
    """A step of the ledger is done by now; the timeline names it with its day."""
    if act.day is None:
        return act  # which the lifecycle refuses
    if act.day > book.day(now):
        return fivesteps.InFuture(day=act.day)
    return replace(act, text=fivesteps.line(act.step, act.day, act.text))


_LOOKED_UP: Final[dict[str, Callable[[Book, Act, datetime], Act | Refused]]] = {
    "classify": _classified,
    "ledger_step": _dated,
}
"""What an act says that only the registry or the day in the county can judge."""
