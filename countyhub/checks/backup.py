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
    en = (
        "no backup was ever made on this machine: name a folder on another disk in /etc/default/countyhub-backup, then "
        "systemctl enable --now countyhub-backup.timer makes one every night; the first: systemctl start "
        "countyhub-backup"
    )
    zh = (
        "本机从未备份：请在 /etc/default/countyhub-backup 中填写另一块磁盘上的文件夹，再执行 systemctl enable --now "
        "countyhub-backup.timer，即每晚备份；第一份用 systemctl start countyhub-backup"
    )


class Old(Fault):
    code = "check.backup-old"
    level = "warn"
    en = (
        "the last backup is {hours:.0f} hours old: does the nightly one still run? systemctl list-timers "
        "countyhub-backup.timer; journalctl -u countyhub-backup says why it failed; one at once: systemctl start "
        "countyhub-backup"
    )
    zh = (
        "最近一次备份在 {hours:.0f} 小时前：每晚的备份是否还在运行？请用 systemctl list-timers "
        "countyhub-backup.timer 查看；失败原因见 journalctl -u countyhub-backup；立即备份：systemctl start "
        "countyhub-backup"
    )


class VeryOld(Fault):
    code = "check.backup-very-old"
    en = (
        "the last backup is {days} days old: make one now (systemctl start countyhub-backup); why the nightly one does "
        "not: journalctl -u countyhub-backup, systemctl list-timers countyhub-backup.timer"
    )
    zh = (
        "最近一次备份在 {days} 天前：请立即备份（systemctl start countyhub-backup）；每晚的备份为何没有执行，见 "
        "journalctl -u countyhub-backup 和 systemctl list-timers countyhub-backup.timer"
    )


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
    return [passed(f"最近一次备份：{when}", f"the last backup: {when}")]


CHECK = Check("backup", "最近一次备份的时间", "the age of the last backup", _look, (Never, Old, VeryOld))
