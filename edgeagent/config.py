"""Every setting of the agent, once: name, type, limits, default, unit and meaning. Samples and reference are made from it.

A device's table has the common keys of `DeviceSettings` and, beside them, the keys of its driver's `Config`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from gridwire.codes import BOX_PATTERN, COUNTY_PATTERN, DEVICE_PATTERN, GRID_PATTERN
from gridwire.events import Severity
from gridwire.problem import Language

PositiveInt = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0, le=86400)]
HourRange = Annotated[
    str,
    Meta(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-4]):[0-5][0-9]$",
        description="HH:MM-HH:MM, may cross midnight",
    ),
]
Path = Annotated[str, Meta(min_length=1)]


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all tables: an unknown key is a mistake, never ignored."""


class TlsSettings(Settings, frozen=True, kw_only=True):
    """How the box proves who it is, and knows the hub."""

    ca: Annotated[Path, Meta(description="certificate of the county's CA, PEM file")]
    cert: Annotated[str, Meta(description="the box's certificate, PEM file")] = ""
    key: Annotated[str, Meta(description="the box's key, PEM file, readable by nobody else")] = ""


class HubSettings(Settings, frozen=True, kw_only=True):
    """The broker at the county."""

    host: Annotated[str, Meta(min_length=1, description="name or address of the broker")]
    port: Annotated[int, Meta(ge=1, le=65535, description="port of the broker: 8883 with TLS, 1883 without")] = 8883
    protocol: Annotated[Literal["5", "3.1.1"], Meta(description="version of MQTT")] = "5"
    username: Annotated[str, Meta(description="user name; empty: the box id")] = ""
    password: Annotated[
        str, Meta(description="password: `file:PATH`, `env:NAME` or the text", extra_json_schema={"secret": True})
    ] = ""
    tls: Annotated[TlsSettings | None, Meta(description="TLS; without this table the link is not encrypted")] = None
    keepalive_s: Annotated[int, Meta(ge=10, le=3600, description="seconds between pings on a quiet link")] = 240
    health_every_s: Annotated[int, Meta(ge=5, le=3600, description="seconds between health messages")] = 300
    backoff_max_s: Annotated[int, Meta(ge=1, le=3600, description="longest pause between two attempts to connect")] = 60
    will_delay_s: Annotated[int, Meta(ge=0, le=3600, description="seconds after which the broker tells the loss")] = 60
    resend_after_s: Annotated[
        float, Meta(ge=1, le=900, description="seconds without the hub's acknowledgement before the oldest goes again")
    ] = 30.0


class StoreSettings(Settings, frozen=True, kw_only=True):
    """What the box keeps, and where."""

    dir: Annotated[Path, Meta(description="folder of the outbox and of the pictures")] = "/var/lib/edgeagent"
    max_mb: Annotated[int, Meta(ge=4, le=65536, description="quota of the outbox's file, MiB")] = 256
    pictures_max_mb: Annotated[int, Meta(ge=1, le=1048576, description="quota of the pictures, MiB")] = 512
    retain_days: Annotated[float, Meta(ge=0, le=365, description="days that acknowledged events stay for replay")] = 7.0
    reading_linger_ms: Annotated[
        int,
        Meta(
            ge=0, le=10000, description="how long readings may wait for company before a commit, for the flash's sake"
        ),
    ] = 300


class StatusSettings(Settings, frozen=True, kw_only=True):
    """The local status page and the metrics."""

    host: Annotated[str, Meta(description="address to listen on; only 127.0.0.1 is private")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="port of page and metrics; 0: any free one")] = 9464
    enabled: Annotated[bool, Meta(description="serve the page and /metrics, /livez, /readyz")] = True


class RuleSettings(Settings, frozen=True, kw_only=True):
    """What becomes of an alarm. Of all rules that match, the last one in the files counts, setting by setting."""

    devices: Annotated[
        tuple[Annotated[str, Meta(pattern=DEVICE_PATTERN)], ...], Meta(description="device ids; empty: all")
    ] = ()
    kinds: Annotated[tuple[str, ...], Meta(description="alarm kinds; empty: all")] = ()
    armed: Annotated[
        tuple[HourRange, ...] | None, Meta(description="hours in which alarms count; others are suppressed")
    ] = None
    cooldown_s: Annotated[
        Seconds | None, Meta(description="seconds after a start in which a further start is suppressed")
    ] = None
    severity: Annotated[Severity | None, Meta(description="how grave it is")] = None
    picture: Annotated[bool | None, Meta(description="take a picture with it")] = None
    drop: Annotated[bool, Meta(description="suppress it always")] = False


class DeviceSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every device has; `options` is the decoded `Config` of its driver."""

    driver: Annotated[str, Meta(min_length=1, description="name of the driver, e.g. onvif, terminal")]
    name: Annotated[str, Meta(max_length=64, description="name for people")] = ""
    grid: Annotated[str | None, Meta(pattern=GRID_PATTERN, description="grid in which it stands, 15 digits")] = None
    enabled: Annotated[bool, Meta(description="false: configured but not watched")] = True
    options: Any = None


class Config(Settings, frozen=True, kw_only=True):
    """The whole configuration: `edgeagent.toml` and, merged over it in the order of their names, `conf.d/*.toml`."""

    box: Annotated[
        str, Meta(pattern=BOX_PATTERN, description="box id: 12-digit village code, -2, -3 for further boxes")
    ]
    county: Annotated[
        str, Meta(pattern=rf"^$|{COUNTY_PATTERN}", description="county of the topics; empty: as in the box id")
    ] = ""
    name: Annotated[str, Meta(max_length=64, description="name of the place")] = ""
    language: Annotated[Language, Meta(description="language of texts for people")] = "zh"
    timezone: Annotated[str, Meta(description="IANA time zone of hours in rules")] = "Asia/Shanghai"
    hub: Annotated[HubSettings, Meta(description="the broker at the county")]
    store: Annotated[StoreSettings, Meta(description="what the box keeps")] = StoreSettings()
    status: Annotated[StatusSettings, Meta(description="local status page and metrics")] = StatusSettings()
    rule: Annotated[tuple[RuleSettings, ...], Meta(description="what becomes of alarms")] = ()
    device: Annotated[dict[str, DeviceSettings], Meta(description="one table a device, named by its id")] = {}
