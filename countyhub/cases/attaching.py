"""Pictures and documents that people add to a case: judged by what they are, not by what their name says."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import rows
from countyhub.cases.book import Book
from countyhub.cases.refusals import AttachmentEmpty, AttachmentKind, AttachmentTooLarge, NotThere, TooManyAttachments
from countyhub.cases.retrying import retried
from countyhub.cases.rows import Change, Line, clean
from countyhub.lifecycle.refusals import Refused
from countyhub.lifecycle.state import Actor, Case
from countyhub.lifecycle.step import refusal_of
from countyhub.store.casetables import attachment
from countyhub.store.engine import Store

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_COUNT: Final = 30
_BEGINS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)
_FORBIDDEN: Final = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""In names: separators of folders, controls, and marks that turn the direction of a text and hide an ending."""


class Attached(NamedTuple):
    """`is_new`: False when the case had the very same file already."""

    id: int
    media_type: str
    sha256: str
    is_new: bool


class AttachmentInfo(NamedTuple):
    """An attachment without its bytes."""

    id: int
    name: str
    media_type: str
    size: int
    sha256: str
    by: str
    at: datetime


INFO: Final = tuple(attachment.c[name] for name in AttachmentInfo._fields)


def media_type_of(content: bytes) -> str | None:
    """What it is by its first bytes; None for what is not taken."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begins, kind in _BEGINS if content.startswith(begins)), None)


async def attach(
    store: Store, book: Book, number: str, name: str, content: bytes, actor: Actor, now: datetime
) -> Attached | Refused:
    """Adds a file of at most `MAX_BYTES`. Raises `store.engine.UNAVAILABLE`."""
    name = clean(_FORBIDDEN.sub("_", name), 120).strip(" .") or "file"
    media_type = media_type_of(content)
    if not content:
        return AttachmentEmpty()
    if len(content) > MAX_BYTES:
        return AttachmentTooLarge(size=len(content), max_bytes=MAX_BYTES)
    if media_type is None:
        return AttachmentKind(name=name)
    file = (name, media_type, content)
    return await retried(store, lambda connection: _add(connection, book, number, file, actor, now))


async def read_attachment(connection: AsyncConnection, number: str, id_: int) -> tuple[AttachmentInfo, bytes] | None:
    """A file of this case; None when it has none with this id."""
    query = select(*INFO, attachment.c.bytes).where(attachment.c.id == id_, attachment.c.number == number)
    found = (await connection.execute(query)).first()
    return None if found is None else (AttachmentInfo(*found[:-1]), found[-1])


async def _add(
    connection: AsyncConnection, book: Book, number: str, file: tuple[str, str, bytes], actor: Actor, now: datetime
) -> Attached | Refused:
    name, media_type, content = file
    kept = (await rows.load(connection, [number])).get(number)
    if kept is None:
        return NotThere(number=number)
    if (refused := _refused(kept.case, actor, now)) is not None:
        return refused
    sha256 = hashlib.sha256(content).hexdigest()
    mine = attachment.c.number == number
    same = select(attachment.c.id, attachment.c.media_type).where(mine, attachment.c.sha256 == sha256)
    if (known := (await connection.execute(same)).first()) is not None:
        return Attached(known.id, known.media_type, sha256, False)
    count = int((await connection.execute(select(func.count()).select_from(attachment).where(mine))).scalar_one())
    if count >= MAX_COUNT:
        return TooManyAttachments(count=count)
    values = {"number": number, "name": name, "media_type": media_type, "size": len(content), "sha256": sha256,
              "by": actor.id[:64], "at": now, "bytes": content}  # fmt: skip
    added = await connection.execute(insert(attachment).values(**values).returning(attachment.c.id))
    id_ = int(added.scalar_one())
    change = Change(kept, now)
    change.line(Line("attached", now, actor, name))
    await rows.save(connection, book, [change])
    return Attached(id_, media_type, sha256, True)


def _refused(case: Case, actor: Actor, now: datetime) -> Refused | None:
    """Who may write a note may add a file; before a case is registered, who may register it."""
    if actor.role in ("machine", "resident"):  # the hub itself, and whoever holds the receipt
        return None
    return refusal_of("register" if case.stage == "found" else "note", case, actor, now)
