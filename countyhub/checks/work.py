"""`work`: does a hub process run, who has which work, and does anything come in?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, found, passed
from countyhub.lease import process
from countyhub.store.tables import box
from countyhub.store.worktables import lease
from gridwire.problem import Both

SILENT = timedelta(minutes=2)
HEALTH_S = 300.0
"""How often a box says how it is, unless it spares data."""
PATIENCE = 3
WORKS: Final = {
    "chores": Both("日常事务", "chores"),
    "correlate": Both("归并立案", "cases"),
    "enrolment": Both("盒子注册", "enrolment"),
    "feed-webhook": Both("推送", "webhooks"),
    "feed-mqtt": Both("MQTT 转发", "MQTT feed"),
}
"""What the leases are for, by their names."""


class NotRunning(Fault):
    code = "check.hub-stopped"
    en = (
        "no hub process is at work: systemctl start countyhub; journalctl -u countyhub tells why it ended. The "
        "boxes keep what they have meanwhile"
    )
    zh = (
        "没有汇聚端进程在工作：请执行 systemctl start countyhub；退出原因见 journalctl -u countyhub。期间各盒子会保"
        "存数据"
    )


class Silent(Fault):
    code = "check.ingest-silent"
    en = (
        "nothing has come in for {minutes:.0f} min, though {online} boxes are online: does the broker let the hub "
        "hear (check broker), is the hub stuck (journalctl -u countyhub -n 50)? systemctl restart countyhub"
    )
    zh = (
        "已有 {minutes:.0f} 分钟没有收到任何报文，而在线盒子有 {online} 个：消息服务器是否正常（检查项 broker）？汇"
        "聚端是否卡住（journalctl -u countyhub -n 50）？可执行 systemctl restart countyhub"
    )


async def _look(scene: Scene) -> list[Line]:
    if scene.store is None:
        return []
    async with scene.store.read() as connection:
        held = (await connection.execute(select(lease).where(lease.c.until > scene.now))).all()
        last, online = (
            await connection.execute(
                select(func.max(box.c.last_seen), func.count().filter(box.c.status == "online")).select_from(box)
            )
        ).one()
    lines = [_leases(held)]
    if last is None:
        return [*lines, passed("还没有收到过任何盒子的报文", "no box was ever heard of")]
    return [*lines, _heard(scene.now, last, online)]


def _leases(held: object) -> Line:
    rows = list(held) if isinstance(held, list) else []
    if not rows:
        return found(NotRunning())
    works: dict[Both, list[Both]] = {}
    for row in rows:
        works.setdefault(process(row.holder), []).append(WORKS.get(row.name, Both(row.name, row.name)))
    en = "; ".join(f"{who.en}: {', '.join(what.en for what in each)}" for who, each in works.items())
    zh = "；".join(f"{who.zh}：{'、'.join(what.zh for what in each)}" for who, each in works.items())
    return passed(f"各项工作的承担者：{zh}", f"work is held by {en}")


def allowed_silence(online: int) -> timedelta:
    """Two minutes where there are boxes enough that one speaks every few seconds; longer with few."""
    return max(SILENT, timedelta(seconds=PATIENCE * HEALTH_S / max(online, 1)))


def _heard(now: datetime, last: datetime, online: int) -> Line:
    silence = now - last
    if online and silence > allowed_silence(online):
        return found(Silent(minutes=silence.total_seconds() / 60, online=online))
    seconds = round(silence.total_seconds())
    en = f"{online} boxes online, the last message {seconds} s ago"
    return passed(f"在线盒子 {online} 个，最近一条报文在 {seconds} 秒前", en)


CHECK = Check(
    "work",
    "汇聚端进程在工作，报文持续到达",
    "a hub process runs and has its work in hand; messages come in",
    _look,
    (NotRunning, Silent),
)
