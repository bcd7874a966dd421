"""WS-Discovery as text: the Probe that we send, and what cameras answer, however broken. Pure.

OASIS WS-Discovery in the edition of April 2005 (`schemas.xmlsoap.org/ws/2005/04/discovery`), which ONVIF Core asks for;
the namespaces differ by one digit, so that types are told apart by the device's own words, not by ours.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote

from drivers.devicehttp.request import BodyTooLarge, HttpProblem, Place
from drivers.safexml import BadXml, Element, children, descendants, first, first_text, parse_xml
from edgeagent.driver import DriverProblem

TYPES = ("dn:NetworkVideoTransmitter", "tds:Device")
"""Asked one by one: a Probe that names both is only answered by what is both (WS-Discovery, 5.2)."""

MAX_DATAGRAM_BYTES = 64 * 1024
MAX_MATCHES = 64
MAX_ADDRESSES = 16
MAX_SCOPES = 64
MAX_CHARS = 255
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_SCOPE = re.compile(r"^[a-z]+://[^/]*/(?:Profile/)?(?P<name>[A-Za-z_]+)/(?P<value>.+)\Z", re.IGNORECASE)
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{12}")


class Match(NamedTuple):
    """One device that answered. `urls` are those that this machine may reach, IPv4 before IPv6."""

    endpoint: str
    urls: tuple[str, ...]
    scopes: tuple[str, ...]
    sender: str

    def scope(self, name: str) -> str:
        """What the device says of itself, e.g. `name`, `hardware`, `MAC`; empty when it does not."""
        for scope in self.scopes:
            found = _SCOPE.match(scope)
            if found is not None and found["name"].lower() == name.lower():
                return unquote(found["value"]).strip()[:MAX_CHARS]
        return ""

    @property
    def mac(self) -> str:
        """As twelve lower-case digits; empty when it tells none."""
        found = _MAC.fullmatch(self.scope("MAC"))
        return re.sub(r"[^0-9a-f]", "", found[0].lower()) if found else ""


def probe(types: str, message_id: str = "") -> bytes:
    """A Probe for one of `TYPES`. Each needs a message id of its own, or a device takes it for a repeat."""
    message_id = message_id or f"urn:uuid:{uuid.uuid4()}"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        f'xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl">'
        f"<s:Header><a:Action>{_DISCOVERY}/Probe</a:Action><a:MessageID>{message_id}</a:MessageID>"
        f"<a:ReplyTo><a:Address>{_ADDRESSING}/role/anonymous</a:Address></a:ReplyTo>"
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
        f"<s:Body><d:Probe><d:Types>{types}</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


def read_matches(datagram: bytes, sender: str) -> list[Match]:
    """The devices in one answer; none when it is none, or cannot be read. `sender`: address that it came from."""
    try:
        root = parse_xml(datagram, max_bytes=MAX_DATAGRAM_BYTES)
    except (BadXml, BodyTooLarge):
        return []
    found: list[Match] = []
    for holder in descendants(root, "ProbeMatches"):
        for node in children(holder, "ProbeMatch"):
            match = _read(node, sender)
            if match is not None and len(found) < MAX_MATCHES:
                found.append(match)
    return found


def _read(node: Element, sender: str) -> Match | None:
    types = {name.rpartition(":")[2] for name in first_text(node, "Types").split()}
    scopes = tuple(first_text(node, "Scopes").split()[:MAX_SCOPES])
    # A printer is a `Device`, too, but of another namespace; what says nothing of ONVIF and names no video is none.
    if "NetworkVideoTransmitter" not in types and not any("onvif" in scope.lower() for scope in scopes):
        return None
    urls = _reachable(first_text(node, "XAddrs").split()[:MAX_ADDRESSES], sender)
    if not urls:
        return None
    reference = first(node, "EndpointReference")
    endpoint = first_text(reference, "Address") if reference is not None else ""
    return Match(_endpoint(endpoint), urls, scopes, sender)


def _endpoint(text: str) -> str:
    text = text.strip().lower().removeprefix("urn:").removeprefix("uuid:")
    return text[:MAX_CHARS] if text.isprintable() else ""


def _reachable(urls: Iterable[str], sender: str) -> tuple[str, ...]:
    """Those that can be called, likeliest first: on the host that answered, then IPv4, then IPv6."""
    ranked: list[tuple[int, str]] = []
    for url in urls:
        if len(url) > MAX_CHARS:
            continue
        try:
            place = Place.of(url)
        except (HttpProblem, DriverProblem):
            continue
        rank = _rank(place.host, sender)
        if rank is not None:
            ranked.append((rank, url))
    return tuple(dict.fromkeys(url for _, url in sorted(ranked, key=lambda one: one[0])))


def _rank(host: str, sender: str) -> int | None:
    if host == sender:
        return 0
    try:
        address = ip_address(host)
    except ValueError:
        return 2
    if address.is_unspecified or address.is_multicast or (address.version == 6 and address.is_link_local):
        return None
    if address.is_loopback and sender != "" and not ip_address(sender).is_loopback:
        return None
    # 169.254.x.x answers only where this machine has such an address as well.
    return 3 if address.version == 6 or address.is_link_local else 1


def merge(matches: Iterable[Match]) -> list[Match]:
    """One for each device: answers with the same endpoint and an address in common are one, with all their addresses.

    Cheap cameras of one batch share an endpoint: at addresses that have nothing in common they stay two.
    """
    merged: list[Match] = []
    for match in matches:
        for index, known in enumerate(merged):
            if _same(known, match):
                merged[index] = _joined(known, match)
                break
        else:
            merged.append(match)
    return merged


def _same(one: Match, other: Match) -> bool:
    if one.endpoint and other.endpoint and one.endpoint != other.endpoint:
        return False
    return bool(_sockets(one) & _sockets(other))


def _sockets(match: Match) -> set[tuple[str, int]]:
    places = (Place.of(url) for url in match.urls)
    return {(place.host, place.port) for place in places}


def _joined(one: Match, other: Match) -> Match:
    return Match(
        one.endpoint or other.endpoint,
        tuple(dict.fromkeys((*one.urls, *other.urls))),
        tuple(dict.fromkeys((*one.scopes, *other.scopes))),
        one.sender,
    )
