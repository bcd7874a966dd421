"""The settings of one sender of alarms. Light to import."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from msgspec import field

from drivers.snapshot.privacy import check_privacy
from drivers.snapshot.settings import PictureWidth, Privacy
from drivers.webhook.vocabulary import IGNORE
from edgeagent.driver import KINDS, DeviceConfig, Secret, about

LOCAL = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7",
         "fe80::/10")  # fmt: skip
"""Loopback, and the addresses that networks without a public one have."""


class Config(DeviceConfig, frozen=True, kw_only=True):
    """One recorder, camera or panel that POSTs its alarms to this box. 由设备主动推送（HTTP POST）的报警。"""

    listen: Annotated[str, about("本机监听地址", "address of the box to listen on", min_length=1, max_length=64)] = (
        "0.0.0.0"
    )
    port: Annotated[
        int,
        about("监听端口；多台设备可共用同一端口", "port to listen on; devices may share one", ge=0, le=65535),
    ] = 8085
    path: Annotated[
        str,
        about(
            "本设备推送的路径，同一端口内不可重复，例如 /gate",
            "path that this device posts to, of its own on the port, e.g. /gate",
            pattern=r"^/[A-Za-z0-9._~/-]{1,100}\Z",
        ),
    ] = "/alarm"
    allow: Annotated[
        tuple[str, ...],
        about("允许推送的地址或网段", "addresses or networks that may post", max_length=64),
    ] = LOCAL
    token: Annotated[
        Secret,
        about(
            "推送时须携带的口令，可用 ?token=、X-Token 或 Bearer；留空则不检查",
            "secret that must come as ?token=, X-Token or Bearer; empty: none",
            max_length=128,
        ),
    ] = ""
    username: Annotated[
        str, about("设备登录用户名；留空则不登录", "user that the device logs in as; empty: no login", max_length=64)
    ] = ""
    password: Annotated[Secret, about("登录密码", "its password", max_length=128)] = ""
    auth: Annotated[Literal["digest", "basic"], about("登录方式", "how it logs in")] = "digest"
    kinds: Annotated[
        dict[str, str],
        about(
            f"设备的事件名称对应的报警类型；{IGNORE} 表示不需要",
            f"the device's own names of events and our kinds of alarm; {IGNORE}: not wanted",
        ),
    ] = field(default_factory=dict)
    clear_after_s: Annotated[
        float,
        about(
            "设备不发送结束信号时，超过多少秒没有重复即视为结束",
            "seconds without a repeat after which an alarm ends that the device never ends itself",
            ge=1,
            le=86400,
        ),
    ] = 30.0
    silent_after_s: Annotated[
        float,
        about(
            "超过多少秒没有任何消息即视为离线；0 表示设备不发送心跳",
            "seconds without any message after which the device counts as down; 0: it sends no heartbeat",
            ge=0,
            le=604800,
        ),
    ] = 0.0
    trust_time: Annotated[
        bool,
        about(
            "采用设备自带的时间（仅限最近一天内）；false 表示采用收到的时间",
            "take the device's own time when it lies within the last day; false: the time of arrival",
        ),
    ] = False
    picture_width_px: PictureWidth = 1280
    privacy: Privacy = ()

    def __post_init__(self) -> None:
        check_privacy(self.privacy)
        for network in self.allow:
            _check_network(network)
        for name, kind in self.kinds.items():
            if kind not in KINDS and kind != IGNORE:
                raise ValueError(f"kinds: {name!r}: no kind {kind!r} / 没有报警类型 {kind!r}")
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password belong together / username 与 password 须同时填写")


def _check_network(network: str) -> None:
    try:
        ip_network(network, strict=False)
    except ValueError:
        raise ValueError(f"allow: {network!r} is no address or network / 不是地址或网段") from None
