"""Every setting of the hub, once: name, type, limits, default, unit and meaning. The sample is made from it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gridwire.codes import COUNTY_PATTERN
from gridwire.problem import Language

FeedType = Literal["alarm", "checkin", "request", "rating", "sos", "reading", "device", "picture", "gap", "case"]
"""What can be sent on: the kinds of events, and the steps of cases."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all tables: an unknown key is a mistake, never ignored."""


class TlsSettings(Settings, frozen=True, kw_only=True):
    """How the hub knows the broker, and proves who it is."""

    ca: Annotated[str, Meta(min_length=1, description="certificate of the county's CA, PEM file")]
    cert: Annotated[str, Meta(description="the hub's certificate, PEM file; empty: none")] = ""
    key: Annotated[str, Meta(description="the hub's key, PEM file, readable by nobody else")] = ""


class BrokerSettings(Settings, frozen=True, kw_only=True):
    """The broker that the boxes talk to."""

    host: Annotated[str, Meta(min_length=1, description="name or address of the broker")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535, description="port: 8883 with TLS, 1883 without")] = 1883
    protocol: Annotated[Literal["5", "3.1.1"], Meta(description="version of MQTT")] = "5"
    username: Annotated[str, Meta(description="user name; empty: none")] = ""
    password: Annotated[str, Meta(description="password: `file:PATH`, `env:NAME` or the text")] = ""
    client_id: Annotated[
        str,
        Meta(
            max_length=64,
            description="must stay the same: its session holds what came while we were away; empty: countyhub-COUNTY",
        ),
    ] = ""
    keepalive_s: Annotated[int, Meta(ge=5, le=3600, description="seconds between pings on a quiet link")] = 60
    backoff_max_s: Annotated[float, Meta(ge=1, le=3600, description="longest pause between two attempts, seconds")] = 30
    shared: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9_-]{0,32}$",
            description="several hub processes on one PostgreSQL share the messages under this name (MQTT 5); each is "
            "started with its own `--worker NAME`; empty: one process takes all",
        ),
    ] = ""
    window: Annotated[
        int, Meta(ge=1, le=65535, description="messages that may wait for the database; then the broker waits (MQTT 5)")
    ] = 200
    tls: Annotated[TlsSettings | None, Meta(description="TLS; without this table the link is not encrypted")] = None


class DatabaseSettings(Settings, frozen=True, kw_only=True):
    """Where everything is kept."""

    url: Annotated[
        str,
        Meta(
            description="empty: the SQLite file hub.db in data_dir; or `postgresql://USER@HOST/NAME`; by the local "
            "socket `postgresql://USER@/NAME?host=/run/postgresql`; over a network with `?sslmode=verify-full`"
        ),
    ] = ""
    password: Annotated[
        str, Meta(description="of PostgreSQL: `file:PATH`, `env:NAME` or the text; empty: none, or in the URL")
    ] = ""


class RetentionSettings(Settings, frozen=True, kw_only=True):
    """How long things are kept, in days; 0: for ever. Looked at daily, and by `countyhub prune`. What is not settled
    stays in any case: missing numbers, letters that could not be read, orders without an answer."""

    pictures_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="pictures: 90 days is what the law asks of video of public places; they fill the disk",
        ),
    ] = 90
    events_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="events, and what was made of them: three years, so that years can be compared and a late "
            "complaint looked into; what an open case stands on stays",
        ),
    ] = 1100
    dead_letters_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="letters that could be read in the end, and numbers used twice that were dealt with",
        ),
    ] = 200
    gaps_days: Annotated[
        int,
        Meta(ge=0, le=36500, description="what boxes had to give up: as long as the events, whose counts it explains"),
    ] = 1100
    orders_days: Annotated[
        int,
        Meta(ge=0, le=36500, description="orders to boxes and their answers: logs, of which the law wants six months"),
    ] = 200

    deliveries_days: Annotated[
        int,
        Meta(ge=0, le=36500, description="what webhooks were sent, and what they would not take in the end"),
    ] = 30

    attachments_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="pictures and documents of cases that are over, counted from their last change: as long as the "
            "events, for they show people, and the timeline still says that they were there",
        ),
    ] = 1100
    cases_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="cases that are over, with their timelines, counted from their last change: ten years, the "
            "shortest term of official files; export them before (countyhub case export). Open ones stay, and those "
            "merged with what is open; a number is never given again",
        ),
    ] = 3660
    audit_days: Annotated[
        int, Meta(ge=183, le=36500, description="who did what: the law wants six months (网络安全法 第二十一条)")
    ] = 1100

    def days(self) -> dict[str, int]:
        """Kind -> days, in the order in which they are given up."""
        letters, orders = self.dead_letters_days, self.orders_days
        return {
            "pictures": self.pictures_days,
            "events": self.events_days,
            "letters": letters,
            "reused": letters,
            "gaps": self.gaps_days,
            "matters": self.events_days,
            "links": self.events_days,
            "suppressed": self.events_days,
            "orders": orders,
            "replies": orders,
            "deliveries": self.deliveries_days,
            "attachments": self.attachments_days,
            "cases": self.cases_days,
        }


