"""Who is at the other end: which address, by which way, and whether anybody could have listened. Pure.

A proxy in front is believed about addresses only where the settings name it; whoever else writes X-Forwarded-For is
not, and stands there with his own address.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import Scope

from countyhub.config import Config

LOOPBACK = ("127.0.0.1", "::1")


class Peer(NamedTuple):
    """`is_private`: TLS, or this very machine. `is_local`: this very machine, without a proxy in between.

    `is_stranger`: the settings want everybody to come by a proxy, and this one does not.
    """

    address: str
    is_tls: bool
    is_local: bool
    is_stranger: bool = False

    @property
    def is_private(self) -> bool:
        return self.is_tls or self.is_local


def believed(config: Config) -> frozenset[str]:
    """The proxies that are believed."""
    named = config.web.proxies or (LOOPBACK if config.api.behind_proxy else ())
    return frozenset(plain(each) for each in named)


def peer(scope: Scope, headers: Headers, proxies: frozenset[str]) -> Peer:
    """The other end of a request."""
    client = scope.get("client")
    address = plain(str(client[0])) if client else LOOPBACK[0]
    is_tls = scope.get("scheme") == "https"
    forwarded = headers.get("x-forwarded-for", "")
    if address in proxies and forwarded:
        said = headers.get("x-forwarded-proto", "https").rpartition(",")[2].strip().lower()
        return Peer(plain(forwarded.rpartition(",")[2].strip())[:64], said == "https", False)
    is_local = is_loopback(address) and not forwarded
    return Peer(address, is_tls, is_local, bool(proxies) and not (is_local or is_tls or address in proxies))


def plain(address: str) -> str:
    """One way of writing each address: an IPv4 address that came to an IPv6 socket is an IPv4 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(getattr(found, "ipv4_mapped", None) or found)


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(plain(address)).is_loopback
    except ValueError:
        return False
