"""The words of the status page, each in Chinese and English.

What a fault says stands with the error itself, mostly in its driver: docs/reference/errors.md leads to each.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from edgeagent.rules import REASONS, SUPPRESSIONS
from gridwire.problem import Language

WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "title": ("村级盒子状态", "Village box"),
        "well": ("一切正常", "All is well"),
        "hub": ("县级平台", "Hub"),
        "address": ("地址", "address"),
        "connected": ("已连接", "connected"),
        "disconnected": ("未连接", "not connected"),
        "link": ("连接", "link"),
        "since": ("自", "since"),
        "last_error": ("最近错误", "last error"),
        "held": ("拒收原因", "refused because"),
        "in_flight": ("已发出待确认报文", "messages in flight"),
        "traffic": ("流量（发 / 收）", "traffic (sent / received)"),
        "data": ("本月流量", "data this month"),
        "normal": ("不限制", "nothing is limited"),
        "smaller pictures": ("缩小图片", "smaller pictures"),
        "no pictures": ("不发图片", "no pictures"),
        "rare health": ("减少健康报文", "rare health"),
        "connects": ("连接次数", "connections"),
        "waiting": ("待确认事件", "Waiting events"),
        "lane": ("通道", "lane"),
        "waits": ("待确认", "waiting"),
        "oldest_unacked": ("最早未确认号", "oldest open"),
        "next": ("下一个号", "next number"),
        "oldest": ("最早一条已等待", "the oldest has waited"),
        "store": ("存储", "Storage"),
        "outbox": ("待发库", "outbox"),
        "pictures": ("图片", "pictures"),
        "devices": ("设备", "Devices"),
        "no_devices": ("没有配置设备", "no devices are configured"),
        "device": ("设备", "device"),
        "driver": ("驱动", "driver"),
        "state": ("状态", "state"),
        "why": ("原因", "why"),
        "info": ("信息", "info"),
        "restarts": ("驱动重启", "driver restarts"),
        "counts": ("启动以来", "Since the start"),
        "stored": ("已入库", "stored"),
        "suppressed": ("规则抑制", "suppressed by rules"),
        "evicted": ("已清理", "deleted"),
        "uplink": ("上报", "uplink"),
        "box": ("本盒", "This box"),
        "id": ("编号", "id"),
        "version": ("版本", "version"),
        "started": ("启动时间", "started"),
        "uptime": ("已运行", "running for"),
        "clock": ("时钟", "clock"),
        "board": ("公示栏版本", "notice board revision"),
        "config": ("配置摘要", "configuration"),
        "stream": ("数据流", "stream"),
        "none": ("无", "none"),
        "as_of": ("截至", "as of"),
        # values
        "synced": ("已同步", "synchronised"),
        "unsynced": ("未同步", "not synchronised"),
        "up": ("正常", "up"),
        "degraded": ("降级", "degraded"),
        "down": ("离线", "down"),
        "starting": ("启动中", "starting"),
        "disabled": ("已停用", "switched off"),
        "urgent": ("紧急", "urgent"),
        "alarm": ("报警", "alarm"),
        "record": ("记录", "record"),
        "reading": ("读数", "reading"),
        "media": ("图片", "media"),
        "checkin": ("签到", "check-in"),
        "request": ("办事", "request"),
        "rating": ("评价", "rating"),
        "sos": ("求助", "SOS"),
        "picture": ("抓拍", "picture"),
        "gap": ("缺口", "gap"),
        # what drivers say of a device
        "maker": ("厂商", "maker"),
        "model": ("型号", "model"),
        "firmware": ("固件", "firmware"),
        "serial": ("序列号", "serial"),
        "clock_offset_s": ("时钟偏差（秒）", "its clock is off by, s"),
        "picture_problem": ("图片问题", "picture problem"),
        "pictures_missed": ("漏拍图片", "pictures missed"),
        "states_refused": ("未跟踪的报警", "alarms not followed"),
        "events": ("事件方式", "events"),
        "module": ("身份证读卡模块", "ID card module"),
        "privacy_notice": ("个人信息告知", "notice on personal data"),
        "no_printer": ("无打印机，请张贴", "no printer: post it"),
        "pullpoint": ("拉取事件", "events pulled"),
        "notify": ("推送事件", "events posted"),
        **{why: (REASONS[why].zh, REASONS[why].en) for why in SUPPRESSIONS},
        "sent": ("已发", "sent"),
        "resent": ("重发", "sent again"),
        "refused": ("拒收", "refused"),
        "parked": ("放弃", "given up"),
        "strange_acks": ("异常确认", "strange acks"),
        "renewed": ("为求助重连", "reconnected for a call for help"),
    }
)


def word(key: str, language: Language) -> str:
    """What a key is called; one that is not known (a new counter, a new kind) as it is."""
    zh, en = WORDS.get(key, (key, key))
    return zh if language == "zh" else en


def duration(seconds: float, language: Language) -> str:
    """In the two largest units, e.g. 3 小时 5 分, 3 h 5 min."""
    minutes, second = divmod(int(max(seconds, 0)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    units = ("天", "小时", "分", "秒") if language == "zh" else ("d", "h", "min", "s")
    parts = list(zip((days, hour, minute, second), units, strict=True))
    first = next((index for index, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {unit}" for number, unit in parts[first : first + 2])


def size(count: int) -> str:
    """Bytes for people."""
    if count < 1024:
        return f"{count} B"
    value, unit = count / 1024, "KiB"
    for larger in ("MiB", "GiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.1f} {unit}"
