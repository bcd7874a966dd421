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

    enabled: Annotated[bool, about("send events on over MQTT", "通过 MQTT 转发事件")] = False
    types: Annotated[
        tuple[FeedType, ...],
        about(
            "what is sent: alarm, sos, request, case …; empty: everything",
            "转发哪些内容：alarm、sos、request、case 等；留空为全部",
        ),
    ] = ()
    from_beginning: Annotated[
        bool,
        about(
            "at the very first start everything that is kept goes, not only what comes from then on",
            "首次启动时转发已保存的全部内容，而不只是此后到达的",
        ),
    ] = False
    window: Annotated[
        int,
        about(
            "messages under way to the broker; 1 keeps the order whatever a broker refuses, more is faster "
            "over a slow line",
            "同时发送、尚未确认的消息数；1 可在被拒收时仍保持顺序，数值大则在慢速线路上更快",
            ge=1,
            le=200,
        ),
    ] = 1
    broker: Annotated[
        BrokerSettings | None,
        about(
            "another broker; without this table that of the boxes, with a client id of its own",
            "另一台消息服务器；没有此表则用盒子所连的服务器，客户端标识另取",
        ),
    ] = None


class FeedsSettings(Settings, frozen=True, kw_only=True):
    """What is sent on to other systems: by webhook (`countyhub webhook add`) and over MQTT."""

    webhooks: Annotated[bool, about("deliver to the webhooks that were added", "向已添加的地址推送")] = True
    public_url: Annotated[
        str,
        about(
            "how others reach this hub, e.g. https://hub.county.example; pictures are named below it",
            "其他系统访问本汇聚端的地址，如 https://hub.county.example；图片地址以此开头",
            pattern=r"^(https?://[^\s/]+(/[^\s?#]*[^\s?#/])?)?$",
        ),
    ] = ""
    allow_private: Annotated[
        tuple[str, ...],
        about(
            "private networks that webhooks may go to, also without TLS, e.g. 10.20.0.0/16",
            "允许推送到的内网网段，可不用 TLS，如 10.20.0.0/16",
        ),
    ] = ()
    ca: Annotated[
        str,
        about(
            "further certificate authorities that webhooks are trusted by, PEM file",
            "推送时另外信任的 CA 证书，PEM 文件",
        ),
    ] = ""
    timeout_s: Annotated[
        float, about("seconds in which a webhook must have answered", "推送须在多少秒内得到应答", gt=0, le=60)
    ] = 15
    mqtt: Annotated[
        MqttFeedSettings,
        about(
            "events and cases sent on one by one over MQTT, to other systems; topics and form in docs/feeds.md",
            "通过 MQTT 逐条向其他系统转发事件和案件；主题和格式见 docs/feeds.md",
        ),
    ] = MqttFeedSettings()

    @property
    def running(self) -> tuple[str, ...]:
        """Modules of `countyhub.feeds` that run: the name of each table here that is `enabled`, and `webhook`."""
        tables = {field.name: getattr(self, field.name) for field in msgspec.structs.fields(self)}
        enabled = [name for name, table in tables.items() if getattr(table, "enabled", False)]
        return (*enabled, *(("webhook",) if self.webhooks else ()))