class ReplaySettings(Settings, frozen=True, kw_only=True):
    """How missing events are asked for."""

    pause_s: Annotated[float, Meta(ge=0.1, le=3600, description="seconds between two requests for the same lane")] = 30
    pause_max_s: Annotated[
        float, Meta(ge=1, le=86400, description="the pause doubles up to this while nothing comes, seconds")
    ] = 3600
    max_numbers: Annotated[int, Meta(ge=1, le=100000, description="events asked for at once")] = 5000


class WebSettings(Settings, frozen=True, kw_only=True):
    """The console."""

    enabled: Annotated[bool, Meta(description="serve the console")] = True
    host: Annotated[str, Meta(min_length=1, description="address to listen on; only 127.0.0.1 is private")] = (
        "127.0.0.1"
    )
    port: Annotated[int, Meta(ge=0, le=65535, description="port of the console; 0: any free one")] = 8480
    names: Annotated[tuple[str, ...], Meta(description="names under which browsers reach it, without port")] = ()
    tls_cert: Annotated[
        str, Meta(description="certificate with its chain, PEM file: the hub itself speaks TLS; empty: it does not")
    ] = ""
    tls_key: Annotated[str, Meta(description="its key, PEM file, readable by nobody else")] = ""
    proxies: Annotated[
        tuple[str, ...],
        Meta(description="addresses of TLS proxies of yours in front: nobody else is heard, they alone are believed"),
    ] = ()
    timezone: Annotated[str, Meta(min_length=1, description="IANA time zone in which times are shown")] = (
        "Asia/Shanghai"
    )


class AccountSettings(Settings, frozen=True, kw_only=True):
    """Who is logged in at the console, and for how long; users are made by `countyhub user add`."""

    idle_minutes: Annotated[int, Meta(ge=1, le=1440, description="who does nothing for so long is logged out")] = 30
    longest_hours: Annotated[int, Meta(ge=1, le=168, description="after so many hours everybody is logged out")] = 12
    password_days: Annotated[
        int, Meta(ge=0, le=3660, description="a password must be changed after so many days; 0: only for a reason")
    ] = 0


class ApiSettings(Settings, frozen=True, kw_only=True):
    """The HTTP interface for other programs, at the console's address below /api/1/; see docs/api.md."""

    enabled: Annotated[bool, Meta(description="serve the interface")] = True
    behind_proxy: Annotated[
        bool,
        Meta(
            description="a TLS proxy of yours stands in front on this machine and says X-Forwarded-For: the same as "
            "proxies = 127.0.0.1 and ::1 in [web]; without either, and without tls_cert, tokens are taken from this "
            "machine alone"
        ),
    ] = False
    requests_per_minute: Annotated[int, Meta(ge=1, le=100_000, description="requests a minute with one token")] = 600
    failures_per_minute: Annotated[
        int, Meta(ge=1, le=100_000, description="requests a minute from one address without a good token")
    ] = 30


class EmailSettings(Settings, frozen=True, kw_only=True):
    """Messages by mail."""

    host: Annotated[str, Meta(min_length=1, description="mail server that takes our mail", examples=["mail.local"])]
    port: Annotated[int, Meta(ge=1, le=65535, description="587 with starttls, 465 with tls")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Meta(description="none: only where server and hub are one machine; then nothing is encrypted"),
    ] = "starttls"
    ca: Annotated[str, Meta(description="certificate of the server's CA, PEM file; empty: those of the system")] = ""
    username: Annotated[str, Meta(description="user name; empty: none")] = ""
    password: Annotated[str, Meta(description="password: `file:PATH`, `env:NAME` or the text")] = ""
    sender: Annotated[
        str, Meta(pattern=r"^[!-~]+@[!-~]+$", description="address of the sender", examples=["hub@mail.local"])
    ]
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds to wait for each answer")] = 15


