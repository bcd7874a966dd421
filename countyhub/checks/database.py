"""`database`: is it there, of this version's format, and does it take what is written?"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL

from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, foreign, found, passed
from countyhub.store import upgrade
from countyhub.store.engine import is_postgres, locate
from countyhub.store.problems import (
    DatabaseAbsent,
    DatabaseForeign,
    DatabaseNewer,
    DatabaseOlder,
    DatabaseUnreachable,
    DatabaseUnusable,
)

LOCK_S = 5.0


class Locked(Fault):
    code = "check.database-locked"
    en = (
        "nothing could be written to the database for {seconds:g} s ({reason}): which program holds {path}? fuser "
        "-v {path}; a sqlite3 left open is the usual one"
    )
    zh = (
        "数据库 {seconds:g} 秒内无法写入（{reason}）：是哪个程序占用了 {path}？请执行 fuser -v {path}；常见的是忘记"
        "关闭的 sqlite3"
    )


async def _look(scene: Scene) -> list[Line]:
    trouble = scene.trouble
    if isinstance(trouble, DatabaseAbsent):
        return [passed("数据库：尚不存在，启动时创建", "database: new, will be created")]
    if trouble is not None:
        return [foreign(trouble, "warn" if isinstance(trouble, DatabaseOlder) else "fail")]
    url = locate(scene.config)
    reason = None if is_postgres(url) else await asyncio.to_thread(_lock, url)
    if reason is not None:
        return [found(Locked(seconds=LOCK_S, reason=reason, path=url.database))]
    kind, newest = url.get_backend_name(), upgrade.revisions()[0]
    return [passed(f"数据库：{kind}，格式 {newest}", f"database: {kind}, format {newest}")]


def _lock(url: URL) -> str | None:
    """Begins a transaction that writes, and ends it without; why not, if it cannot."""
    try:
        with closing(sqlite3.connect(Path(url.database or ""), timeout=LOCK_S, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        return str(error)
    return None


CHECK = Check(
    "database",
    "数据库可用、格式与本版本一致、可以写入",
    "the database is there, of this version's format, and can be written",
    _look,
    (DatabaseOlder, DatabaseNewer, DatabaseForeign, DatabaseUnusable, DatabaseUnreachable, Locked),
)
