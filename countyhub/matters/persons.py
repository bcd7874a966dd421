"""What persons do at terminals becomes a case at once: requests, reported matters, calls for help; and ratings.

Each event is one case, by its number in the inbox. A rating goes to the case of its receipt, whichever arrives first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import acting
from countyhub.cases.book import Book
from countyhub.cases.opening import Opening, open_case
from countyhub.lifecycle.state import KIND_LENGTH, Mode
from countyhub.matters import kinds
from countyhub.matters.reading import Said
from countyhub.registry.snapshot import Registry, When
from countyhub.store.casetables import cases
from countyhub.store.mattertables import loose_rating
from countyhub.store.tables import event
from countyhub.store.upsert import insert
from gridwire.events import Rating, Request, Sos
from gridwire.problem import Language


class About(NamedTuple):
    """What a request is for, as the registry says."""

    category: str
    mode: Mode
    name: str


async def take(
    connection: AsyncConnection, book: Book, said: Iterable[Said], now: datetime, language: Language
) -> None:
    """All of a page. Raises `cases.rows.Overtaken`."""
    for each in said:
        match each.data:
            case Request() as request:
                await _request(connection, book, each, request, now, language)
            case Sos(state="start") as sos:
                await _sos(connection, book, each, sos, now, language)
            case Rating() as rating:
                await _rating(connection, book, each, rating, now)


async def _request(
    connection: AsyncConnection, book: Book, said: Said, request: Request, now: datetime, language: Language
) -> None:
    about = what_for(book.registry, request, book.day(now))
    opening = Opening(
        key=f"request/{said.name}",
        origin="person",
        arrived=said.received,
        category=about.category,
        box=said.box,
        device=said.device,
        happened=said.happened,
        title=_title(book, said, about.name or kinds.name("request", language), request.drill, now, language),
        text=request.text,
        mode=about.mode,
        drill=request.drill,
        receipt=request.receipt,
        events=(said.event_id,),
    )
    opened = await open_case(connection, book, opening, now)
    if request.receipt:
        await _rate_late(connection, book, said.box, request.receipt, opened.number, now)


def what_for(registry: Registry, request: Request, at: When) -> About:
    """A service by its code, a matter by its category; what the registry does not know is not classified."""
    if request.mode == "report":
        row = registry.category(request.item, at)
        known = row is not None and len(request.item) == KIND_LENGTH
        return About(request.item if known else "", "", row.name if row else request.item)
    service = next((row for row in registry.services(at) if row.code == request.item), None)
    usual = kinds.ruling(registry, "request", at).category
    if service is None:
        return About(usual, request.mode, request.item)
    return About(service.category or usual, service.mode, service.name)


async def _sos(
    connection: AsyncConnection, book: Book, said: Said, sos: Sos, now: datetime, language: Language
) -> None:
    name = " ".join(part for part in (sos.point, kinds.name("sos", language)) if part)
    opening = Opening(
        key=f"sos/{said.name}",
        origin="person",
        arrived=said.received,
        category=kinds.ruling(book.registry, "sos", book.day(now)).category,
        box=said.box,
        device=said.device,
        happened=said.happened,
        title=_title(book, said, name, sos.drill, now, language),
        drill=sos.drill,
        urgent=True,
        events=(said.event_id,),
    )
    await open_case(connection, book, opening, now)


def _title(book: Book, said: Said, name: str, drill: bool, now: datetime, language: Language) -> str:
    """Where and what: the village, for a resident's matter is none of the box."""
    registry, day = book.registry, book.day(now)
    path = registry.box_path(said.box, day)
    where = (registry.name(path[0], day) if path else "") or registry.box_name(said.box, day) or said.box
    word = ("演练" if language == "zh" else "Drill:",) if drill else ()
    return " ".join((*word, where, name))


# Ratings


async def _rating(connection: AsyncConnection, book: Book, said: Said, rating: Rating, now: datetime) -> None:
    if not rating.receipt:
        return
    query = select(cases.c.number).where(cases.c.receipt == rating.receipt, cases.c.box == said.box)
    number = (await connection.execute(query.order_by(cases.c.arrived.desc()).limit(1))).scalar()
    if number is not None:
        await acting.rate(connection, book, number, rating.score, now, events=(said.event_id,))
        return
    waits = {"event_id": said.event_id, "box": said.box, "receipt": rating.receipt}
    await connection.execute(insert(connection, loose_rating).values(**waits).on_conflict_do_nothing())


async def _rate_late(
    connection: AsyncConnection, book: Book, box: str, receipt: str, number: str, now: datetime
) -> None:
    """Ratings of this receipt that were here before it."""
    waiting = (loose_rating.c.box == box, loose_rating.c.receipt == receipt)
    query = select(event.c.id, event.c.raw).join(loose_rating, loose_rating.c.event_id == event.c.id)
    for row in (await connection.execute(query.where(*waiting).order_by(event.c.id))).all():
        score = _rated.decode(row.raw).data.score
        await acting.rate(connection, book, number, score, now, events=(row.id,))
    await connection.execute(delete(loose_rating).where(*waiting))


class _Rated(msgspec.Struct):
    data: Rating


_rated = msgspec.json.Decoder(_Rated)
