"""`disk`: where the store is, does it last, is there room for what it may grow to?"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.verdict import Fault, Line, found, passed

_MIB = 2**20
MIN_FREE_MB = 64
_GONE = frozenset({"tmpfs", "ramfs", "overlay"})
"""What is written there is gone after a power cut, or (overlay) may be."""
_UNFIT = frozenset({"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "nfs", "nfs4", "cifs", "9p"})
"""No permissions, no safe rename, or a network in between."""


class ReadOnly(Fault):
    code = "check.disk-read-only"
    en = (
        "{path} is on a read-only file system ({mount}): nothing can be stored. dmesg tells whether the card is "
        "failing; replace it, or mount -o remount,rw {mount}"
    )
    zh = (
        "{path} 所在的文件系统（{mount}）只读，事件无法保存：请用 dmesg 查看存储卡是否损坏，更换存储卡，或执行 "
        "mount -o remount,rw {mount}"
    )


class Fleeting(Fault):
    code = "check.disk-fleeting"
    level = "warn"
    en = (
        "{path} is on {kind}: what is stored may be gone after a power cut: set store.dir to a folder on the card "
        "or disk"
    )
    zh = "{path} 位于 {kind}，断电后数据可能丢失：请把 store.dir 设在存储卡或硬盘上"


class Unfit(Fault):
    code = "check.disk-unfit"
    level = "warn"
    en = "{path} is on {kind}, on which a power cut may ruin the outbox: use ext4 on the card or disk"
    zh = "{path} 位于 {kind}，断电可能损坏待发库：请使用存储卡或硬盘上的 ext4"


class Full(Fault):
    code = "check.disk-full"
    en = (
        "{path}: {free} MiB free: nothing more can be stored soon: remove what is not needed (du -xh / | sort -h | "
        "tail), or journalctl --vacuum-size=50M"
    )
    zh = (
        "{path}：只剩 {free} MiB，很快无法保存：请清理不需要的文件（du -xh / | sort -h | tail），或执行 journalctl "
        "--vacuum-size=50M"
    )


class QuotaTooLarge(Fault):
    code = "check.disk-quota"
    level = "warn"
    en = (
        "{path}: {free} MiB free, but store.max_mb and store.pictures_max_mb still allow for {wanted} MiB more: "
        "lower them, or make room"
    )
    zh = (
        "{path}：剩余 {free} MiB，而 store.max_mb 与 store.pictures_max_mb 还允许增长 {wanted} MiB：请调小限额或腾"
        "出空间"
    )


def _look(scene: Scene) -> Iterable[Line]:
    folder = _existing(scene.store.absolute())
    try:
        room = os.statvfs(folder)
    except OSError:
        return  # `permissions` tells
    mount, kind = mounted(folder, scene.root / "proc/self/mountinfo")
    if room.f_flag & os.ST_RDONLY:
        yield found(ReadOnly(path=scene.store, mount=mount))
        return
    if kind in _GONE:
        yield found(Fleeting(path=scene.store, kind=kind))
    elif kind in _UNFIT:
        yield found(Unfit(path=scene.store, kind=kind))
    free = room.f_bavail * room.f_frsize // _MIB
    wanted = max(0, scene.config.store.max_mb + scene.config.store.pictures_max_mb - used_bytes(scene.store) // _MIB)
    if free < MIN_FREE_MB:
        yield found(Full(path=scene.store, free=free))
    elif free < wanted:
        yield found(QuotaTooLarge(path=scene.store, free=free, wanted=wanted))
    else:
        yield passed(f"{scene.store}：{kind}，剩余 {free} MiB", f"{scene.store}: {free} MiB free on {kind}")


def _existing(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def used_bytes(folder: Path) -> int:
    """What the store takes already, pictures included."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                continue  # deleted while we looked, or not ours to see
    return total


def mounted(folder: Path, table: Path) -> tuple[str, str]:
    """Mount point and kind of the file system of a folder; see proc_pid_mountinfo(5)."""
    best = ("/", "?")
    try:
        lines = table.read_text("utf-8", "replace").splitlines()
    except OSError:
        return best
    for line in lines:
        left, _, right = line.partition(" - ")
        point = left.split()[4].encode().decode("unicode_escape")
        if folder.is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, right.split()[0])
    return best


CHECK = Check(
    "disk",
    "数据所在的磁盘可写、断电不丢，剩余空间够用",
    "the store is on a disk that lasts and can be written, with room for its quotas",
    _look,
    (ReadOnly, Fleeting, Unfit, Full, QuotaTooLarge),
)
