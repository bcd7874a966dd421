"""Looking at what needs a reason: pictures, and personal data in full. The reason is in the audit; what was looked at
for it stays open to this session for a while, so that nobody is asked twice for the same picture.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.audit import trail
from countyhub.store.accounttables import session_grant as table
from countyhub.store.upsert import insert
from gridwire.problem import Both, Problem

OPEN_FOR: Final = timedelta(minutes=30)
TEXT_LEAST: Final = 4
TEXT_MOST: Final = 200
OBJECTS_MOST: Final = 20
REASONS: Final[dict[str, Both]] = {
    "case": Both("办理案件", "handling a case"),
    "verify": Both("核实告警", "verifying an alarm"),
    "duty": Both("值班巡查", "on watch"),
    "complaint": Both("处理投诉或申诉", "a complaint or an appeal"),
    "inspection": Both("监督检查", "an inspection"),
    "fault": Both("设备故障排查", "looking for a fault"),
    "other": Both("其他", "something else"),
}


class ReasonMissing(Problem):
    code = "reason.missing"
    en = "say why: one of {known}, and in at least {least} characters what it is about (the number of the case, say)"
    zh = "请说明理由：从 {known} 中选择，并写明事由（如案件编号），至少 {least} 个字符"


def check(reason: str, text: str) -> None:
    """Raises `ReasonMissing`."""
    if reason not in REASONS or not TEXT_LEAST <= len(text.strip()) <= TEXT_MOST:
        raise ReasonMissing(known=", ".join(REASONS), least=TEXT_LEAST)


async def give(
    connection: AsyncConnection,
    session: int,
    kind: str,
    objects: Collection[str],
    reason: str,
    text: str,
    now: datetime,
    case: str = "",
) -> None:
    """Opens them to the session, each with a row in the audit. `kind` is `picture.looked` or `personal.revealed`.
    `case`: the number of the one on whose page it stands.

    Raises `ReasonMissing`. Whether he may see them at all, the caller has asked.
    """
    check(reason, text)
    for each in list(objects)[:OBJECTS_MOST]:
        values = {"until": now + OPEN_FOR}
        new = insert(connection, table).values(session=session, object=each, **values)
        await connection.execute(new.on_conflict_do_update(index_elements=["session", "object"], set_=values))
        await trail.note(connection, kind, each, case=case, reason=reason, text=text.strip())


async def is_open(connection: AsyncConnection, session: int, subject: str, now: datetime) -> bool:
    """Whether the session has given a reason for this, lately."""
    return bool(await opened(connection, session, [subject], now))


async def opened(connection: AsyncConnection, session: int, subjects: Collection[str], now: datetime) -> frozenset[str]:
    """Those for which it has."""
    c = table.c
    query = select(c.object).where(c.session == session, c.object.in_(list(subjects)), c.until > now)
    return frozenset((await connection.execute(query)).scalars())
