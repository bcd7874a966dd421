"""Where to look for cameras: this machine's interfaces, by multicast, or a range of addresses, one by one.

Datagrams get lost, so that each question is asked several times.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import fcntl
import random
import socket
import struct
import sys
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from typing import NamedTuple

from drivers.devicehttp.addresses import DEVICE_PATH
from drivers.devicehttp.request import HttpProblem
from drivers.onvif import soap
from drivers.onvif.client import Client
from drivers.onvif.discovery.probe import TYPES, Match, merge, probe, read_matches
from drivers.onvif.soap import TDS, NotSoap, SoapFault, read_reply
from drivers.safexml import BadXml
from edgeagent.driver import DriverProblem

GROUP, PORT = "239.255.255.250", 3702
ROUNDS = 3
# Cameras wait up to half a second before they answer (APP_MAX_DELAY), so that they do not talk all at once.
LAST_ANSWER_S = 1.0
PORTS = (80, 8080, 8000, 8899, 2020, 5000)
"""80; 8080 and 8000 (Uniview, forwarded Hikvision); 8899 (XM); 2020 (TP-Link); 5000 (no-name)."""
TLS_PORT = 443
"""Asked only where nothing else answers: some cameras are set to HTTPS alone."""
MAX_HEARD = 4096
MAX_AT_ONCE = 128
CONNECT_S = 1.5
ANSWER_S = 5.0
_SIOCGIFCONF, _SIOCGIFFLAGS = 0x8912, 0x8913
_IFF_UP, _IFF_LOOPBACK = 0x1, 0x8
_MAX_INTERFACES = 256
# struct ifreq (netdevice(7)): 16 bytes of name and a union, whose largest part holds two pointers more on 64 bits.
_IFREQ_BYTES = 40 if sys.maxsize > 2**32 else 32


class NoInterface(DriverProblem):
    code = "onvif.no-interface"
    en = "there is no network interface “{name}” with an IPv4 address, there are: {known}"
    zh = "没有名为“{name}”且有 IPv4 地址的网卡，现有：{known}"


class CannotProbe(DriverProblem):
    code = "onvif.cannot-probe"
    en = "nothing could be sent on {names}: {why}; is the network up? Or search with --range"
    zh = "无法从 {names} 发出搜索：{why}。网络是否正常？也可改用 --range 搜索"


class NoNetwork(CannotProbe):
    code = "onvif.no-network"
    en = "no network interface has an IPv4 address: is the cable in, does its light burn? See ip addr"
    zh = "没有一块网卡有 IPv4 地址：网线插好了吗，网口灯亮吗？可执行 ip addr 查看"


class Interface(NamedTuple):
    name: str
    address: str


def interfaces(wanted: Collection[str] = ()) -> list[Interface]:
    """Those that are up and have an IPv4 address; without loopback unless it is asked for. Raises `NoInterface`."""
    found = [one for one in _listed() if _flags(one.name) & _IFF_UP]
    for name in wanted:
        if name not in {one.name for one in found}:
            known = ", ".join(dict.fromkeys(one.name for one in found)) or "-"
            raise NoInterface(name=name[:32], known=known)
    if wanted:
        return [one for one in found if one.name in wanted]
    return [one for one in found if not _flags(one.name) & _IFF_LOOPBACK]


def _listed() -> list[Interface]:
    buffer = array.array("B", bytes(_MAX_INTERFACES * _IFREQ_BYTES))
    address, length = buffer.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        answer = fcntl.ioctl(sock.fileno(), _SIOCGIFCONF, struct.pack("iL", length, address))
    used = struct.unpack("iL", answer)[0]
    raw = buffer.tobytes()[:used]
    entries = (raw[start : start + _IFREQ_BYTES] for start in range(0, used, _IFREQ_BYTES))
    # An alias such as eth0:1 is an address of its own on the same interface.
    return [Interface(_name(entry).partition(":")[0], socket.inet_ntoa(entry[20:24])) for entry in entries]


def _name(entry: bytes) -> str:
    return entry[:16].partition(b"\0")[0].decode("ascii", "replace")


def _flags(name: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            answer = fcntl.ioctl(sock.fileno(), _SIOCGIFFLAGS, struct.pack("16sh22x", name.encode(), 0))
        except OSError:
            return 0
    return int(struct.unpack_from("16sH", answer)[1])


async def by_multicast(places: Sequence[Interface], timeout_s: float, *, port: int = PORT) -> list[Match]:
    """Every camera that answers within that time. Raises `CannotProbe` when nothing could be sent
    anywhere, `NoNetwork` when there is nowhere to send it."""
    if not places:
        raise NoNetwork
    heard = _Heard()
    async with contextlib.AsyncExitStack() as stack:
        sockets: list[socket.socket] = []
        for place in places:
            try:
                sockets.append(await _open(_asking(place), heard, stack))
            except OSError as error:
                heard.why = error.strerror or str(error)
        with contextlib.suppress(OSError):  # somebody else on this machine may have the port for itself
            await _open(_joined(places, port), heard, stack)
        if not await _ask(sockets, heard, timeout_s, port):
            raise CannotProbe(names=", ".join(place.name for place in places), why=heard.why or "-")
    return merge(heard.matches)


class _Heard(asyncio.DatagramProtocol):
    """Collects the answers of all sockets. `why`: the last thing that went wrong."""

    def __init__(self) -> None:
        self.matches: list[Match] = []
        self.why = ""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(self.matches) < MAX_HEARD:
            self.matches += read_matches(data, addr[0])

    def error_received(self, exc: Exception) -> None:
        self.why = str(exc)


async def _open(sock: socket.socket, heard: _Heard, stack: contextlib.AsyncExitStack) -> socket.socket:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: heard, sock=sock)
    stack.callback(transport.close)
    return sock


def _asking(place: Interface) -> socket.socket:
    """Asks on one interface and hears what comes back to it. Raises OSError."""
    with _tidy(socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)) as sock:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(place.address))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        sock.bind((place.address, 0))
        return sock


def _joined(places: Sequence[Interface], port: int) -> socket.socket:
    """Hears those who answer to the whole group. Raises OSError."""
    with _tidy(socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((GROUP, port))
        for place in places:
            member = socket.inet_aton(GROUP) + socket.inet_aton(place.address)
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        return sock


@contextlib.contextmanager
def _tidy(sock: socket.socket) -> Iterator[socket.socket]:
    """Closed if it cannot be set up."""
    try:
        yield sock
    except OSError:
        sock.close()
        raise


async def _ask(sockets: Sequence[socket.socket], heard: _Heard, timeout_s: float, port: int) -> int:
    """Ask in rounds, then wait for the last answers; how many questions went out."""
    pause_s = max(0.0, timeout_s - LAST_ANSWER_S) / ROUNDS
    sent = 0
    for _ in range(ROUNDS if sockets else 0):
        for sock in sockets:
            for types in TYPES:
                try:
                    sent += sock.sendto(probe(types), (GROUP, port)) > 0
                except OSError as error:
                    heard.why = error.strerror or str(error)
                await asyncio.sleep(random.uniform(0.0, 0.05))
        await asyncio.sleep(pause_s * random.uniform(0.7, 1.0))
    if sent:
        await asyncio.sleep(min(LAST_ANSWER_S, timeout_s))
    return sent


async def by_address(hosts: Sequence[str], ports: Sequence[int] = ()) -> AsyncIterator[tuple[str, list[str]]]:
    """Host and device service addresses, of each that speaks ONVIF, as they are found."""
    gate = asyncio.Semaphore(MAX_AT_ONCE)
    wanted = tuple(dict.fromkeys((*PORTS, *ports)))
    tasks = [asyncio.create_task(_look_at(host, wanted, gate)) for host in hosts]
    try:
        for done in asyncio.as_completed(tasks):
            host, urls = await done
            if urls:
                yield host, urls
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _look_at(host: str, ports: Sequence[int], gate: asyncio.Semaphore) -> tuple[str, list[str]]:
    found = [url for url in await asyncio.gather(*(_at_port(host, port, gate) for port in ports)) if url]
    if not found and TLS_PORT not in ports:
        found = [url for url in [await _at_port(host, TLS_PORT, gate)] if url]
    return host, found


async def _at_port(host: str, port: int, gate: asyncio.Semaphore) -> str:
    """The address of the device service, empty if there is none."""
    async with gate:
        try:
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return ""
        writer.transport.abort()
        name = f"[{host}]" if ":" in host else host
        urls = [f"http://{name}{'' if port == 80 else f':{port}'}{DEVICE_PATH}"]
        urls += [f"https://{name}{'' if port == TLS_PORT else f':{port}'}{DEVICE_PATH}"] if port not in PORTS else []
        for url in urls:
            if await speaks_onvif(url):
                return url
        return ""


async def speaks_onvif(url: str) -> bool:
    """Whether something there answers GetSystemDateAndTime, which every ONVIF device tells without login, in SOAP."""
    body = soap.envelope(f'<GetSystemDateAndTime xmlns="{TDS}"/>')
    headers = {"Content-Type": "application/soap+xml; charset=utf-8"}
    try:
        _, answer = await Client(url, "", "", "none").ask(url, headers, body, ANSWER_S)
        read_reply(answer.body, url, answer.status)
    except SoapFault:
        return True
    except (HttpProblem, NotSoap, BadXml):
        return False
    return True
