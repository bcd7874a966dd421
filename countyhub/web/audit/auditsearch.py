"""What somebody types into the search of the audit, as what stands in its rows: people say a user's name, his own name
or his number, and the number of a case, not the codes of a table.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit.reading import Wanted
from countyhub.overview import arrivals
from countyhub.registry.forms import Person
from countyhub.registry.snapshot import Registry
from countyhub.store import tables as t
from countyhub.store.casetables import case_evidence

DOERS: Final = ("user", "token", "cli")
MOST: Final = 200
"""Events of one case, persons and boxes of one name."""


def of_who(said: str, registry: Registry, now: datetime) -> Wanted:
    """By the name that somebody logs in with, a staff number, or what a person is called."""
    plain = said.casefold()
    persons = [row.code for row in registry.in_force(Person, now) if plain in row.name.casefold()][:MOST]
    return Wanted(names=(said, plain, *(f"{kind}/{plain}" for kind in DOERS)), persons=(said, said.upper(), *persons))


async def of_object(connection: AsyncConnection, said: str) -> Wanted:
    """By its code, with or without its kind. Of a case also what was looked at in it: its events and their pictures; of
    the name of a village its box."""
    kind, _, code = said.partition("/")
    if kind and code and kind != "case":
        return Wanted(objects=(said,))
    code = code or said
    c = case_evidence.c
    of_case = select(c.event_id).where(c.number == code).order_by(c.event_id.desc()).limit(MOST)
    events = (await connection.execute(of_case)).scalars().all()
    views = await arrivals.by_id(connection, events) if events else []
    pictures = (picture.path.removeprefix("/") for view in views for picture in view.pictures)
    named = select(t.box.c.box).where(t.box.c.name == code).limit(MOST)
    boxes = (await connection.execute(named)).scalars().all()
    objects = (
        said,
        f"case/{code}",
        *(f"event/{each}" for each in events),
        *pictures,
        *(f"box/{each}" for each in boxes),
    )
    return Wanted(objects=objects, part=code)
