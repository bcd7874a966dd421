"""What is wrong with the box, in sentences that say what to do; the worst first. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from edgeagent.budget import LevelName
from edgeagent.status.state import BoxStatus
from gridwire.systemwords import system_words

LATE_S = 3600.0
"""Connected, and an event this old not acknowledged: the hub behind the broker does not work."""

_LAST_BYTES = 2 * 1024 * 1024
"""At its quota an outbox refuses what the rest of it cannot hold. With more left than that, the disk is at its end."""


class Finding(NamedTuple):
    """`bad`: something is not recorded or not watched now. `warn`: it will be, if nobody acts."""

    level: Literal["bad", "warn"]
    zh: str
    en: str


def findings(status: BoxStatus) -> list[Finding]:
    """All that a person should act on; empty when all is well."""
    found = [*_store(status), *_link(status), *_data(status), *_clock(status), *_devices(status)]
    return sorted(found, key=lambda finding: finding.level != "bad")


def _store(status: BoxStatus) -> Iterator[Finding]:
    store = status.store
    if store.unwritable:
        yield Finding(
            "bad",
            f"待发库无法写入（{system_words(store.unwritable, 'zh')}），新事件无法入库。"
            "请运行 edgeagent check 检查磁盘，必要时更换。",
            f"The outbox cannot be written ({store.unwritable}) and refuses new events. "
            "Look at the disk with edgeagent check, and replace it if need be.",
        )
    elif store.full and store.outbox_bytes < store.outbox_max_bytes - _LAST_BYTES:
        yield Finding(
            "bad",
            "磁盘已满，新事件无法入库。请清理磁盘；运行 edgeagent check 查看剩余空间。",
            "The disk is full and new events are refused. Make room on it; edgeagent check tells what is left.",
        )
    elif store.full:
        yield Finding(
            "bad",
            "待发库已满，新事件无法入库。请恢复与县级平台的连接，或调大 store.max_mb。",
            "The outbox is full and refuses new events. Restore the link to the hub, or raise store.max_mb.",
        )
    if parked := status.counters.get("parked", 0):
        yield Finding(
            "warn",
            f"有 {parked} 个事件因服务器永远不会接收而放弃（已声明缺口）。请核对服务器的报文大小上限。",
            f"{parked} events were given up because the broker will never take them (declared as gaps). "
            "Check the broker's limit on packet size.",
        )


def _link(status: BoxStatus) -> Iterator[Finding]:
    if not status.connected:
        yield Finding(
            "warn",
            f"未连接县级平台 {status.hub}。事件保存在本盒，连接后自动补传。运行 edgeagent check 查找原因。",
            f"Not connected to the hub {status.hub}. Events are kept here and sent later. "
            "Run edgeagent check to find the cause.",
        )
    if status.held:
        yield Finding(
            "bad",
            f"服务器拒收（{status.held}），事件全部保存在本盒。请县级管理员检查本盒的权限（ACL）和配额。",
            f"The broker refuses our messages ({status.held}); all is kept here. "
            "Have the county check this box's permissions (ACL) and quota.",
        )
    elif status.connected and status.oldest_waiting_s > LATE_S:
        yield Finding(
            "warn",
            "已连接，但有事件超过一小时未得到确认。请县级管理员检查县级平台是否正常运行。",
            "Connected, but an event has waited for more than an hour. Have the county check that the hub runs.",
        )
    if status.counters.get("strange_acks", 0):
        yield Finding(
            "warn",
            f"收到本盒未发送的编号的确认：是否有另一台盒子使用编号 {status.box}？",
            f"Acknowledgements came for numbers that were never sent: does another box use the id {status.box}?",
        )


_LEVELS: dict[LevelName, tuple[str, str]] = {
    "smaller pictures": ("图片缩小到 40 KiB 以内", "pictures are made smaller than 40 KiB"),
    "no pictures": (
        "图片暂存本盒不发送，报警不再抓拍",
        "pictures stay here and alarms take none",
    ),
    "rare health": (
        "图片暂存本盒不发送，报警不再抓拍，健康报文每小时一次",
        "pictures stay here, alarms take none, and health is told once an hour",
    ),
}


def _data(status: BoxStatus) -> Iterator[Finding]:
    data = status.data
    if data is None or data.level not in _LEVELS or not data.budget_bytes:
        return
    zh, en = _LEVELS[data.level]
    share = 100 * data.used_bytes // data.budget_bytes
    # Without a clock that is right no month ever ends.
    until_zh = f"，{data.resets:%Y-%m-%d} 重新起算" if data.resets else "，时钟同步后才会重新起算"
    until_en = f", until {data.resets:%Y-%m-%d}" if data.resets else ", until the clock is synchronised"
    since_zh = f"自 {data.since:%Y-%m-%d %H:%M} UTC 起" if data.since else ""
    since_en = f" since {data.since:%Y-%m-%d %H:%M} UTC" if data.since else ""
    yield Finding(
        "warn",
        f"本月流量预算已用 {share}%，{since_zh}{zh}{until_zh}。报警、签到和求助照常发送。"
        "流量够用时可调大 hub.data_mb_per_month。",
        f"{share} % of this month's data budget is used:{since_en} {en}{until_en}. Alarms, check-ins and SOS go as "
        "ever. If the contract allows for more, raise hub.data_mb_per_month.",
    )


def _clock(status: BoxStatus) -> Iterator[Finding]:
    if status.clock == "unsynced":
        yield Finding(
            "warn",
            "本机时钟未同步，布防时段暂不生效，事件时间由县级平台校正。请检查网络和 NTP。",
            "The clock is not synchronised: armed hours do not count, the hub corrects the times. "
            "Check the network and NTP.",
        )


def _devices(status: BoxStatus) -> Iterator[Finding]:
    bad = [device.name or device.id for device in status.devices if device.state in ("down", "degraded")]
    if bad:
        yield Finding(
            "bad",
            f"{len(bad)} 台设备不正常：{'、'.join(bad[:5])}{'……' if len(bad) > 5 else ''}。原因见设备表。",
            f"Devices that are not well: {len(bad)} ({', '.join(bad[:5])}{' …' if len(bad) > 5 else ''}). "
            "The table of devices says why.",
        )
