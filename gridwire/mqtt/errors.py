"""All that can go wrong with the broker, by name. `code` is for programs, `str()` for people (中文 / English)."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class ReasonCode(Struct, frozen=True):
    """A reason code of MQTT 5 (section 2.4); those of 3.1.1 are translated. From 0x80 on it means failure."""

    value: int
    name: str

    @property
    def is_failure(self) -> bool:
        return self.value >= 0x80

    def __str__(self) -> str:
        return f"{self.name} (0x{self.value:02X})"


SUCCESS: Final = ReasonCode(0, "Success")
# The broker took it, but nobody is subscribed: success for the protocol, and yet nobody got it.
NO_MATCHING_SUBSCRIBERS: Final = 0x10

# Refusals of CONNECT that may pass by themselves. All others need a person.
_PASSING: Final = frozenset({0x80, 0x88, 0x89, 0x97, 0x9C, 0x9F})

TEXTS: Final[dict[str, tuple[str, str]]] = {
    "not_connected": ("未连接到消息服务器", "not connected to the broker"),
    "window_full": ("未确认的消息已达上限", "too many messages without acknowledgement"),
    "packet_too_large": ("消息超过服务器允许的大小", "message is larger than the broker allows"),
    "subscribe_refused": ("服务器拒绝订阅", "the broker refused the subscription"),
    "connect_refused": ("服务器拒绝登录", "the broker refused the login"),
    "dns": ("找不到服务器地址（域名解析失败）", "host name cannot be resolved"),
    "tcp_refused": ("服务器拒绝连接（端口未开放）", "connection refused: nothing listens on that port"),
    "unreachable": ("网络不通", "host or network unreachable"),
    "timeout": ("连接超时", "connecting took too long"),
    "no_connack": ("服务器没有回应登录", "the broker did not answer the login"),
    "tls_files": ("证书或密钥文件无法读取", "certificate or key file cannot be used"),
    "tls_wrong_ca": ("服务器证书不是由受信任的机构签发", "server certificate is not signed by the trusted CA"),
    "tls_expired": ("服务器证书已过期（或本机时钟不准）", "server certificate has expired (or our clock is wrong)"),
    "tls_not_yet_valid": (
        "服务器证书尚未生效（本机时钟可能不准）",
        "server certificate is not yet valid (is our clock right?)",
    ),
    "tls_host_mismatch": ("服务器证书与主机名不符", "server certificate is for another host"),
    "tls_client_refused": ("服务器不接受本机证书", "the broker does not accept our certificate"),
    "tls_version": ("双方没有共同的 TLS 版本", "no common TLS version"),
    "tls": ("TLS 加密连接失败", "TLS failed"),
    "broker_disconnect": ("服务器断开了连接", "the broker ended the connection"),
    "keepalive": ("服务器长时间没有回应", "the broker stopped answering"),
    "protocol": ("收到无法识别的数据（不是 MQTT 服务器？）", "protocol error (is this an MQTT broker?)"),
    "lost": ("连接中断", "connection lost"),
    "closed": ("连接已关闭", "connection closed by us"),
}


class MqttError(Exception):
    """Base of all below. `retry_helps` is False when only a person can mend it."""

    def __init__(
        self, code: str, detail: str = "", *, reason: ReasonCode | None = None, retry_helps: bool = True
    ) -> None:
        zh, en = TEXTS[code]
        super().__init__(f"{zh} / {en}" + (f": {detail}" if detail else ""))
        self.code = code
        self.detail = detail
        self.reason = reason
        self.retry_helps = retry_helps


class NotConnected(MqttError):  # a state, and read as one where it is caught
    """There is no connection, or it ended before the broker acknowledged. The message may or may not have arrived."""

    def __init__(self, detail: str = "") -> None:
        super().__init__("not_connected", detail)


class WindowFull(MqttError):
    """As many messages as the broker's Receive Maximum (or `max_inflight`) wait for their PUBACK."""

    def __init__(self, limit: int) -> None:
        super().__init__("window_full", str(limit))
        self.limit = limit


class PacketTooLarge(MqttError):
    """The broker would end the connection over this packet; it was not sent."""

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        super().__init__("packet_too_large", f"{size_bytes} > {limit_bytes} bytes", retry_helps=False)
        self.size_bytes = size_bytes
        self.limit_bytes = limit_bytes


class SubscribeRefused(MqttError):
    """`refused` lists each topic filter with the broker's reason; the others of the call were granted."""

    def __init__(self, refused: list[tuple[str, ReasonCode]]) -> None:
        super().__init__("subscribe_refused", ", ".join(f"{topic}: {reason}" for topic, reason in refused))
        self.refused = refused


class ConnectFailed(MqttError):
    """No connection came about: DNS, TCP, TLS, or no answer to CONNECT. See `code`."""


class ConnectRefused(ConnectFailed):
    """The broker answered CONNECT with a refusal (`reason`)."""

    reason: ReasonCode

    def __init__(self, reason: ReasonCode) -> None:
        super().__init__("connect_refused", str(reason), reason=reason, retry_helps=reason.value in _PASSING)


class LinkLost(MqttError):
    """A connection that stood has ended. `reason` is what the broker said, if it said anything (MQTT 5)."""
