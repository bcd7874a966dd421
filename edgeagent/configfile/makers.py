"""What the cameras of each maker need: ports, addresses of pictures, listening; and what to set on the camera itself.

A device's table names its maker by `preset = "hikvision"`; what the table says itself always counts more. Ports and
addresses are those of the makers' documents; where a maker documents none, none is set. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from edgeagent.config import MakerName

_BARE_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)")
_BARE_URL = re.compile(r"(https?|rtsp)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(:[0-9]{1,5})?/?")
HTTP_PORT: Final = 80
NOTIFY_LISTEN: Final = "0.0.0.0:8089"
"""Where cameras without pull points post their events; one listener for all of them."""
DRIVERS: Final = ("onvif", "http_snapshot")
"""Whose devices have a maker."""


class Maker(NamedTuple):
    """One maker. `onvif_port`: of ONVIF as the camera comes; `listen`: it has no pull points; `snapshot`, `stream`:
    paths of picture and video of its first channel, empty where the maker documents none; `known_as`: words, lower
    case, by which a camera names its maker; `zh`, `en`: what to see to on the camera."""

    zh_name: str
    en_name: str
    known_as: tuple[str, ...]
    zh: str
    en: str
    onvif_port: int = HTTP_PORT
    listen: bool = False
    snapshot: str = ""
    stream: str = ""

    def settings(self, driver: str) -> dict[str, str]:
        """What it sets for a device of this driver beside addresses."""
        return {"notify_listen": NOTIFY_LISTEN} if self.listen and driver == "onvif" else {}


MAKERS: Final[dict[MakerName, Maker]] = {
    "hikvision": Maker(
        "海康威视", "Hikvision", ("hikvision", "海康", "hilook", "ds-2cd", "ds-2de"),
        "ONVIF 默认关闭：网络 > 高级配置 > 集成协议 中启用，并另建 ONVIF 用户（不是网页登录用户）；"
        "新固件只接受 Digest，程序会自动改用；连续输错密码会锁定账号约半小时；请设置 NTP 校时。",
        "ONVIF is off as it comes: enable it under Network > Advanced > Integration Protocol and create an ONVIF user "
        "there (the web user is another); new firmware takes Digest only, which is found out; some wrong passwords "
        "lock the account for half an hour; set NTP.",
        snapshot="/ISAPI/Streaming/channels/101/picture", stream="/Streaming/Channels/101",
    ),
    "dahua": Maker(
        "大华", "Dahua", ("dahua", "大华", "imou", "ipc-hfw", "ipc-hdw", "dh-ipc"),
        "ONVIF 用户与网页用户分开：系统 > 用户管理 > ONVIF 用户；请设置 NTP 校时；"
        "规则名称会随报警上报，建议取易懂的名称。",
        "ONVIF users stand apart from web users: System > Account > ONVIF User; set NTP; the name of a rule travels "
        "with its alarms, so give it one that people understand.",
        snapshot="/cgi-bin/snapshot.cgi?channel=1", stream="/cam/realmonitor?channel=1&subtype=0",
    ),
    "uniview": Maker(
        "宇视", "Uniview", ("uniview", "宇视", "unv"),
        "ONVIF 使用网页用户；端口被改为 8080 或 8000 的，地址写成 主机:端口；请设置 NTP 校时。",
        "ONVIF takes the web user; where the port was changed to 8080 or 8000, write HOST:PORT as the address; set "
        "NTP.",
        stream="/media/video1",
    ),
    "tvt": Maker(
        "同为", "TVT", ("tvt", "同为", "provision-isr"),
        "在网络 > 集成协议中启用 ONVIF 并建立用户；ONVIF 端口与网页端口相同；请设置 NTP 校时。",
        "Enable ONVIF and create its user under Network > Integration; ONVIF has the port of the web page; set NTP.",
        stream="/profile1",
    ),
    "tp-link": Maker(
        "普联（TP-LINK、VIGI、Tapo）", "TP-Link, VIGI, Tapo", ("tp-link", "tplink", "普联", "vigi", "tapo"),
        "ONVIF 端口为 2020；Tapo 须先在手机应用中建立“摄像机账户”；没有快照地址，图片取自视频流；请设置 NTP 校时。",
        "ONVIF is at port 2020; a Tapo wants a “camera account”, made in its app; there is no snapshot address, "
        "pictures are frames of the stream; set NTP.",
        onvif_port=2020, stream="/stream1",
    ),
    "xm": Maker(
        "雄迈及贴牌", "XM and its relabelled kin", ("xiongmai", "雄迈", "xmeye", "xm530", "xm510", "h264dvr"),
        "ONVIF 端口为 8899；多数没有可拉取的事件，改由摄像机推送到本机 8089 端口；请启用移动侦测；请务必修改出厂密码。",
        "ONVIF is at port 8899; most have no pull points and post their events to port 8089 of the box; enable motion "
        "detection; change the password that it came with.",
        onvif_port=8899, listen=True,
    ),
    "reolink": Maker(
        "睿联", "Reolink", ("reolink", "睿联"),
        "ONVIF 默认关闭：设置 > 网络 > 高级 > 端口 中启用 ONVIF（8000）和 RTSP；电池款不支持。",
        "ONVIF is off as it comes: enable ONVIF (8000) and RTSP under Settings > Network > Advanced > Ports; those "
        "with batteries have neither.",
        onvif_port=8000, stream="/h264Preview_01_main",
    ),
    "axis": Maker(
        "安讯士", "Axis", ("axis",),
        "ONVIF 用户与网页用户分开：系统 > 账户 > ONVIF 账户；请设置 NTP 校时。",
        "ONVIF accounts stand apart from web users: System > Accounts > ONVIF accounts; set NTP.",
        snapshot="/axis-cgi/jpg/image.cgi", stream="/axis-media/media.amp",
    ),
}  # fmt: skip


def recognised(*texts: str) -> MakerName | None:
    """The maker that a camera names in its own words: manufacturer, model, name."""
    said = " ".join(texts).lower()
    for name, maker in MAKERS.items():
        if any(re.search(rf"(?<![a-z0-9]){re.escape(word)}", said) for word in maker.known_as):
            return name
    return None


def makers_in(preset: object) -> list[MakerName]:
    """The makers among the names that a device's `preset` gives, a name or a list of them."""
    given = preset if isinstance(preset, list | tuple) else [preset]
    return [name for name in MAKERS if name in given]


def filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """A device's table with what its maker sets beside what the table says itself; also for one with mistakes in it."""
    full, driver = dict(table), table.get("driver")
    for name in makers_in(table.get("preset")):
        maker = MAKERS[name]
        if driver in DRIVERS:
            full = {**maker.settings(str(driver)), **full}
        if driver == "onvif" and isinstance(full.get("address"), str):
            full["address"] = _with_port(full["address"], maker)
        if driver == "http_snapshot" and isinstance(full.get("url"), str):
            full["url"] = _with_path(full["url"], maker)
    return full


def _with_port(address: str, maker: Maker) -> str:
    """A bare host gets the maker's port of ONVIF."""
    if maker.onvif_port == HTTP_PORT or not _BARE_HOST.fullmatch(address):
        return address
    return f"{address}:{maker.onvif_port}"


def _with_path(url: str, maker: Maker) -> str:
    """An address without a path gets that of the maker's picture, or of its video for `rtsp://`."""
    path = maker.stream if url.startswith("rtsp:") else maker.snapshot
    return url.rstrip("/") + path if path and _BARE_URL.fullmatch(url) else url
