"""`deadletters`: what boxes sent and could not be read."""

from __future__ import annotations

from sqlalchemy import func, select

from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, found, passed
from countyhub.store.tables import dead_letter


class Letters(Fault):
    code = "check.dead-letters"
    level = "warn"
    en = (
        "{count} messages could not be read (newest {when}): countyhub deadletter list tells why; after an update "
        "countyhub deadletter retry"
    )
    zh = (
        "{count} 条报文无法读取（最近 {when}）：原因见 countyhub deadletter list；升级后可执行 countyhub "
        "deadletter retry"
    )


async def _look(scene: Scene) -> list[Line]:
    if scene.store is None:
        return []
    query = select(func.count(), func.max(dead_letter.c.last_received)).where(dead_letter.c.stored.is_(None))
    async with scene.store.read() as connection:
        count, newest = (await connection.execute(query)).one()
    if count:
        return [found(Letters(count=count, when=f"{newest:%Y-%m-%d %H:%M} UTC"))]
    return [passed("没有未识别报文", "no unread messages")]


CHECK = Check("deadletters", "未识别报文", "unread messages", _look, (Letters,))
