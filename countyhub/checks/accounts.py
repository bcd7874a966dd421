"""`accounts`: can somebody log in, by a console that listens, and is what they did still all there?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from countyhub.accounts import users
from countyhub.audit import anchors, reading
from countyhub.audit.verify import FAULTS, verify
from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, foreign, found, passed
from countyhub.store.engine import Store
from countyhub.web.serve import ConsoleOpen, refused

ANCHOR_DUE: Final = timedelta(days=3)
"""The hub notes one each day, and on a day that it is off it does not."""


class NoUsers(Fault):
    code = "check.no-users"
    en = "nobody can log in at the console: countyhub user add NAME --role county"
    zh = "没有任何用户可以登录控制台：请执行 countyhub user add 用户名 --role county"


class NoAdmin(Fault):
    code = "check.no-admin"
    level = "warn"
    en = (
        "no user may manage users at the console: whoever forgets his password needs this machine; "
        "countyhub user add NAME --role county"
    )
    zh = "没有可在控制台管理用户的用户，忘记密码只能在本机处理：请执行 countyhub user add 用户名 --role county"


class OneAdmin(Fault):
    code = "check.one-admin"
    level = "warn"
    en = (
        "{name} alone may manage users: when he is ill or leaves, nobody at the console can; add a second one: "
        "countyhub user add NAME --role county"
    )
    zh = "只有 {name} 一人可以管理用户，其生病或离岗时无人可代：请再新增一名，countyhub user add 用户名 --role county"


class AuditBroken(Fault):
    code = "check.audit-broken"
    en = (
        "the audit is not whole at row {number}: {what_en}. Change nothing, keep a copy of the database, find out who "
        "had access: countyhub audit verify; was a backup put back?"
    )
    zh = (
        "审计记录第 {number} 条起不完整：{what_zh}。请勿改动，先保留数据库副本，并查明何人有权访问：countyhub audit "
        "verify；是否恢复过备份？"
    )


class AnchorMissing(Fault):
    code = "check.anchor-missing"
    level = "warn"
    en = (
        "the end of the audit was last noted {last}, not of late ({path}): is the hub running, may it write there? "
        "systemctl status countyhub. Meanwhile keep one by hand: countyhub audit anchor"
    )
    zh = (
        "审计链尾最近一次留存为 {last}（{path}），已过期：汇聚端是否在运行、能否写入该文件？请查看 systemctl status "
        "countyhub；在此之前可手工留存：countyhub audit anchor"
    )


async def _look(scene: Scene) -> list[Line]:
    closed = refused(scene.config) if scene.config.web.enabled else None
    lines = [foreign(closed, "fail")] if closed is not None else []
    if scene.store is None:
        return lines
    return [*lines, await _users(scene.store), *await _audit(scene, scene.store)]


async def _users(store: Store) -> Line:
    async with store.read() as connection:
        if not await users.any_user(connection):
            return found(NoUsers())
        admins = await users.admins(connection)
    if len(admins) < 2:
        return found(OneAdmin(name=admins[0]) if admins else NoAdmin())
    return passed(f"可以管理用户的有 {len(admins)} 人", f"{len(admins)} users may manage the others")


async def _audit(scene: Scene, store: Store) -> list[Line]:
    path = Path(scene.config.data_dir) / anchors.FILE
    try:
        known, last = anchors.read(path), anchors.last_noted(path)
    except OSError as error:
        return [found(AnchorMissing(last="–", path=f"{path}: {error.strerror}"))]
    async with store.read() as connection:
        verdict = await verify(connection, known)
        oldest = await reading.oldest(connection)
    if verdict.broken is not None:
        zh, en = FAULTS[verdict.broken.fault]
        return [found(AuditBroken(number=verdict.broken.id, what_zh=zh, what_en=en))]
    due = scene.now - ANCHOR_DUE
    if oldest is not None and oldest < due and (last is None or last < due):
        return [found(AnchorMissing(last=f"{last:%Y-%m-%d}" if last else "–", path=path))]
    en = f"the audit is whole, {verdict.last} rows, {verdict.anchors} anchors agree"
    return [passed(f"审计记录完整，共 {verdict.last} 条，与 {verdict.anchors} 处链尾一致", en)]


CHECK = Check(
    "accounts",
    "有人可以登录，控制台在监听，审计记录完整",
    "somebody can log in, the console listens, the audit is whole",
    _look,
    (NoUsers, NoAdmin, OneAdmin, ConsoleOpen, AuditBroken, AnchorMissing),
)
