"""`disk`: is there room where the hub keeps its data?"""

from __future__ import annotations

import os
from pathlib import Path

from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Fault, Line, found, passed

_MIB = 2**20
MIN_FREE_MB, LOW_SHARE = 512, 0.1


class ReadOnly(Fault):
    code = "check.data-read-only"
    en = (
        "{path} is on a read-only file system: nothing can be stored. dmesg tells whether the disk is failing: replace "
        "it; if it is not, mount -o remount,rw"
    )
    zh = (
        "{path} 所在的文件系统只读，无法保存：请用 dmesg 查看磁盘是否损坏，已损坏则更换；未损坏则执行 mount -o "
        "remount,rw"
    )


class Full(Fault):
    code = "check.data-full"
    en = (
        "{path}: {free} MiB free: storing will soon fail, and the boxes keep what they have. Make room, or keep "
        "pictures for fewer days (retention.pictures_days, then countyhub prune)"
    )
    zh = (
        "{path}：只剩 {free} MiB，很快无法入库（盒子会自行保存）。请腾出空间，或缩短图片保存天数（"
        "retention.pictures_days，再执行 countyhub prune）"
    )


class Low(Fault):
    code = "check.data-low"
    level = "warn"
    en = "{path}: {free} MiB free, {share} % of the disk: plan for more room, or keep pictures for fewer days"
    zh = "{path}：剩余 {free} MiB，占磁盘 {share}%：请准备扩容，或缩短图片保存天数"


async def _look(scene: Scene) -> list[Line]:
    folder, room = _room(scene.config.data_dir)
    free = room.f_bavail * room.f_frsize // _MIB
    share = 100 * room.f_bavail // max(room.f_blocks, 1)
    if room.f_flag & os.ST_RDONLY:
        return [found(ReadOnly(path=folder))]
    if free < MIN_FREE_MB:
        return [found(Full(path=folder, free=free))]
    if share < LOW_SHARE * 100:
        return [found(Low(path=folder, free=free, share=share))]
    return [passed(f"{folder}：剩余 {free} MiB", f"{folder}: {free} MiB free")]


def _room(data_dir: str) -> tuple[Path, os.statvfs_result]:
    folder = Path(data_dir).absolute()
    return folder, os.statvfs(next(each for each in (folder, *folder.parents) if each.is_dir()))


CHECK = Check("disk", "数据所在磁盘的剩余空间", "room on the disk of the hub's data", _look, (ReadOnly, Full, Low))
