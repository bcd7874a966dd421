"""`backup`: how old is the last one?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, found, passed
from countyhub.store import backupstamp

OLD, VERY_OLD = timedelta(hours=36), timedelta(days=7)


class Never(Fault):
    code = "check.backup-never"
    level = "warn"
    en = "no backup was ever made on this machine: countyhub backup FILE, every night, to another disk"
    zh = "本机从未备份：请每晚执行 countyhub backup 文件，并存到另一块磁盘"


class Old(Fault):
    code = "check.backup-old"
    level = "warn"
    en = (
        "the last backup is {hours:.0f} hours old: does the nightly job still run? systemctl list-timers; "
        "countyhub backup FILE"
    )
    zh = (
        "最近一次备份在 {hours:.0f} 小时前：每晚的任务是否还在运行？请用 systemctl list-timers 查看；手工备份："
        "countyhub backup 文件"
    )


class VeryOld(Fault):
    code = "check.backup-very-old"
    en = (
        "the last backup is {days} days old: make one now (countyhub backup FILE), then look why the nightly job "
        "does not"
    )
    zh = "最近一次备份在 {days} 天前：请立即备份（countyhub backup 文件），再检查每晚的任务为何没有执行"


async def _look(scene: Scene) -> list[Line]:
    made = backupstamp.read(Path(scene.config.data_dir))
    if made is None:
        return [found(Never())]
    age = scene.now - made
    if age > VERY_OLD:
        return [found(VeryOld(days=age.days))]
    if age > OLD:
        return [found(Old(hours=age.total_seconds() / 3600))]
    when = f"{made:%Y-%m-%d %H:%M} UTC"
    return [passed(f"the last backup: {when}", f"最近一次备份：{when}")]


CHECK = Check("backup", "the age of the last backup", "最近一次备份的时间", _look, (Never, Old, VeryOld))
