"""Adds rows to the audit, in the caller's transaction: what is rolled back was never done, and is not told.

Who asks, and from where, is set once where a request or command comes in (`as_`); what is below needs not be told. Rows
bear the time at which they are written, or that of the clock given there: a week that is played tells its own days.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit.chain import START, Row, hash_of
from countyhub.audit.kinds import KINDS
from countyhub.store.audittables import audit, audit_head


class Asker(NamedTuple):
    """`who`: user/NAME, token/NAME, cli/USER or hub; `person`: the staff number; `address`: empty for this machine."""

    who: str = "hub"
    person: str = ""
    address: str = ""


HUB = Asker()
_asker: ContextVar[Asker] = ContextVar("asker", default=HUB)
_clock: ContextVar[Callable[[], datetime] | None] = ContextVar("clock", default=None)


def asker() -> Asker:
    """Who asks for what is done now."""
    return _asker.get()


@contextlib.contextmanager
def as_(who: Asker, clock: Callable[[], datetime] | None = None) -> Iterator[None]:
    """Inside, all that is noted is this one's doing, at the time of `clock`: one that never goes back, with a zone.
    Without one the clock stays as it is: this machine's."""
    asking, reading = _asker.set(who), _clock.set(clock or _clock.get())
    try:
        yield
    finally:
        _clock.reset(reading)
        _asker.reset(asking)


async def note(
    connection: AsyncConnection, kind: str, subject: str = "", *, by: Asker | None = None, person: str = "",
    at: datetime | None = None, facts: Mapping[str, object] | None = None, **detail: object,
) -> int:  # fmt: skip
    """One row; returns its number. `connection` is one of `Store.write()`, whose transactions come one after another.

    `kind` is one of `KINDS`; `detail` are short texts without personal data. `person`: other than the asker's. `at`:
    another time than the clock's.
    """
    if kind not in KINDS:
        raise ValueError(kind)
    asking, told = by or _asker.get(), {**(facts or {}), **detail}
    head = (await connection.execute(select(audit_head.c.last, audit_head.c.hash))).first()
    last, previous = (head.last, head.hash) if head else (0, START)
    row = Row(
        id=last + 1,
        at=at or _now(),
        kind=kind,
        who=_plain(asking.who, 64),
        person=_plain(person or asking.person, 64),
        address=_plain(asking.address, 64),
        object=_plain(subject, 128),
        detail=msgspec.json.encode({name: _plain(str(value), 500) for name, value in told.items() if value != ""}),
        previous=previous,
    )
    row = row._replace(hash=hash_of(row))
    await connection.execute(insert(audit).values(**row._asdict()))
    if head is None:
        await connection.execute(insert(audit_head).values(id=1, last=row.id, hash=row.hash, pruned_hash=START))
    else:
        await connection.execute(update(audit_head).values(last=row.id, hash=row.hash))
    return row.id


def _now() -> datetime:
    clock = _clock.get()
    return clock() if clock is not None else datetime.now(UTC)


def _plain(text: str, max_length: int) -> str:
    """What both databases take, and what cannot be taken for another line."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return clean.encode("utf-8", "replace").decode()[:max_length]
