"""Opens cases: one for each matter. A second opening of what is open joins it, whoever opens and however often."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import rows
from countyhub.cases.book import Book, Place
from countyhub.cases.rows import Change, Kept, Line, clean
from countyhub.lifecycle.number import case_number
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import HUB, Act, Actor, Case, Mode
from countyhub.store.tables import counter
from countyhub.store.upsert import insert

_TRIES = 3
MAX_TITLE = 200


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What a case is to be opened for.

    `key`: what it is about; one open case for each. `happened`: true time, None while unknown. `arrived`: at the hub.
    `place`: a grid, village or township that counts before box and device. `events`: rows of the inbox it stands on.
    `urgent`: registered at once although a person reports it (SOS).
    """

    key: str
    origin: Literal["machine", "person"]
    arrived: datetime
    category: str = ""
    box: str = ""
    device: str = ""
    happened: datetime | None = None
    title: str = ""
    text: str = ""
    mode: Mode = ""
    drill: bool = False
    urgent: bool = False
    receipt: str = ""
    events: tuple[int, ...] = ()
    place: str = ""


class Opened(NamedTuple):
    """`is_new`: False when it joined an open case, or the case that the open one was merged into."""

    number: str
    is_new: bool


async def open_case(
    connection: AsyncConnection, book: Book, opening: Opening, now: datetime, opener: Actor = HUB
) -> Opened:
    """Within the caller's transaction. What machines report, and what is urgent, the hub registers at once; what a
    person opens by hand is registered in that person's name; what a resident reported waits for a person.

    Raises `store.engine.UNAVAILABLE`; ValueError for a key or code that is too long.
    """
    _check(opening)
    for _ in range(_TRIES):
        known = await rows.open_with_key(connection, opening.key)
        if known is not None:
            return Opened(await _join(connection, book, known, opening, now), False)
        number = await _open(connection, book, opening, now, opener)
        if number is not None:
            await rows.add_evidence(connection, number, opening.events)
            return Opened(number, True)
    raise rows.Overtaken(opening.key)  # opened and closed again between each of our looks: the caller tries again


async def _open(connection: AsyncConnection, book: Book, opening: Opening, now: datetime, opener: Actor) -> str | None:
    """None when another process has just opened one with this key."""
    place = book.place(opening.box, opening.device, now, opening.place)
    case = Case(
        number=await _number(connection, book, now),
        category=opening.category,
        route=book.route_of(place, now),
        origin=opening.origin,
        handling=book.handling(opening.category, now),
        arrived=opening.arrived,
        happened=opening.happened,
        mode=opening.mode,
        drill=opening.drill,
    )
    change = Change(Kept(case, opening.key, 0, "", now, True), now)
    change.line(Line("opened", now, opener, opening.title))
    if opening.origin == "machine" or opening.urgent or opener.role != "machine":
        _register(book, change, opener)
    return case.number if await rows.add(connection, book, change, _facts(opening, place)) else None


def _register(book: Book, change: Change, opener: Actor) -> None:
    life = book.life(change.now)
    done = life.step(change.case, Act(name="register"), opener, change.now)
    if isinstance(done, Refused):  # who reports what happened elsewhere: it is registered where it happened
        done = life.step(change.case, Act(name="register"), HUB, change.now)
    assert not isinstance(done, Refused)  # the hub may register whatever is found
    change.take(done)


async def _join(connection: AsyncConnection, book: Book, number: str, opening: Opening, now: datetime) -> str:
    """Another sign of the same: told where people look, on the case that it was merged into if it was."""
    kept = (await rows.load(connection, [number]))[number]
    if kept.case.stage == "merged":
        kept = (await rows.load(connection, [kept.case.parent])).get(kept.case.parent, kept)
    change = Change(kept, now)
    change.line(Line("joined", now, HUB, opening.title))
    await rows.save(connection, book, [change])
    await rows.add_evidence(connection, kept.case.number, opening.events)
    return kept.case.number


async def _number(connection: AsyncConnection, book: Book, now: datetime) -> str:
    """The next of the day: taken in the transaction that uses it, so none is given twice."""
    day = book.day(now)
    taken = insert(connection, counter).values(name=f"case-{day:%Y%m%d}", value=1)
    taken = taken.on_conflict_do_update(index_elements=["name"], set_={"value": counter.c.value + 1})
    serial = (await connection.execute(taken.returning(counter.c.value))).scalar_one()
    return case_number(book.county, day, serial)


def _facts(opening: Opening, place: Place) -> dict[str, object]:
    return {
        "urgent": opening.urgent,
        "grid": place.grid,
        "village": place.village,
        "township": place.township,
        "box": opening.box,
        "device": opening.device,
        "receipt": clean(opening.receipt, 32),
        "title": clean(opening.title, MAX_TITLE),
        "text": clean(opening.text),
    }


def _check(opening: Opening) -> None:
    for name, max_length in (("key", 160), ("category", 4), ("box", 16), ("device", 32)):
        if len(getattr(opening, name)) > max_length:
            raise ValueError(f"{name} has more than {max_length} characters: {getattr(opening, name)[:200]}")