class SmsSettings(Settings, frozen=True, kw_only=True):
    """Messages by a gateway that takes HTTP requests. In `url`, `headers` and `fields` the words {phone}, {text}, {id}
    and {secret} are replaced; {text_json} is the text as it stands inside a JSON string."""

    url: Annotated[
        str, Meta(pattern=r"^https?://", description="address of the gateway", examples=["https://sms.local/send"])
    ]
    method: Annotated[Literal["POST", "GET"], Meta(description="GET: the fields go into the address")] = "POST"
    body: Annotated[Literal["json", "form"], Meta(description="how the fields are written")] = "json"
    headers: Annotated[dict[str, str], Meta(description="headers of the request, each with its value")] = {}
    fields: Annotated[
        dict[str, str], Meta(description="what is asked, each field with its value; empty: phone and content")
    ] = {}
    secret: Annotated[str, Meta(description="for {secret}: `file:PATH`, `env:NAME` or the text")] = ""
    ca: Annotated[str, Meta(description="certificate of the gateway's CA, PEM file; empty: those of the system")] = ""
    success_field: Annotated[
        str, Meta(description="field of the JSON answer that tells success, e.g. data.code; empty: any 2xx")
    ] = ""
    success_value: Annotated[str, Meta(description="what stands in it then")] = "0"
    retry_values: Annotated[tuple[str, ...], Meta(description="what stands in it when it may be tried again")] = ()
    repeats_safely: Annotated[
        bool, Meta(description="the gateway sends only once what comes twice with the same {id}")
    ] = False
    max_chars: Annotated[int, Meta(ge=50, le=1000, description="longest text, characters")] = 200
    per_minute: Annotated[int, Meta(ge=0, le=100000, description="messages a minute at most; 0: no limit")] = 60
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds to wait for the answer")] = 15


class WecomSettings(Settings, frozen=True, kw_only=True):
    """Messages by WeCom (企业微信): to groups by their robots, to members by an application."""

    robots: Annotated[
        dict[str, str],
        Meta(
            description="names of your own, each with the key of a group's robot: `file:PATH`, `env:NAME` or the text"
        ),
    ] = {}
    corp_id: Annotated[str, Meta(description="id of the organisation; for messages to members")] = ""
    agent_id: Annotated[int, Meta(ge=0, description="id of the application; for messages to members")] = 0
    secret: Annotated[str, Meta(description="of the application: `file:PATH`, `env:NAME` or the text")] = ""
    url: Annotated[str, Meta(pattern=r"^https?://", description="address of the service, or of one of your own")] = (
        "https://qyapi.weixin.qq.com"
    )
    ca: Annotated[str, Meta(description="certificate of the service's CA, PEM file; empty: those of the system")] = ""
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds to wait for the answer")] = 15


class WebhookSettings(Settings, frozen=True, kw_only=True):
    """Messages as JSON to an address of the person's, signed as Standard Webhooks says."""

    secret: Annotated[str, Meta(description="whsec_ and base64: `file:PATH`, `env:NAME` or the text")]
    ca: Annotated[str, Meta(description="certificate of the receivers' CA, PEM file; empty: those of the system")] = ""
    timeout_s: Annotated[float, Meta(ge=1, le=60, description="seconds to wait for the answer")] = 15


class NotifySettings(Settings, frozen=True, kw_only=True):
    """Messages to people. Nobody is told anything while no channel is set up."""

    quiet: Annotated[
        str,
        Meta(
            pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9])?$",
            description="hours in which nobody is disturbed but for a call for help; empty: none",
        ),
    ] = "22:00-07:00"
    gather_s: Annotated[
        float, Meta(ge=0, le=3600, description="an ordinary message waits so long for others to go with, seconds")
    ] = 30
    per_hour: Annotated[int, Meta(ge=1, le=1000, description="messages a person gets in an hour by one channel")] = 6
    per_day: Annotated[int, Meta(ge=1, le=10000, description="messages a person gets in a day by one channel")] = 30
    pass_on_s: Annotated[
        float, Meta(ge=5, le=3600, description="a call for help that nobody answers goes on after so many seconds")
    ] = 120
    give_up_h: Annotated[
        float, Meta(ge=0.1, le=240, description="what cannot be sent is given up after so many hours")
    ] = 24
    keep_days: Annotated[int, Meta(ge=1, le=36500, description="how long what was sent is kept: a log")] = 200
    proxy: Annotated[str, Meta(description="HTTP proxy for sms, wecom and webhook; empty: none")] = ""
    email: Annotated[EmailSettings | None, Meta(description="mail; without this table there is none")] = None
    sms: Annotated[SmsSettings | None, Meta(description="text messages; without this table there are none")] = None
    wecom: Annotated[WecomSettings | None, Meta(description="WeCom; without this table there is none")] = None
    webhook: Annotated[WebhookSettings | None, Meta(description="webhooks; without this table there are none")] = None


