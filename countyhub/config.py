"""Every setting of the hub, once: name, type, limits, default, unit and meaning. The sample is made from it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gridwire.codes import COUNTY_PATTERN
from gridwire.problem import Language


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
            description="events: three years, so that years can be compared and a late complaint looked into",
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

    def days(self) -> dict[str, int]:
        """Kind -> days, in the order in which they are given up."""
        letters, orders = self.dead_letters_days, self.orders_days
        return {
            "pictures": self.pictures_days,
            "events": self.events_days,
            "letters": letters,
            "reused": letters,
            "gaps": self.gaps_days,
            "orders": orders,
            "replies": orders,
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
    timezone: Annotated[str, Meta(min_length=1, description="IANA time zone in which times are shown")] = (
        "Asia/Shanghai"
    )


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

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite:///{self.data_dir}/hub.db"

    @property
    def client_id(self) -> str:
        return self.broker.client_id or f"countyhub-{self.county}"
