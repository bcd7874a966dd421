"""What a channel is: it takes one message and says what became of it, in one of four words.

`Unclear` is the honest one: the other side may have taken it, and did not live to say so. What follows from it is
decided in `delivery`, not by the channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, Protocol

from gridwire.problem import Problem

Why = Literal[
    "dns", "unreachable", "timeout", "tls", "auth", "address", "rate", "refused", "broken", "answer",
    "interrupted", "no-channel", "no-address", "expired", "answered", "closed",
]  # fmt: skip

WHY: Final[Mapping[str, tuple[str, str]]] = {
    "dns": ("域名无法解析：检查服务器名称和本机 DNS", "the name is not known: check the server's name and our DNS"),
    "unreachable": ("连接不上：检查地址、端口和防火墙", "no connection: check address, port and firewall"),
    "timeout": ("对方没有按时答复", "no answer in time"),
    "tls": ("加密连接失败：检查证书、名称和端口", "TLS failed: check certificate, name and port"),
    "auth": ("对方不接受我们的账号或密钥", "our account or key is not accepted"),
    "address": ("收件地址不正确或不存在", "the address is wrong or does not exist"),
    "rate": ("发送过快，对方要求等待", "too fast: we were told to wait"),
    "refused": ("对方拒绝了这条消息", "the message was refused"),
    "broken": ("对方服务出错", "the other side has a fault"),
    "answer": ("答复看不懂或中断，可能已经收到", "the answer made no sense or broke off: it may have been taken"),
    "interrupted": ("发送途中本程序中断，可能已经发出", "we were interrupted while sending: it may have gone"),
    "no-channel": ("该渠道没有配置", "this channel is not set up"),
    "no-address": ("此人没有任何可用的联系方式", "there is no way to this person"),
    "expired": ("多次重试仍未成功，已放弃", "given up after many tries"),
    "answered": ("已有人响应，不再需要", "somebody has answered: no longer needed"),
    "closed": ("案件已结束，不再需要", "the case is over: no longer needed"),
}
"""Each `Why` in Chinese and English."""


class Parcel(NamedTuple):
    """What is to be sent. `id` is the same at every try."""

    id: str
    address: str
    subject: str
    text: str
    urgent: bool = False
    numbers: tuple[str, ...] = ()


class Sent(NamedTuple):
    """The other side has it. `answer` is what it called it."""

    answer: str = ""


class Retry(NamedTuple):
    """It certainly does not have it, and may take it later, not before `after_s`."""

    why: Why
    detail: str = ""
    after_s: float | None = None


class Failed(NamedTuple):
    """It does not have it, and never will."""

    why: Why
    detail: str = ""


class Unclear(NamedTuple):
    """It may have it or not."""

    why: Why
    detail: str = ""


Outcome = Sent | Retry | Failed | Unclear


class BadAddress(Problem):
    code = "notify.bad-address"
    en = "“{address}” is no address for {channel}: {hint}"
    zh = "“{address}”不是 {channel} 渠道的地址：{hint}"


class Channel(Protocol):
    """One way to people. `send` never raises what the network raises."""

    name: str
    per_minute: int
    """Messages a minute in one lane; 0: no limit."""

    def check(self, address: str) -> None:
        """Raises `BadAddress`."""

    def fits(self, text: str) -> bool:
        """Whether it goes as it is; `send` cuts a longer one."""

    def lane(self, address: str) -> str:
        """What shares the limit, e.g. all messages by one robot."""

    def repeats_safely(self, address: str) -> bool:
        """Whether a second message with the same id is dropped or known as the same."""

    async def send(self, parcel: Parcel) -> Outcome: ...

    async def close(self) -> None: ...


def cut(text: str, max_bytes: int) -> str:
    """At most so many bytes of UTF-8, with … where something is missing."""
    raw = text.encode()
    if len(raw) <= max_bytes:
        return text
    return raw[: max_bytes - 3].decode(errors="ignore") + "…"
