"""WS-Discovery (2005/04) as cameras answer it: a Probe for NetworkVideoTransmitter gets a ProbeMatches per camera."""

import asyncio
import socket
import uuid
from collections.abc import Mapping
from typing import cast

from lxml import etree

from simulators.camera.camera import Camera
from simulators.camera.device import scopes
from simulators.camera.soap import element, leaf

GROUP, PORT = "239.255.255.250", 3702
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_WSA = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_WSD = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_TYPES = frozenset({"NetworkVideoTransmitter", "Device"})
_ELSEWHERE = ("http://[::1]:9/onvif/device_service", "http://127.0.0.1:9/onvif/device_service")


class Probe:
    """A received Probe: its MessageID, the local names of the types and the scopes it wants."""

    def __init__(self, message_id: str, types: frozenset[str], wanted_scopes: frozenset[str]) -> None:
        self.message_id = message_id
        self.types = types
        self.scopes = wanted_scopes

    def matches(self, own_scopes: list[str]) -> bool:
        """Any type of ours (or none asked), and every scope asked a prefix of one of ours (RFC 2396 matching)."""
        typed = not self.types or not self.types.isdisjoint(_TYPES)
        return typed and all(any(own.startswith(asked) for own in own_scopes) for asked in self.scopes)


def parse_probe(datagram: bytes) -> Probe | None:
    """None for anything that is not a well-formed Probe."""
    try:
        root = etree.fromstring(datagram, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None
    probe = root.find(f"{{{_SOAP}}}Body/{{{_WSD}}}Probe")
    message_id = root.findtext(f"{{{_SOAP}}}Header/{{{_WSA}}}MessageID")
    if probe is None or not message_id:
        return None
    types = (probe.findtext(f"{{{_WSD}}}Types") or "").split()
    wanted = (probe.findtext(f"{{{_WSD}}}Scopes") or "").split()
    return Probe(message_id.strip(), frozenset(name.rpartition(":")[2] for name in types), frozenset(wanted))


def probe_matches(camera: Camera, relates_to: str) -> bytes:
    """The answer of one camera."""
    header = element(
        "s:Header",
        leaf("a:MessageID", f"urn:uuid:{uuid.uuid4()}"),
        leaf("a:RelatesTo", relates_to),
        leaf("a:To", f"{_WSA}/role/anonymous"),
        leaf("a:Action", f"{_WSD}/ProbeMatches"),
    )
    quirks = camera.config.quirks
    own = camera.config.model if "shared_endpoint" in quirks else camera.config.serial + camera.name
    endpoint = uuid.uuid5(uuid.NAMESPACE_URL, own)
    addresses = [*(_ELSEWHERE if "many_addresses" in quirks else ()), camera.xaddr]
    match = element(
        "d:ProbeMatch",
        element("a:EndpointReference", leaf("a:Address", f"urn:uuid:{endpoint}")),
        leaf("d:Types", "dn:NetworkVideoTransmitter tds:Device"),
        leaf("d:Scopes", " ".join(scopes(camera.state))),
        leaf("d:XAddrs", " ".join(addresses)),
        leaf("d:MetadataVersion", 1),
    )
    namespaces = {
        "xmlns:s": _SOAP,
        "xmlns:a": _WSA,
        "xmlns:d": _WSD,
        "xmlns:dn": "http://www.onvif.org/ver10/network/wsdl",
        "xmlns:tds": "http://www.onvif.org/ver10/device/wsdl",
    }
    body = element("s:Body", element("d:ProbeMatches", match))
    return ('<?xml version="1.0" encoding="UTF-8"?>' + element("s:Envelope", header, body, **namespaces)).encode()


class DiscoveryResponder:
    """Answers for every camera that is up and not frozen. Ports that are 0 are known after `start`."""

    def __init__(
        self, cameras: Mapping[str, Camera], *, port: int = 0, multicast: bool = False, multicast_port: int = PORT
    ) -> None:
        self.port = port
        self.multicast_port = multicast_port
        self.answered = 0
        """How many probes something has been said to, so far."""
        self._cameras = cameras
        self._multicast = multicast
        self._transports: list[asyncio.DatagramTransport] = []

    async def start(self) -> None:
        """Raises OSError when the port is taken or the machine has no multicast."""
        self.port = await self._listen(_unicast_socket(self.port))
        if self._multicast:
            self.multicast_port = await self._listen(_multicast_socket(self.multicast_port))

    def stop(self) -> None:
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    async def _listen(self, sock: socket.socket) -> int:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Listener(self), sock=sock)
        self._transports.append(transport)
        return int(sock.getsockname()[1])

    def answers(self, datagram: bytes) -> list[bytes]:
        probe = parse_probe(datagram)
        if probe is None:
            return []
        up = (camera for camera in self._cameras.values() if not camera.down and not camera.frozen)
        found: list[bytes] = []
        for camera in up:
            if probe.matches(scopes(camera.state)):
                found += [probe_matches(camera, probe.message_id)] * (1 + ("answers_twice" in camera.config.quirks))
        return found


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, responder: DiscoveryResponder) -> None:
        self._responder = responder
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # CPython's own datagram transport is no subclass of DatagramTransport before 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answers = self._responder.answers(data)
        for answer in answers:
            self._transport.sendto(answer, addr)
        self._responder.answered += bool(answers)


def _unicast_socket(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", port))
    return sock


def _multicast_socket(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((GROUP, port))
    # Joined on loopback: the simulated cameras are reachable from this machine only.
    member = socket.inet_aton(GROUP) + socket.inet_aton("127.0.0.1")
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    return sock
