"""Ranges of addresses as people write them, and addresses of devices compared. Pure."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address, ip_network
from urllib.parse import urlsplit

from gridwire.problem import Problem

MAX_HOSTS = 4096


class BadRange(Problem):
    code = "discover.bad-range"
    en = "“{text}” is no range of addresses: write 192.168.1.0/24, 192.168.1.10-192.168.1.60 or one address"
    zh = "“{text}”不是地址范围：请写作 192.168.1.0/24、192.168.1.10-192.168.1.60 或单个地址"


class RangeTooLarge(Problem):
    code = "discover.range-too-large"
    en = "{text} has {count} addresses, at most {limit} are searched at a time"
    zh = "{text} 有 {count} 个地址，一次最多搜索 {limit} 个"


def hosts(text: str) -> tuple[str, ...]:
    """The addresses of a range, e.g. `192.168.1.0/24`, `A-B`, `192.168.1.10-60`. Raises `BadRange`, `RangeTooLarge`."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    try:
        if not dash:
            network = ip_network(text.strip(), strict=False)
            _limit(text, network.num_addresses)
            return tuple(str(host) for host in network.hosts())
        if last.isascii() and last.isdecimal():
            last = f"{first.rpartition('.')[0]}.{last}"
        begin, end = IPv4Address(first), IPv4Address(last)
    except ValueError as error:
        raise BadRange(text=text[:64]) from error
    if begin > end:
        raise BadRange(text=text[:64])
    _limit(text, int(end) - int(begin) + 1)
    return tuple(str(IPv4Address(number)) for number in range(int(begin), int(end) + 1))


def _limit(text: str, count: int) -> None:
    if count > MAX_HOSTS:
        raise RangeTooLarge(text=text[:64], count=count, limit=MAX_HOSTS)


def place(address: object) -> tuple[str, int] | None:
    """Host and port that an address or URL means, to be compared with another; None when it is none."""
    if not isinstance(address, str) or not address.strip():
        return None
    text = address.strip() if "://" in address else f"http://{address.strip()}"
    try:
        parts = urlsplit(text)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return (parts.hostname.lower(), port) if parts.hostname else None


def in_order(address: str) -> tuple[int, int, str, int]:
    """For sorting: addresses by number, names behind them."""
    host, port = place(address) or (address, 0)
    if re.fullmatch(r"[0-9.]+|[0-9a-f:]+", host):
        try:
            found = ip_address(host)
        except ValueError:
            return 9, 0, host, port
        return found.version, int(found), "", port
    return 9, 0, host, port
