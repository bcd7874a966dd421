"""Tokens: made once, shown once, kept as a hash. `gw_`, 43 random letters and digits (256 bits), and 6 that are a sum
of them, so that a misspelt one is known without a look into the database.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import RowMapping, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.api.scopes import PERSONAL, SCOPES
from countyhub.audit import trail
from countyhub.store.tokentables import token
from gridwire.problem import Problem

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM, _SUM = 43, 6
_SHAPE = re.compile(rf"gw_[0-9A-Za-z]{{{_RANDOM + _SUM}}}", re.ASCII)
_PREFIX = 11
NAME_PATTERN = re.compile(r"[^\W_][\w .:@/-]{0,63}")

State = Literal["good", "expired", "revoked"]


class WrongToken(Problem):
    """Base of what is wrong with the wish for a token."""


class UnknownScope(WrongToken):
    code = "token.unknown-scope"
    en = "there is no scope “{scope}”; there are: {known}"
    zh = "没有“{scope}”这项权限；可用的有：{known}"


class PersonNeeded(WrongToken):
    code = "token.person-needed"
    en = "the scope {scope} needs --person: what is done must have somebody who did it"
    zh = "权限 {scope} 须用 --person 指明工号：办理案件必须落实到人"


class NameTaken(WrongToken):
    code = "token.name-taken"
    en = "there is, or was, a token named “{name}”: choose another name, so that logs stay clear"
    zh = "已有（或曾有）名为“{name}”的令牌：请换一个名称，以免记录混淆"


class BadName(WrongToken):
    code = "token.bad-name"
    en = "“{name}” is no name: letters, digits, blanks and .:@/_-, at most 64, the first a letter or digit"
    zh = "“{name}”不能作名称：可用文字、数字、空格和 .:@/_-，最多 64 个，首字为文字或数字"


class UnknownPerson(WrongToken):
    code = "token.unknown-person"
    en = "the registry knows no person {person} with a duty today"
    zh = "登记表中没有今日在岗的工号 {person}"


class UnknownArea(WrongToken):
    code = "token.unknown-area"
    en = "the registry knows no area {area} today: the county, a township or a village"
    zh = "登记表中今日没有区划 {area}：应为县、乡镇或村的编码"


class UnknownToken(WrongToken):
    code = "token.unknown"
    en = "there is no token “{name}”; see countyhub token list"
    zh = "没有令牌“{name}”；请查看 countyhub token list"


class Token(NamedTuple):
    """A token as it is kept. `person` and `area` are empty where it has none."""

    id: int
    name: str
    prefix: str
    scopes: frozenset[str]
    person: str
    area: str
    created: datetime
    by: str
    expires: datetime | None
    revoked: datetime | None
    used: datetime | None

    def state(self, now: datetime) -> State:
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "good"


class Wish(NamedTuple):
    """A token that is to be made. Empty `person`, `area`: none; `expires` None: never."""

    name: str
    scopes: frozenset[str]
    person: str = ""
    area: str = ""
    expires: datetime | None = None


def wish(
    name: str, scopes: Iterable[str], *, person: str = "", area: str = "", expires: datetime | None = None
) -> Wish:
    """Raises `BadName`, `UnknownScope`, `PersonNeeded`. That person and area exist, the caller's registry knows."""
    wanted = frozenset(scopes)
    if not NAME_PATTERN.fullmatch(name):
        raise BadName(name=name[:80])
    for scope in sorted(wanted - SCOPES.keys()) or ([] if wanted else [""]):
        raise UnknownScope(scope=scope[:40], known=", ".join(SCOPES))
    for scope in sorted(wanted & PERSONAL):
        if not person:
            raise PersonNeeded(scope=scope)
    return Wish(name, wanted, person, area, expires)


def new_text() -> str:
    """A token that nobody has yet."""
    body = "gw_" + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    return body + _sum(body)


def is_wellformed(text: str) -> bool:
    """Whether it can be a token of ours at all."""
    return _SHAPE.fullmatch(text) is not None and hmac.compare_digest(_sum(text[:-_SUM]), text[-_SUM:])


def _sum(body: str) -> str:
    number, letters = zlib.crc32(body.encode()), ""
    for _ in range(_SUM):
        number, digit = divmod(number, len(_LETTERS))
        letters += _LETTERS[digit]
    return letters


def digest(text: str) -> bytes:
    """What is kept of it. A plain hash will do: 256 random bits cannot be tried out."""
    return hashlib.sha256(text.encode()).digest()


async def add(connection: AsyncConnection, wanted: Wish, *, by: str, now: datetime) -> tuple[Token, str]:
    """The token as it is kept, and its text, which nobody can ever be told again. Raises `NameTaken`."""
    text = new_text()
    values = {
        "name": wanted.name,
        "prefix": text[:_PREFIX],
        "sha256": digest(text),
        "scopes": msgspec.json.encode(sorted(wanted.scopes)),
        "person": wanted.person,
        "area": wanted.area,
        "created": now,
        "by": by[:64],
        "expires": wanted.expires,
    }
    if (await connection.execute(select(token.c.id).where(token.c.name == wanted.name))).first() is not None:
        raise NameTaken(name=wanted.name)
    try:
        await connection.execute(token.insert().values(**values))
    except IntegrityError as error:
        raise NameTaken(name=wanted.name) from error
    found = await find(connection, text)
    assert found is not None
    said = ", ".join(sorted(wanted.scopes))
    subject = f"token/{wanted.name}"
    await trail.note(connection, "token.added", subject, scopes=said, person_code=wanted.person, area=wanted.area)
    return found, text


async def find(connection: AsyncConnection, text: str) -> Token | None:
    """The token with this text, in whatever state. The look-up is by its hash, which tells nobody who guesses how near
    the guess was.
    """
    wanted = digest(text)
    row = (await connection.execute(select(token).where(token.c.sha256 == wanted))).mappings().first()
    return _token(row) if row is not None and hmac.compare_digest(row["sha256"], wanted) else None


async def every(connection: AsyncConnection) -> list[Token]:
    """All that there ever were, the oldest first."""
    rows = (await connection.execute(select(token).order_by(token.c.id))).mappings()
    return [_token(row) for row in rows]


async def revoke(connection: AsyncConnection, name: str, now: datetime) -> Token:
    """From the next request on it opens nothing. One that is revoked already stays so. Raises `UnknownToken`."""
    c = token.c
    revoked = update(token).where(c.name == name, c.revoked.is_(None)).values(revoked=now)
    if (await connection.execute(revoked)).rowcount:
        await trail.note(connection, "token.revoked", f"token/{name}")
    row = (await connection.execute(select(token).where(c.name == name))).mappings().first()
    if row is None:
        raise UnknownToken(name=name[:80])
    return _token(row)


async def note_used(connection: AsyncConnection, used: Collection[tuple[int, datetime]]) -> None:
    """When tokens were last used."""
    for number, at in used:
        await connection.execute(update(token).where(token.c.id == number).values(used=at))


def _token(row: RowMapping) -> Token:
    scopes = frozenset(msgspec.json.decode(row["scopes"], type=list[str]))
    return Token(**{name: row[name] for name in Token._fields if name != "scopes"}, scopes=scopes)
