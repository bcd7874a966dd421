"""`data`: how much of the month's data budget is left, and what is done without."""

from __future__ import annotations

from collections.abc import Iterable

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.verdict import Fault, Line, found, passed


class Spare(Fault):
    code = "check.data-spare"
    level = "warn"
    en = (
        "{share} % of this month's {budget} MiB are used, the agent spares data ({level_}): alarms, check-ins and "
        "SOS still go. If the contract allows for more, raise hub.data_mb_per_month"
    )
    zh = (
        "本月流量 {budget} MiB 已用 {share}%，代理正在节省流量（{level_}）：报警、签到和求助仍会发送。套餐允许时请"
        "调大 hub.data_mb_per_month"
    )


def _look(scene: Scene) -> Iterable[Line]:
    budget_mb = scene.config.hub.data_mb_per_month
    if not budget_mb:
        yield passed("没有设置流量预算（hub.data_mb_per_month）", "no budget is set (hub.data_mb_per_month)")
        return
    data = scene.running.status.data if scene.running else None
    if data is None or not data.budget_bytes:
        yield passed(f"每月 {budget_mb} MiB；已用量目前未知", f"{budget_mb} MiB a month; used: not known now")
        return
    share = 100 * data.used_bytes // data.budget_bytes
    if data.level != "normal":
        yield found(Spare(share=share, budget=data.budget_bytes // 2**20, level_=data.level))
        return
    yield passed(f"每月 {budget_mb} MiB，已用 {share}%", f"{share} % of {budget_mb} MiB used")


CHECK = Check("data", "本月流量预算", "the month's data budget", _look, (Spare,))
