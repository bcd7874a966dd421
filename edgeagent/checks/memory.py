"""`memory`: is there enough of it, and has the kernel ended something for want of it?"""

from __future__ import annotations

from collections.abc import Iterable

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.verdict import Fault, Line, found, passed

_MIB = 2**20
MIN_FREE_MB = 48
GROUP = "sys/fs/cgroup/edgeagent.slice/edgeagent.service"
NEAR = 0.95


class Short(Fault):
    code = "check.memory-short"
    level = "warn"
    en = (
        "only {free} of {total} MiB of memory are free: end what else takes it on this machine (ps aux "
        "--sort=-rss | head); if nothing does, use a machine with more"
    )
    zh = (
        "内存共 {total} MiB，只剩 {free} MiB：请停止占用过多的其他程序（ps aux --sort=-rss | head）；如无此类程序，请更"
        "换内存更大的机器"
    )


class AtLimit(Fault):
    code = "check.memory-limit"
    level = "warn"
    en = (
        "the agent uses {used} of its {limit} MiB (MemoryMax): fewer cameras or smaller pictures "
        "(picture_width_px), or systemctl edit edgeagent and raise MemoryMax"
    )
    zh = (
        "代理已用 {used} MiB，上限 {limit} MiB（MemoryMax）：请减少摄像机或缩小图片（picture_width_px），或执行 "
        "systemctl edit edgeagent 调大 MemoryMax"
    )


class Killed(Fault):
    code = "check.memory-killed"
    level = "warn"
    en = (
        "the kernel has ended {count} processes of the agent for want of memory since its start: as for "
        "check.memory-limit; journalctl -u edgeagent tells which"
    )
    zh = (
        "启动以来，内核因内存不足结束了代理的 {count} 个进程：处理办法同 check.memory-limit；可用 journalctl -u "
        "edgeagent 查看"
    )


def _look(scene: Scene) -> Iterable[Line]:
    sizes = _table(scene.read("proc/meminfo").replace(":", " "))
    total, free = (sizes.get(name, 0) // 1024 for name in ("MemTotal", "MemAvailable"))
    if total and free < MIN_FREE_MB:
        yield found(Short(free=free, total=total))
    used, limit = (scene.read(f"{GROUP}/{name}") for name in ("memory.current", "memory.max"))
    known = used.isdecimal() and limit.isdecimal()
    if known and int(used) > NEAR * int(limit):
        yield found(AtLimit(used=int(used) // _MIB, limit=int(limit) // _MIB))
    killed = _table(scene.read(f"{GROUP}/memory.events")).get("oom_kill", 0)
    if killed:
        yield found(Killed(count=killed))
    own_en = f"; the agent uses {int(used) // _MIB} of {int(limit) // _MIB} MiB" if known else ""
    own_zh = f"；代理用 {int(used) // _MIB} MiB，上限 {int(limit) // _MIB} MiB" if known else ""
    if not total or free >= MIN_FREE_MB:
        yield passed(f"内存共 {total} MiB，可用 {free} MiB{own_zh}", f"{free} of {total} MiB free{own_en}")


def _table(text: str) -> dict[str, int]:
    """Lines of a name and a number."""
    rows = (line.split() for line in text.splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) >= 2 and row[1].isdecimal()}


CHECK = Check(
    "memory",
    "本机可用内存，以及代理占用与上限（MemoryMax）",
    "free memory of the machine, and the agent's share of its limit (MemoryMax)",
    _look,
    (Short, AtLimit, Killed),
)
