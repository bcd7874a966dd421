"""`clock`: is it synchronised, can it be right, does it go on while the power is off?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from edgeagent.clock import Clock
from gridwire.verdict import Fault, Line, found, passed

EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
LATEST = datetime(2060, 1, 1, tzinfo=UTC)
"""This version is in use between these."""


class Impossible(Fault):
    code = "check.clock-impossible"
    en = (
        "this box believes that it is {now}: set the clock (timedatectl set-time), then have NTP keep it; until "
        "then certificates seem not yet valid and armed hours do not count"
    )
    zh = (
        "本机时间是 {now}，不可能正确：请先校准时钟（timedatectl set-time），再启用 NTP；校准之前证书会被视为尚未生"
        "效，布防时段不起作用"
    )


class Unsynced(Fault):
    code = "check.clock-unsynced"
    level = "warn"
    en = (
        "the clock ({now}) is not synchronised: timedatectl set-ntp true; is UDP port 123 open, or name the "
        "county's time server in /etc/systemd/timesyncd.conf"
    )
    zh = (
        "时钟（{now}）没有同步：请执行 timedatectl set-ntp true，确认 UDP 123 端口可用，或在 "
        "/etc/systemd/timesyncd.conf 中填写县里的时间服务器"
    )


class NoBattery(Fault):
    code = "check.clock-no-battery"
    level = "warn"
    en = (
        "this machine has no battery clock: after a power cut it starts with an old time until NTP answers; fit "
        "one where the uplink is often down"
    )
    zh = "本机没有带电池的时钟：断电后在 NTP 应答之前时间不准；线路常断的地方请加装时钟模块"


class BatteryEmpty(Fault):
    code = "check.clock-battery-empty"
    level = "warn"
    en = (
        "the battery clock says {rtc}, this box {now}: its battery is empty, replace it (usually CR2032), then "
        "hwclock -w"
    )
    zh = "电池时钟是 {rtc}，本机时间是 {now}：电池可能耗尽，请更换（一般为 CR2032），再执行 hwclock -w"


def _look(scene: Scene) -> Iterable[Line]:
    now = f"{scene.now:%Y-%m-%d %H:%M} UTC"
    if not EARLIEST <= scene.now < LATEST:
        yield found(Impossible(now=now))
        return
    state = scene.running.status.clock if scene.running else Clock().state()
    if state == "synced":
        yield passed(f"已同步：{now}", f"synchronised: {now}")
    else:
        yield found(Unsynced(now=now))
    yield from _battery(scene, now)


def _battery(scene: Scene, now: str) -> Iterable[Line]:
    text = scene.read("sys/class/rtc/rtc0/since_epoch")
    if not text.isdecimal():
        yield found(NoBattery())
        return
    rtc = datetime.fromtimestamp(min(int(text), 2**32), UTC)
    if abs((rtc - scene.now).total_seconds()) > 86400:
        yield found(BatteryEmpty(rtc=f"{rtc:%Y-%m-%d %H:%M} UTC", now=now))


CHECK = Check(
    "clock",
    "时间已同步且可信，断电时由电池保持",
    "the time is synchronised and plausible, and a battery keeps it over a power cut",
    _look,
    (Impossible, Unsynced, NoBattery, BatteryEmpty),
)
