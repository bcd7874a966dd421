"""Every setting of the hub, once: name, type, limits, default, unit and meaning. The sample is made from it."""

from __future__ import annotations

from typing import Annotated

from countyhub.config.broker import BrokerSettings, TlsSettings
from countyhub.config.cases import CalendarSettings, EscalationSettings
from countyhub.config.enrol import EnrolSettings
from countyhub.config.feeds import FeedsSettings, FeedType, MqttFeedSettings
from countyhub.config.notify import CHANNELS, EmailSettings, NotifySettings, SmsSettings, WebhookSettings, WecomSettings
from countyhub.config.store import DatabaseSettings, ReplaySettings, RetentionSettings
from countyhub.config.web import AccountSettings, ApiSettings, WebSettings
from gridwire.identifiers import COUNTY_PATTERN
from gridwire.problem import Language
from gridwire.settings import Settings, about, meaning

__all__ = [
    "CHANNELS",
    "AccountSettings",
    "ApiSettings",
    "BrokerSettings",
    "CalendarSettings",
    "Config",
    "DatabaseSettings",
    "EmailSettings",
    "EnrolSettings",
    "EscalationSettings",
    "FeedType",
    "FeedsSettings",
    "MqttFeedSettings",
    "NotifySettings",
    "ReplaySettings",
    "RetentionSettings",
    "Settings",
    "SmsSettings",
    "TlsSettings",
    "WebSettings",
    "WebhookSettings",
    "WecomSettings",
    "meaning",
]


class Config(Settings, frozen=True, kw_only=True):
    """The whole configuration: `countyhub.toml`."""

    county: Annotated[
        str, about("县级区划代码，6 位", "code of the county, 6 digits", pattern=COUNTY_PATTERN, example="431126")
    ]
    name: Annotated[str, about("县名，用于显示", "name of the county, for people", max_length=64)] = ""
    language: Annotated[Language, about("界面语言：zh 或 en", "language of texts: zh or en")] = "zh"
    data_dir: Annotated[str, about("汇聚端保存全部数据的目录", "folder of everything the hub keeps", min_length=1)] = (
        "/var/lib/countyhub"
    )
    broker: Annotated[BrokerSettings, about("盒子连接的消息服务器", "the broker that the boxes talk to")] = (
        BrokerSettings()
    )
    database: Annotated[DatabaseSettings, about("数据库：全部数据保存在哪里", "where everything is kept")] = (
        DatabaseSettings()
    )
    retention: Annotated[
        RetentionSettings,
        about(
            "保存期限，天；0 为永久。每天清理一次，也可执行 countyhub prune。尚未了结的一律保留：缺失编号、"
            "未识别报文、未得到答复的指令",
            "how long things are kept, in days; 0: for ever. Looked at daily, and by `countyhub prune`. What is not "
            "settled stays in any case: missing numbers, unread messages, orders without an answer",
        ),
    ] = RetentionSettings()
    replay: Annotated[ReplaySettings, about("缺失事件的补发请求", "how missing events are asked for")] = (
        ReplaySettings()
    )
    web: Annotated[WebSettings, about("控制台", "the console")] = WebSettings()
    accounts: Annotated[
        AccountSettings,
        about(
            "控制台登录的有效时间；用户由 countyhub user add 新建",
            "who is logged in at the console, and for how long; users are made by `countyhub user add`",
        ),
    ] = AccountSettings()
    api: Annotated[
        ApiSettings,
        about(
            "供其他系统使用的 HTTP 接口，位于控制台地址的 /api/1/ 下；见 docs/api.md",
            "the HTTP interface for other programs, at the console's address below /api/1/; see docs/api.md",
        ),
    ] = ApiSettings()
    calendar: Annotated[
        CalendarSettings,
        about(
            "工作日，以及预计会有报警的时段；两个目录中的文件变动后自动重新读取",
            "working days, and when alarms are expected; both folders are read again when something in them changes",
        ),
    ] = CalendarSettings()
    escalation: Annotated[
        EscalationSettings,
        about(
            "汇聚端对案件的自动处理（亮灯和满 7 天归档除外）",
            "what the hub does with cases by itself, beside turning their lights and archiving them after 7 days",
        ),
    ] = EscalationSettings()
    feeds: Annotated[
        FeedsSettings,
        about(
            "向其他系统转发：通过推送（countyhub webhook add）和 MQTT",
            "what is sent on to other systems: by webhook (`countyhub webhook add`) and over MQTT",
        ),
    ] = FeedsSettings()
    notify: Annotated[
        NotifySettings,
        about(
            "给工作人员的通知；未设置任何渠道时不通知任何人",
            "messages to people; nobody is told anything while no channel is set up",
        ),
    ] = NotifySettings()
    enrol: Annotated[
        EnrolSettings,
        about(
            "盒子在此领取和更新证书；须先执行 countyhub ca init 建立县级 CA",
            "boxes get and renew their certificates here, once `countyhub ca init` has made the county's CA",
        ),
    ] = EnrolSettings()

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data_dir}/hub.db"

    @property
    def client_id(self) -> str:
        return self.broker.client_id or f"countyhub-{self.county}"
