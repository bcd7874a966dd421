"""Which boxes there may be, their tokens and certificates, in the database. Within the caller's transaction.

A box is `expected` once it has a token, `active` with its first certificate, `leaving` when another took its place (it
may deliver what it still has), `revoked` at its end. Nothing here touches events: they stay what and whose they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import trail
from countyhub.ca.certificates import Revoked
from countyhub.store.identitytables import box_identity, certificate, enrol_token
from countyhub.store.upsert import insert
from gridwire.enrolment import Token, make_token
from gridwire.identifiers import check_box_id, county_of, village_of
from gridwire.problem import Problem

State = Literal["expected", "active", "leaving", "revoked"]
LISTED_AFTER_END = timedelta(days=30)
"""A revoked certificate stays on the list so long after it would have ended: clocks differ."""
STILL_HEARD = timedelta(minutes=2)
"""What was under way when a box was revoked may still arrive."""
MAX_BOXES_OF_A_VILLAGE = 99


class WrongIdentity(Problem):
    """Base of what the caller can put right."""


class NotHere(WrongIdentity):
    code = "identity.other-county"
    en = "box {box} does not belong to county {county}, whose hub this is, nor does the registry name it"
    zh = "盒子 {box} 不属于本汇聚端所在的县 {county}，登记表中也没有"


class HasBox(WrongIdentity):
    code = "identity.has-box"
    en = (
        "box {box} has a certificate until {until:%Y-%m-%d}. Another machine in its place: "
        "countyhub box replace {box}; the same box set up anew: add --again"
    )
    zh = (
        "盒子 {box} 已有证书，有效期至 {until:%Y-%m-%d}。换新机器请用 countyhub box replace {box}；"
        "同一台盒子重装请加 --again"
    )


class NoSuchIdentity(WrongIdentity):
    code = "identity.none"
    en = "the hub has given no certificate and no token to box {box}"
    zh = "汇聚端没有给盒子 {box} 发过证书或令牌"


class WasRevoked(WrongIdentity):
    code = "identity.was-revoked"
    en = (
        "box {box} was revoked and delivers nothing any more: there is nothing to hand over. A new machine for this "
        "village: countyhub box add {box}"
    )
    zh = "盒子 {box} 已被吊销，不能再上报，也就无须交接。给这个村装新机器：countyhub box add {box}"


class WasReplaced(WrongIdentity):
    code = "identity.replaced"
    en = "box {box} was replaced by {successor}; its id is not given to another machine"
    zh = "盒子 {box} 已由 {successor} 更换；其编号不再给其他机器使用"


class NoIdLeft(WrongIdentity):
    code = "identity.no-id-left"
    en = "village {village} has had {limit} boxes; there is no id left"
    zh = "村 {village} 已用完 {limit} 个盒子编号"


class Identity(NamedTuple):
    """A row of box_identity, and when the newest certificate ends."""

    box: str
    state: State
    since: datetime
    by: str
    reason: str
    successor: str
    until: datetime | None
    expires: datetime | None
    token_until: datetime | None


async def every(connection: AsyncConnection, now: datetime) -> list[Identity]:
    """All, by id."""
    c, t, i = certificate.c, enrol_token.c, box_identity.c
    good = select(c.box, func.max(c.expires).label("expires")).where(c.revoked.is_(None)).group_by(c.box).subquery()
    open_ = (t.used.is_(None), t.withdrawn.is_(None), t.expires > now)
    tokens = select(t.box, func.max(t.expires).label("token_until")).where(*open_).group_by(t.box).subquery()
    joined = box_identity.outerjoin(good, good.c.box == i.box).outerjoin(tokens, tokens.c.box == i.box)
    columns = (i.box, i.state, i.since, i.by, i.reason, i.successor, i.until, good.c.expires, tokens.c.token_until)
    rows = await connection.execute(select(*columns).select_from(joined).order_by(i.box))
    return [Identity(*row) for row in rows]


async def find(connection: AsyncConnection, box: str, now: datetime) -> Identity | None:
    return next((each for each in await every(connection, now) if each.box == box), None)


# Adding


async def add(
    connection: AsyncConnection, box: str, county: str, pin: bytes, *, by: str, now: datetime, days: int, again: bool
) -> Token:
    """A new token for a box; older ones are withdrawn. `again`: the machine was set up anew or has died, what its
    certificates were good for ends when the new one is given. Raises `WrongIdentity`, `BadBoxId`."""
    if county_of(box) != county and not await _is_registered(connection, box):
        raise NotHere(box=box, county=county)
    known = await find(connection, box, now)
    if known is not None and known.successor:
        raise WasReplaced(box=box, successor=known.successor)
    in_use = known is not None and known.state == "active" and known.expires is not None and known.expires > now
    if in_use and not again:
        assert known is not None
        raise HasBox(box=box, until=known.expires)
    if not in_use:
        await set_state(connection, box, "expected", by=by, now=now)
    await withdraw_unused(connection, box, now)
    token = make_token(os.urandom(16), pin)
    await connection.execute(insert(connection, enrol_token).values(
        box=box, sha256=token.sha256, created=now, by=by, expires=now + timedelta(days=days),
        replaces="machine" if known is not None else "",
    ))  # fmt: skip
    return token


async def _is_registered(connection: AsyncConnection, box: str) -> bool:
    """Codes outlast the county that gave them."""
    from countyhub.store.registrytables import registry_box

    return (await connection.execute(select(registry_box.c.box).where(registry_box.c.box == box))).first() is not None


async def without_village(connection: AsyncConnection, boxes: Iterable[str]) -> list[str]:
    """Those whose village the registry does not have: mistyped, perhaps. None while nothing was imported."""
    from countyhub.store.registrytables import registry_area, registry_box

    known = set((await connection.execute(select(registry_area.c.code))).scalars())
    named = set((await connection.execute(select(registry_box.c.box))).scalars())
    return [box for box in boxes if known and box not in named and village_of(box) not in known]


async def strangers(connection: AsyncConnection, boxes: Iterable[str]) -> list[str]:
    """Those that were given no token and have never been heard of."""
    from countyhub.store.tables import box as heard_of

    known: set[str] = set()
    for column in (box_identity.c.box, heard_of.c.box):
        known |= set((await connection.execute(select(column))).scalars())
    return [box for box in boxes if box not in known]


async def replace(connection: AsyncConnection, box: str, *, by: str, now: datetime, days: int) -> str:
    """Another machine takes its place under the next free id, which is returned. The old one may deliver what it still
    has, under its own name, for `days`. Raises `WrongIdentity`, `BadBoxId`."""
    known = await find(connection, check_box_id(box), now)
    if known is None:
        raise NoSuchIdentity(box=box)
    if known.successor:
        raise WasReplaced(box=box, successor=known.successor)
    if known.state == "revoked":
        raise WasRevoked(box=box)
    successor = await next_id(connection, box)
    await withdraw(connection, box, now)
    until = now + timedelta(days=days)
    await set_state(connection, box, "leaving", by=by, now=now, reason="replaced", successor=successor, until=until)
    return successor


async def next_id(connection: AsyncConnection, box: str, taken: Iterable[str] = ()) -> str:
    """The first id of the village that no box ever had. Raises `NoIdLeft`."""
    from countyhub.store.registrytables import registry_box
    from countyhub.store.tables import box as heard_of

    village = village_of(box)
    known = set(taken)
    for column in (box_identity.c.box, heard_of.c.box, registry_box.c.box):
        known |= set((await connection.execute(select(column).where(column.like(f"{village}%")))).scalars())
    for number in range(2, MAX_BOXES_OF_A_VILLAGE + 1):
        if f"{village}-{number}" not in known:
            return f"{village}-{number}"
    raise NoIdLeft(village=village, limit=MAX_BOXES_OF_A_VILLAGE)


async def withdraw_unused(connection: AsyncConnection, box: str, now: datetime) -> None:
    """A newer token takes their place."""
    t = enrol_token.c
    unused = (t.box == box, t.used.is_(None), t.withdrawn.is_(None))
    await connection.execute(update(enrol_token).where(*unused).values(withdrawn=now))


async def withdraw(connection: AsyncConnection, box: str, now: datetime, *, but: int = 0) -> None:
    """Its tokens are good for nothing any more, not even for the key that has used one; but for the one of this id."""
    t = enrol_token.c
    good = (t.box == box, t.id != but, t.withdrawn.is_(None))
    await connection.execute(update(enrol_token).where(*good).values(withdrawn=now))


async def set_state(
    connection: AsyncConnection, box: str, state: State, *, by: str, now: datetime, reason: str = "",
    successor: str | None = None, until: datetime | None = None,
) -> None:  # fmt: skip
    """Enters it or moves it on. A successor once named stays."""
    values: dict[str, Any] = {"state": state, "since": now, "by": by, "reason": reason[:256], "until": until}
    if successor is not None:
        values["successor"] = successor
    statement = insert(connection, box_identity).values(box=box, **values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["box"], set_=values))
    if trail.asker() != trail.HUB:
        await trail.note(connection, "box.identity", f"box/{box}", state=state, reason=reason)


# Revoking


async def revoke(connection: AsyncConnection, box: str, *, by: str, now: datetime, reason: str = "") -> int:
    """All that the box could show itself by is void; returns how many certificates. Raises `NoSuchIdentity`."""
    if await find(connection, box, now) is None:
        raise NoSuchIdentity(box=box)
    await withdraw(connection, box, now)
    await set_state(connection, box, "revoked", by=by, now=now, reason=reason)
    return await void(connection, box, now, reason or "revoked")


async def void(
    connection: AsyncConnection,
    box: str,
    now: datetime,
    reason: str,
    *,
    keep: bytes = b"",
    before: datetime | None = None,
) -> int:
    """Put a box's certificates on the list, but for those of the key `keep`."""
    c = certificate.c
    which = [c.box == box, c.revoked.is_(None), c.key != keep]
    if before is not None:
        which.append(c.issued < before)
    done = await connection.execute(update(certificate).where(*which).values(revoked=now, reason=reason[:32]))
    return int(done.rowcount)


