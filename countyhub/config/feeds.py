"""What is sent on to other systems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from countyhub.config.broker import BrokerSettings
from gridwire.events import EventKind
from gridwire.settings import Settings, about

if TYPE_CHECKING:
    FeedType = str
else:
    FeedType = Literal[EventKind, "case"]
"""What can be sent on: the kinds of events, and the steps of cases."""


class MqttFeedSettings(Settings, frozen=True, kw_only=True):
    """Events and cases sent on one by one over MQTT, to other systems; topics and form in docs/feeds.md."""

    enabled: Annotated[bool, about("通过 MQTT 转发事件", "send events on over MQTT")] = False
    types: Annotated[
        tuple[FeedType, ...],
        about(
            "转发哪些内容：alarm、sos、request、case 等；留空为全部",
            "what is sent: alarm, sos, request, case …; empty: everything",
        ),
    ] = ()
    from_beginning: Annotated[
        bool,
        about(
            "首次启动时转发已保存的全部内容，而不只是此后到达的",
            "at the very first start everything that is kept goes, not only what comes from then on",
        ),
    ] = False
    window: Annotated[
        int,
        about(
            "同时发送、尚未确认的消息数；1 可在被拒收时仍保持顺序，数值大则在慢速线路上更快",
            "messages under way to the broker; 1 keeps the order whatever a broker refuses, more is faster "
            "over a slow line",
            ge=1,
            le=200,
        ),
    ] = 1
    broker: Annotated[
        BrokerSettings | None,
        about(
            "另一台消息服务器；没有此表则用盒子所连的服务器，客户端标识另取",
            "another broker; without this table that of the boxes, with a client id of its own",
        ),
    ] = None


class FeedsSettings(Settings, frozen=True, kw_only=True):
    """What is sent on to other systems: by webhook (`countyhub webhook add`) and over MQTT."""

    webhooks: Annotated[bool, about("向已添加的地址推送", "deliver to the webhooks that were added")] = True
    public_url: Annotated[
        str,
        about(
            "其他系统访问本汇聚端的地址，如 https://hub.county.example；图片地址以此开头",
            "how others reach this hub, e.g. https://hub.county.example; pictures are named below it",
            pattern=r"^(https?://[^\s/]+(/[^\s?#]*[^\s?#/])?)?$",
        ),
    ] = ""
    allow_private: Annotated[
        tuple[str, ...],
        about(
            "允许推送到的内网网段，可不用 TLS，如 10.20.0.0/16",
            "private networks that webhooks may go to, also without TLS, e.g. 10.20.0.0/16",
        ),
    ] = ()
    ca: Annotated[
        str,
        about(
            "推送时另外信任的 CA 证书，PEM 文件",
            "further certificate authorities that webhooks are trusted by, PEM file",
        ),
    ] = ""
    timeout_s: Annotated[
        float, about("推送须在多少秒内得到应答", "seconds in which a webhook must have answered", gt=0, le=60)
    ] = 15
    mqtt: Annotated[
        MqttFeedSettings,
        about(
            "通过 MQTT 逐条向其他系统转发事件和案件；主题和格式见 docs/feeds.md",
            "events and cases sent on one by one over MQTT, to other systems; topics and form in docs/feeds.md",
        ),
    ] = MqttFeedSettings()

    @property
    def running(self) -> tuple[str, ...]:
        """Modules of `countyhub.feeds` that run: the name of each table here that is `enabled`, and `webhook`."""
        tables = {field.name: getattr(self, field.name) for field in msgspec.structs.fields(self)}
        enabled = [name for name, table in tables.items() if getattr(table, "enabled", False)]
        return (*enabled, *(("webhook",) if self.webhooks else ()))