class MqttFeedSettings(Settings, frozen=True, kw_only=True):
    """Events and cases sent on one by one over MQTT, to other systems; topics and form in docs/feeds.md."""

    enabled: Annotated[bool, Meta(description="send events on over MQTT")] = False
    types: Annotated[
        tuple[FeedType, ...], Meta(description="what is sent: alarm, sos, request, case …; empty: everything")
    ] = ()
    from_beginning: Annotated[
        bool, Meta(description="at the very first start everything that is kept goes, not only what comes from then on")
    ] = False
    window: Annotated[
        int,
        Meta(
            ge=1,
            le=200,
            description="messages under way to the broker; 1 keeps the order whatever a broker refuses, more is faster "
            "over a slow line",
        ),
    ] = 1
    broker: Annotated[
        BrokerSettings | None,
        Meta(description="another broker; without this table that of the boxes, with a client id of its own"),
    ] = None


class FeedsSettings(Settings, frozen=True, kw_only=True):
    """What is sent on to other systems: by webhook (`countyhub webhook add`) and over MQTT."""

    webhooks: Annotated[bool, Meta(description="deliver to the webhooks that were added")] = True
    public_url: Annotated[
        str,
        Meta(
            pattern=r"^(https?://[^\s/]+(/[^\s?#]*[^\s?#/])?)?$",
            description="how others reach this hub, e.g. https://hub.county.example; pictures are named below it",
        ),
    ] = ""
    allow_private: Annotated[
        tuple[str, ...],
        Meta(description="private networks that webhooks may go to, also without TLS, e.g. 10.20.0.0/16"),
    ] = ()
    ca: Annotated[str, Meta(description="further certificate authorities that webhooks are trusted by, PEM file")] = ""
    timeout_s: Annotated[float, Meta(gt=0, le=60, description="seconds in which a webhook must have answered")] = 15
    mqtt: MqttFeedSettings = MqttFeedSettings()


class EnrolSettings(Settings, frozen=True, kw_only=True):
    """Boxes get and renew their certificates here, once `countyhub ca init` has made the county's CA."""

    enabled: Annotated[bool, Meta(description="listen for boxes, and keep certificates and CRL from running out")] = (
        True
    )
    host: Annotated[str, Meta(min_length=1, description="address to listen on")] = "0.0.0.0"
    port: Annotated[int, Meta(ge=0, le=65535, description="port of the enrolment, HTTPS; 0: any free one")] = 8443
    names: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")], ...],
        Meta(
            description="names and addresses under which boxes reach hub and broker, all in the server's certificate; "
            "the first is written into the boxes"
        ),
    ] = ()
    broker_port: Annotated[int, Meta(ge=1, le=65535, description="port of the broker for the boxes, TLS")] = 8883
    hub_port: Annotated[
        int, Meta(ge=1, le=65535, description="port of the broker for the hub itself, on 127.0.0.1 only")
    ] = 1883
    token_days: Annotated[int, Meta(ge=1, le=90, description="a token not used is void after so many days")] = 14
    box_days: Annotated[int, Meta(ge=3, le=1100, description="life of a box's certificate; renewed at two thirds")] = (
        365
    )
    late_days: Annotated[
        int,
        Meta(ge=0, le=3660, description="a box that was off so long after its certificate ended still gets a new one"),
    ] = 730
    server_days: Annotated[
        int, Meta(ge=3, le=3660, description="life of the certificate of hub and broker; renewed at two thirds")
    ] = 730
    ca_days: Annotated[
        int,
        Meta(ge=12, le=36500, description="life of the CA, at least four of a box's certificate; the next comes early"),
    ] = 3650
    crl_days: Annotated[int, Meta(ge=3, le=3660, description="life of the revocation list; renewed weekly")] = 365
    leaving_days: Annotated[
        int, Meta(ge=1, le=365, description="a box that was replaced may deliver what it still has for so many days")
    ] = 60


class EscalationSettings(Settings, frozen=True, kw_only=True):
    """What the hub does with cases by itself, beside turning their lights and archiving them after 7 days."""

    enabled: Annotated[
        bool, Meta(description="move a case one level up when a limit is over, once for each limit (R-LIFE-14)")
    ] = True
    register_after_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=10080,
            description="what a resident reported and nobody has registered so long, the hub registers: clocks begin",
        ),
    ] = 120


class CalendarSettings(Settings, frozen=True, kw_only=True):
    """Working days, and when alarms are expected. Both folders are read again when something in them changes."""

    days_dir: Annotated[
        str,
        Meta(
            description="folder of YEAR.csv and hours.toml; a year that stands there counts instead of the registry's, "
            "the registry's days of other years count as well; empty: the registry alone"
        ),
    ] = ""
    windows_dir: Annotated[
        str, Meta(description="folder of iCalendar files (.ics) that say when alarms are expected; empty: none")
    ] = ""


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