async def overdue(connection: AsyncConnection, now: datetime) -> list[str]:
    """Boxes whose time for leaving is over."""
    c = box_identity.c
    return list((await connection.execute(select(c.box).where(c.state == "leaving", c.until < now))).scalars())


async def revoked(connection: AsyncConnection, now: datetime) -> dict[str, list[Revoked]]:
    """Fingerprint of a CA -> what belongs on its list."""
    c = certificate.c
    listed = (c.revoked.is_not(None), c.expires > now - LISTED_AFTER_END)
    found: dict[str, list[Revoked]] = {}
    for ca, serial, at in await connection.execute(select(c.ca, c.serial, c.revoked).where(*listed)):
        found.setdefault(ca, []).append(Revoked(int(serial, 16), at))
    return found


async def trespassers(connection: AsyncConnection) -> list[str]:
    """Boxes that were revoked, and were heard of again well after that: the broker does not know yet."""
    from countyhub.store.tables import box as heard_of

    c = box_identity.c
    joined = box_identity.join(heard_of, heard_of.c.box == c.box)
    query = select(c.box, c.since, heard_of.c.last_seen).select_from(joined).where(c.state == "revoked")
    rows = await connection.execute(query.where(heard_of.c.status == "online"))
    return [box for box, since, seen in rows if seen is not None and seen > since + STILL_HEARD]


async def running_out(connection: AsyncConnection, before: datetime) -> list[tuple[str, datetime]]:
    """Boxes in use whose newest certificate ends before then, the first to end first."""
    c, i = certificate.c, box_identity.c
    newest = func.max(c.expires)
    query = (
        select(c.box, newest)
        .join(box_identity, i.box == c.box)
        .where(c.revoked.is_(None), or_(i.state == "active", i.state == "leaving"))
        .group_by(c.box)
        .having(newest < before)
        .order_by(newest)
    )
    return [(box, expires) for box, expires in await connection.execute(query)]
