"""Every setting of the hub, once: name, type, limits, default, unit and meaning. The sample is made from it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from countyhub.config.base import Settings
from countyhub.config.broker import BrokerSettings, TlsSettings
from countyhub.config.cases import CalendarSettings, EscalationSettings
from countyhub.config.enrol import EnrolSettings
from countyhub.config.feeds import FeedsSettings, FeedType, MqttFeedSettings
from countyhub.config.notify import EmailSettings, NotifySettings, SmsSettings, WebhookSettings, WecomSettings
from countyhub.config.store import DatabaseSettings, ReplaySettings, RetentionSettings
from countyhub.config.web import AccountSettings, ApiSettings, WebSettings
from gridwire.codes import COUNTY_PATTERN
from gridwire.problem import Language

__all__ = [
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
]


class Config(Settings, frozen=True, kw_only=True):
    """The whole configuration: `countyhub.toml`."""

    county: Annotated[str, Meta(pattern=COUNTY_PATTERN, description="code of the county, 6 digits")]
    name: Annotated[str, Meta(max_length=64, description="name of the county, for people")] = ""
    language: Annotated[Language, Meta(description="language of texts: zh or en")] = "zh"
    data_dir: Annotated[str, Meta(min_length=1, description="folder of everything the hub keeps")] = (
        "/var/lib/countyhub"
    )
    broker: BrokerSettings = BrokerSettings()
    database: DatabaseSettings = DatabaseSettings()
    retention: RetentionSettings = RetentionSettings()
    replay: ReplaySettings = ReplaySettings()
    web: WebSettings = WebSettings()
    accounts: AccountSettings = AccountSettings()
    api: ApiSettings = ApiSettings()
    calendar: CalendarSettings = CalendarSettings()
    escalation: EscalationSettings = EscalationSettings()
    feeds: FeedsSettings = FeedsSettings()
    notify: NotifySettings = NotifySettings()
    enrol: EnrolSettings = EnrolSettings()

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data_dir}/hub.db"

    @property
    def client_id(self) -> str:
        return self.broker.client_id or f"countyhub-{self.county}"
