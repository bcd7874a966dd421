"""`backlog`: what waits for the hub, for how long, and since when nothing was acknowledged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from edgeagent.clock import Clock
from edgeagent.outbox import inspect
from edgeagent.outbox.survey import survey
from edgeagent.status.words import duration
from gridwire.problem import Problem
from gridwire.verdict import Fault, Line, foreign, found, passed

LATE_S = 3600.0
MANY = 10_000
_NEAR = 0.8


class Late(Fault):
    code = "check.backlog-late"
    en = (
        "{count} events wait for the hub, the oldest for {age_en}; last acknowledgement: {heard_en}. Nothing is "
        "lost yet; the checks tcp, tls and hub tell why"
    )
    zh = "{count} 条事件等待上报，最早的已等 {age_zh}；上次确认：{heard_zh}。数据尚未丢失，原因见 tcp、tls、hub 检查项"


class Many(Fault):
    code = "check.backlog-many"
    level = "warn"
    en = "{count} events wait for the hub: it is catching up, or the line is too slow; look again in an hour"
    zh = "{count} 条事件等待上报：正在补传，或线路太慢；请一小时后再看"


class NoRoom(Fault):
    code = "check.backlog-full"
    en = (
        "the outbox is full and refuses events: mend the link, make room on the disk, or raise store.max_mb and "
        "restart the agent"
    )
    zh = "待发库已满，新事件无法保存：请恢复网络、清理磁盘，或调大 store.max_mb 后重启代理"


class Unwritable(Fault):
    code = "check.backlog-unwritable"
    en = "the outbox cannot be written and refuses events ({why}): see the check disk; replace the disk if need be"
    zh = "待发库无法写入，新事件无法保存（{why}）：请看 disk 检查项，必要时更换磁盘"


class NearlyFull(Fault):
    code = "check.backlog-nearly-full"
    level = "warn"
    en = "what waits for the hub fills {share} % of the outbox: mend the link before it is full, or raise store.max_mb"
    zh = "等待上报的事件已占待发库 {share}%：请在存满之前恢复网络，或调大 store.max_mb"


class _Waiting(NamedTuple):
    events: int
    oldest_s: float
    full: bool
    share: int
    unwritable: str = ""


def _look(scene: Scene) -> Iterable[Line]:
    try:
        waiting = _of_agent(scene) or _of_file(scene)
    except inspect.NoOutbox:
        yield passed("还没有待发库", "there is no outbox yet")
        return
    except Problem as problem:
        yield foreign(problem, "warn")
        return
    yield from _judge(scene, waiting)


def _judge(scene: Scene, waiting: _Waiting) -> Iterable[Line]:
    heard_s = scene.running.heard_s if scene.running else None
    heard = {f"heard_{lang}": _ago(heard_s, lang) for lang in ("en", "zh")}
    if waiting.unwritable:
        yield found(Unwritable(why=waiting.unwritable))
    elif waiting.full:
        yield found(NoRoom())
    elif waiting.events and waiting.share >= _NEAR * 100:
        yield found(NearlyFull(share=waiting.share))
    if waiting.oldest_s > LATE_S:
        ages = {f"age_{lang}": duration(waiting.oldest_s, lang) for lang in ("en", "zh")}
        yield found(Late(count=waiting.events, **ages, **heard))
    elif waiting.events > MANY:
        yield found(Many(count=waiting.events))
    elif not (waiting.full or waiting.unwritable):
        yield passed(
            f"{waiting.events} 条事件等待上报；上次确认：{heard['heard_zh']}",
            f"{waiting.events} events wait; last acknowledgement: {heard['heard_en']}",
        )


def _ago(heard_s: float | None, language: str) -> str:
    if heard_s is None:
        return "启动以来没有" if language == "zh" else "none since the start"
    return f"{duration(heard_s, 'zh')}前" if language == "zh" else f"{duration(heard_s, 'en')} ago"


def _of_agent(scene: Scene) -> _Waiting | None:
    if scene.running is None:
        return None
    status = scene.running.status
    count = sum(lane.waiting for lane in status.lanes.values())
    # An outbox at its quota is usual: what was acknowledged stays until its room is needed.
    kept = sum(lane.next - lane.oldest_kept for lane in status.lanes.values()) or 1
    share = 100 * status.store.outbox_bytes * min(count, kept) // kept // (status.store.outbox_max_bytes or 1)
    return _Waiting(count, status.oldest_waiting_s, status.store.full, share, status.store.unwritable)


def _of_file(scene: Scene) -> _Waiting:
    """Raises Problems of `inspect`."""
    clock = Clock()
    with inspect.opened(scene.store) as content:
        seen = survey(content, clock.boot, clock.stamp())
    count = sum(lane.unsettled for lane in seen.lanes.values())
    kept = sum(lane.kept for lane in seen.lanes.values()) or 1
    oldest_s = max((lane.oldest_age_s or 0.0 for lane in seen.lanes.values()), default=0.0)
    share = 100 * seen.used_bytes * count // kept // (scene.config.store.max_mb * 2**20)
    return _Waiting(count, oldest_s, full=False, share=share)


CHECK = Check(
    "backlog",
    "等待上报的事件，以及距上次确认的时间",
    "events that wait for the hub, and the time since its last acknowledgement",
    _look,
    (Late, Many, NoRoom, NearlyFull, Unwritable, inspect.OutboxUnreadable),
)
