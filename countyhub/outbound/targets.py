"""Where webhooks may go: addresses of the public network, and of the networks that the settings allow.

The name is resolved here, once, and the connection made to an address that was looked at: a name that says something
else a moment later (DNS rebinding) changes nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from gridwire.problem import Problem

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_NAT64 = IPv6Network("64:ff9b::/96")
MAX_URL = 2000


class TargetProblem(Problem):
    """Base: why a webhook may not go there."""


class BadUrl(TargetProblem):
    code = "feeds.bad-url"
    en = "“{url}” is no address for a webhook: https://name/path, without user name and fragment"
    zh = "“{url}”不是可用的推送地址：应为 https://主机名/路径，不带用户名和片段"


class PrivateAddress(TargetProblem):
    code = "feeds.private-address"
    en = "{host} is at {address}, which is no public address: allow its network in feeds.allow_private, if it is yours"
    zh = "{host} 的地址 {address} 不是公网地址；如确属本单位网络，请在 feeds.allow_private 中允许该网段"


class NotEncrypted(TargetProblem):
    code = "feeds.not-encrypted"
    en = "{host} is at {address}: over the public network only https is used"
    zh = "{host} 的地址为 {address}：经公网推送必须使用 https"


class NameUnknown(TargetProblem):
    code = "feeds.name-unknown"
    en = "the name {host} cannot be resolved: {why}"
    zh = "无法解析主机名 {host}：{why}"


class BadNetwork(Problem):
    code = "feeds.bad-network"
    en = "feeds.allow_private: “{given}” is no network, e.g. 10.20.0.0/16"
    zh = "feeds.allow_private：“{given}”不是网段，例如 10.20.0.0/16"


class Targets:
    """The rule of a hub. Raises `BadNetwork`."""

    def __init__(self, allow_private: Iterable[str]) -> None:
        self._allowed = [_network(given) for given in allow_private]

    async def find(self, url: httpx.URL) -> list[Address]:
        """The addresses of the host, each of them fit to be connected to. Raises a `TargetProblem`."""
        host = url.raw_host.decode("ascii")
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameUnknown(host=host, why=error) from error
        addresses = list(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found))
        for address in addresses:
            self._check(host, address, encrypted=url.scheme == "https")
        return addresses

    def _check(self, host: str, address: Address, *, encrypted: bool) -> None:
        if any(address in network for network in self._allowed):
            return
        if not is_public(address):
            raise PrivateAddress(host=host, address=address)
        if not encrypted:
            raise NotEncrypted(host=host, address=address)


def parse(given: str) -> httpx.URL:
    """Raises `BadUrl`."""
    try:
        url = httpx.URL(given)
    except httpx.InvalidURL as error:
        raise BadUrl(url=given[:200]) from error
    odd = (
        url.userinfo or url.fragment or len(given) > MAX_URL or not 1 <= (443 if url.port is None else url.port) < 65536
    )
    if url.scheme not in ("http", "https") or not url.host or odd:
        raise BadUrl(url=given[:200])
    return url


def is_public(address: Address) -> bool:
    """Whether it belongs to the public network; for IPv4 wrapped into IPv6 the address inside decides."""
    inner = _unwrapped(address)
    odd = inner.is_multicast or inner.is_reserved or inner.is_unspecified or inner.is_loopback or inner.is_link_local
    return inner.is_global and not inner.is_private and not odd


def _unwrapped(address: Address) -> Address:
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _network(given: str) -> Network:
    try:
        return ip_network(given, strict=False)
    except ValueError as error:
        raise BadNetwork(given=given) from error
