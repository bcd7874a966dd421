"""`flash`: how worn is the card? eMMC tells the kernel (JESD84-B51, EXT_CSD 267-269); SD cards do not."""

from __future__ import annotations

from collections.abc import Iterable

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.verdict import Fault, Line, found, passed

_WORN, _WORN_OUT = 9, 11
"""life_time: 1 is 0-10 % used, 10 is 90-100 %, 11 is over. pre_eol_info: 2 is 80 % of the spare blocks, 3 is 90 %."""


class Worn(Fault):
    code = "check.flash-worn"
    level = "warn"
    en = "the flash {device} has used {share} of its life: plan to replace it, and keep store.retain_days small"
    zh = "闪存 {device} 寿命已用 {share}：请安排更换，并调小 store.retain_days"


class WornOut(Fault):
    code = "check.flash-worn-out"
    en = (
        "the flash {device} is worn out and may turn read-only any day: replace it; what waits is sent first "
        "(edgeagent outbox show)"
    )
    zh = "闪存 {device} 寿命已尽，随时可能变为只读：请更换；先确认待发事件已上报（edgeagent outbox show）"


def _look(scene: Scene) -> Iterable[Line]:
    told = 0
    for device in sorted((scene.root / "sys/block").glob("mmcblk*/device/life_time")):
        name = device.parents[1].name
        ages = _numbers(scene.read(f"sys/block/{name}/device/life_time"))
        spare = _numbers(scene.read(f"sys/block/{name}/device/pre_eol_info"))
        if not ages:
            continue
        told += 1
        age, left = max(ages), max(spare, default=1)
        share = f"{max(age - 1, 0) * 10}–{age * 10} %"
        if age >= _WORN_OUT or left >= 3:
            yield found(WornOut(device=name), name)
        elif age >= _WORN or left == 2:
            yield found(Worn(device=name, share=share), name)
        else:
            yield passed(f"{name}：寿命已用 {share}", f"{name}: {share} of its life used", name)
    if not told:
        yield passed(
            "本机存储器不公开寿命信息：SD 卡一律不提供；固态硬盘可由 root 执行 smartctl -a /dev/sda 查看（apt install "
            "smartmontools）",
            "no storage here tells its wear to everybody: SD cards never do; an SSD does to root: smartctl -a /dev/sda "
            "(apt install smartmontools)",
        )


def _numbers(text: str) -> list[int]:
    """`0x01 0x02` -> [1, 2]; nothing for what is not that."""
    try:
        return [int(word, 16) for word in text.split()]
    except ValueError:
        return []


CHECK = Check("flash", "eMMC 闪存的磨损程度", "wear of the eMMC, as it tells itself", _look, (Worn, WornOut))
