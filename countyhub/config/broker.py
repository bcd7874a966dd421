"""The broker: where it is, and how hub and broker know each other."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from countyhub.config.base import Settings


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
