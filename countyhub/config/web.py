"""Whoever looks or asks over HTTP: console, accounts, interface for programs."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from countyhub.config.base import Settings


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
            description="a TLS proxy of yours stands in front on this machine and says X-Forwarded-For: as with "
            "127.0.0.1 and ::1 in web.proxies; without either, and without tls_cert, tokens are taken from this "
            "machine alone"
        ),
    ] = False
    requests_per_minute: Annotated[int, Meta(ge=1, le=100_000, description="requests a minute with one token")] = 600
    failures_per_minute: Annotated[
        int, Meta(ge=1, le=100_000, description="requests a minute from one address without a good token")
    ] = 30
