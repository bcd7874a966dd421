"""Finds the ONVIF cameras that this machine can reach, and looks at each: `discover`, as `edgeagent.driver` has it.

What may be one and the same camera (one endpoint, one host) is looked at one after the other, and once one of them has
refused a login the others are not tried: no account gets locked by looking.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

from drivers.devicehttp.addresses import device_url
from drivers.devicehttp.request import HttpProblem, Place
from drivers.onvif.discovery import faults
from drivers.onvif.discovery.look import Look, Looker, address_of, keys_of
from drivers.onvif.discovery.net import PORT, by_address, by_multicast, interfaces, speaks_onvif
from drivers.onvif.discovery.probe import Match
from edgeagent.driver import Found, Search

MAX_LOOKS = 8
_ARP = Path("/proc/net/arp")


class _Candidate(NamedTuple):
    """One device that answered: where it may be reached, and what it said of itself to a Probe."""

    urls: tuple[str, ...]
    match: Match | None = None


async def discover(search: Search) -> AsyncIterator[Found]:
    """Every camera, as soon as it was looked at. Raises `NoInterface` and `CannotProbe`."""
    groups = _by_address(search) if search.hosts else _by_multicast(search)
    gate = asyncio.Semaphore(MAX_LOOKS)
    tasks: list[asyncio.Task[list[Found]]] = []
    try:
        async for group in groups:
            tasks += [asyncio.create_task(_look_at(group, search, gate))]
        for done in asyncio.as_completed(tasks):
            for found in await done:
                yield found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _by_address(search: Search) -> AsyncIterator[list[_Candidate]]:
    async for _, urls in by_address(search.hosts, search.ports):
        yield [_Candidate((url,)) for url in urls]


async def _by_multicast(search: Search) -> AsyncIterator[list[_Candidate]]:
    groups: dict[str, list[_Candidate]] = {}
    port = search.probe_port or PORT
    for match in await by_multicast(interfaces(search.interfaces), search.timeout_s, port=port):
        groups.setdefault(match.endpoint or match.urls[0], []).append(_Candidate(match.urls, match))
    for group in groups.values():
        yield group


async def _look_at(group: Sequence[_Candidate], search: Search, gate: asyncio.Semaphore) -> list[Found]:
    """The devices of one group, each once."""
    found: list[Found] = []
    refused_at = ""
    async with gate:
        for candidate in group:
            url = await _reachable(candidate.urls)
            if _is_watched(url, search):
                found.append(_found(Look(url, problems=(faults.Watched(),)), candidate.match))
                continue
            look = await Looker(url, search.logins, refused_at=refused_at).look()
            refused_at = refused_at or (address_of(url) if look.refused else "")
            _add(found, _found(look, candidate.match))
    return found


async def _reachable(urls: Sequence[str]) -> str:
    """The first that answers; a device may name addresses in networks that are not ours."""
    if len(urls) > 1:
        for url in urls:
            if await speaks_onvif(url):
                return url
    return urls[0]


def _is_watched(url: str, search: Search) -> bool:
    here = _socket_of(url)
    return any(_socket_of(device_url(address)) == here for address in search.watched)


def _socket_of(url: str) -> tuple[str, int] | None:
    with contextlib.suppress(HttpProblem):
        place = Place.of(url)
        return place.host, place.port
    return None


def _add(found: list[Found], one: Found) -> None:
    """Put it with the others; a device that is there already, at another address, is not another one."""
    for known in found:
        own = set(known.keys) & set(one.keys)
        if any(key.startswith(("serial:", "mac:")) for key in own):
            known.also.append(one.address)
            return
    found.append(one)


def _found(look: Look, match: Match | None) -> Found:
    address = address_of(look.url)
    about = look.about
    settings = {"address": address}
    if look.login is not None and look.login.username:
        settings["username"] = look.login.username
        settings |= {"password": look.login.reference} if look.login.reference else {}
    return Found(
        address=address,
        prefix="cam",
        keys=keys_of(look, match, _arp(Place.of(look.url).host)),
        name=match.scope("name") if match else "",
        maker=about.get("Manufacturer", ""),
        model=about.get("Model", "") or (match.scope("hardware") if match else ""),
        firmware=about.get("FirmwareVersion", ""),
        serial=about.get("SerialNumber", ""),
        events=look.events,
        pictures=look.pictures,
        problems=look.problems,
        login=look.login,
        settings=settings,
    )


def _arp(host: str) -> str:
    """The hardware address behind a host in our own network, as the kernel has just learnt it; empty if it has not."""
    try:
        lines = _ARP.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError:
        return ""
    rows = [line.split() for line in lines]
    macs = {row[0]: row[3].replace(":", "").lower() for row in rows if len(row) >= 4}
    mac = macs.get(host, "")
    # One address for many hosts is a router that answers for them (proxy ARP).
    return mac if list(macs.values()).count(mac) == 1 and mac != "0" * 12 else ""
