"""The channels that are set up, by name.

A further one is a file beside this with what `channel.Channel` asks for, a line of `MAKERS` here, and in
`config.notify` its settings, a field of `NotifySettings` for them and its name in `CHANNELS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from countyhub.config import CHANNELS, Config
from countyhub.notify.channel import Channel
from countyhub.notify.email_smtp import Email
from countyhub.notify.sms_http import Sms
from countyhub.notify.webhook import Webhook
from countyhub.notify.wecom import Wecom
from gridwire.problem import Problem


class CaUnreadable(Problem):
    code = "notify.ca-unreadable"
    en = "cannot read the certificates of notify.{channel}.ca: {why}. Name a PEM file that the hub's user may read"
    zh = "无法读取 notify.{channel}.ca 的证书：{why}。请填写汇聚端的用户可以读取的 PEM 文件"


class ChannelOff(Problem):
    code = "notify.channel-off"
    en = "the channel “{channel}” is not set up: countyhub.toml has no table [notify.{channel}]"
    zh = "渠道“{channel}”没有配置：countyhub.toml 中没有 [notify.{channel}]"


def build(config: Config) -> Mapping[str, Channel]:
    """Raises `SecretUnreadable`, `CaUnreadable`, `webhook.BadSecret`; connects to nothing."""
    return MappingProxyType({name: _one(config, name) for name in CHANNELS if getattr(config.notify, name) is not None})


def one(config: Config, name: str) -> Channel:
    """As `build`; raises `ChannelOff` too."""
    if name not in CHANNELS or getattr(config.notify, name) is None:
        raise ChannelOff(channel=name)
    return _one(config, name)


async def close(channels: Mapping[str, Channel]) -> None:
    for channel in channels.values():
        await channel.close()


def _one(config: Config, name: str) -> Channel:
    try:
        return MAKERS[name](getattr(config.notify, name), config)
    except OSError as error:  # ssl.SSLError is one: the file holds no certificate
        raise CaUnreadable(channel=name, why=error) from error


MAKERS: Final[Mapping[str, Callable[[Any, Config], Channel]]] = {
    "email": lambda settings, config: Email(settings, config.name or config.county),
    "sms": lambda settings, config: Sms(settings, config.notify.proxy),
    "wecom": lambda settings, config: Wecom(settings, config.notify.proxy),
    "webhook": lambda settings, config: Webhook(settings, config.notify.proxy, config.feeds.allow_private),
}
"""By name, of its table of settings and of all of them."""
