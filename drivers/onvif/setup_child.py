"""Runs in a worker: asks a camera who it is and where its services and pictures are, by onvif-zeep.

Never `ONVIFCamera`: it opens a pull point and leaks it. The library changes logging on import, parses megabytes of WSDL
and may hang: hence a process of its own. What was parsed serves every camera that is asked in the same process.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Any

from drivers.devicehttp.addresses import rewrite
from drivers.devicehttp.request import device_tls
from drivers.snapshot.notdone import NotDone

TIMEOUT_S = 10
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_MEDIA = "http://www.onvif.org/ver10/media/wsdl"
_UNICAST = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}


class Asking:
    """The services of one camera; WSDLs come from the package's folder, answers are taken leniently."""

    def __init__(self, question: dict[str, Any]) -> None:
        from onvif.client import UsernameDigestTokenDtDiff
        from requests import Session
        from requests.adapters import HTTPAdapter
        from requests.auth import HTTPDigestAuth
        from zeep.transports import Transport

        self._xaddr = question["xaddr"]
        user, password = question["username"], question["password"]
        session = Session()
        session.trust_env = False
        session.verify = False
        old_tls = HTTPAdapter()
        old_tls.init_poolmanager(1, 1, ssl_context=device_tls())
        session.mount("https://", old_tls)
        self._wsse = None
        if question["mode"] == "digest":
            session.auth = HTTPDigestAuth(user, password)
        elif question["mode"] == "token":
            offset = timedelta(seconds=question["offset_s"])
            self._wsse = UsernameDigestTokenDtDiff(user, password, dt_diff=offset, use_digest=True, zulu_timestamp=True)
        # No cache: it would be written under HOME, which a sandboxed service does not have.
        limits = {"timeout": TIMEOUT_S, "operation_timeout": TIMEOUT_S}
        self._transport = Transport(cache=None, session=session, **limits)  # type: ignore[no-untyped-call] # zeep's own

    def service(self, xaddr: str, wsdl: str, binding: str) -> Any:
        from onvif import ONVIFService
        from zeep import Client

        document = _parsed(wsdl)
        client = Client(document, wsse=self._wsse, transport=self._transport, settings=document.settings)  # type: ignore[no-untyped-call] # zeep's own
        return ONVIFService(xaddr, "", "", document.location, zeep_client=client, binding_name=binding)

    def everything(self) -> dict[str, Any]:
        """What the camera tells; what it does not tell is missing. Raises ONVIFError when it tells nothing."""
        device = self.service(self._xaddr, "devicemgmt.wsdl", f"{{{_DEVICE}}}DeviceBinding")
        information = device.GetDeviceInformation()
        services = _services(device)
        facts: dict[str, Any] = {
            "maker": information.Manufacturer or "",
            "model": information.Model or "",
            "firmware": information.FirmwareVersion or "",
            "serial": information.SerialNumber or "",
            "services": services,
        }
        media_url = rewrite(services.get(_MEDIA, ""), self._xaddr) or self._xaddr
        media = self.service(media_url, "media.wsdl", f"{{{_MEDIA}}}MediaBinding")
        profiles = _tolerant(media.GetProfiles, [])
        facts["profiles"] = [_profile(profile) for profile in profiles]
        if profiles:
            token = profiles[0].token
            facts["snapshot_uri"] = _uri(lambda: media.GetSnapshotUri({"ProfileToken": token}))
            asked = {"StreamSetup": _UNICAST, "ProfileToken": token}
            facts["stream_uri"] = _uri(lambda: media.GetStreamUri(asked))
        return facts


@cache
def _parsed(wsdl: str) -> Any:
    """One of the package's WSDLs, parsed once a process: that takes half a second, asking a camera 30 ms."""
    import onvif
    from zeep import Settings
    from zeep.transports import Transport
    from zeep.wsdl import Document

    path = os.path.join(os.path.dirname(os.path.dirname(onvif.__file__)), "wsdl", wsdl)
    transport: Any = Transport(cache=None)  # type: ignore[no-untyped-call] # zeep's own
    return Document(path, transport, settings=Settings(strict=False, xml_huge_tree=False))


def _services(device: Any) -> dict[str, str]:
    """Namespace -> address; older cameras only know GetCapabilities."""
    listed = _tolerant(lambda: device.GetServices({"IncludeCapability": False}), None)
    if listed:
        return {service.Namespace: service.XAddr for service in listed if service.XAddr}
    capabilities = _tolerant(lambda: device.GetCapabilities({"Category": "All"}), None)
    media = getattr(capabilities, "Media", None)
    events = getattr(capabilities, "Events", None)
    found = {_MEDIA: media, "http://www.onvif.org/ver10/events/wsdl": events}
    return {namespace: one.XAddr for namespace, one in found.items() if one is not None and one.XAddr}


def _profile(profile: Any) -> dict[str, Any]:
    encoder = getattr(profile, "VideoEncoderConfiguration", None)
    resolution = getattr(encoder, "Resolution", None)
    return {
        "token": profile.token or "",
        "name": profile.Name or "",
        "encoding": str(getattr(encoder, "Encoding", "") or ""),
        "width_px": int(getattr(resolution, "Width", 0) or 0),
        "height_px": int(getattr(resolution, "Height", 0) or 0),
    }


def _uri(ask: Callable[[], Any]) -> str:
    answer = _tolerant(ask, None)
    return str(getattr(answer, "Uri", "") or "")


def _tolerant(ask: Callable[[], Any], otherwise: Any) -> Any:
    """The answer, or `otherwise`: many cameras lack one or the other operation, and the rest is still worth having."""
    from onvif.exceptions import ONVIFError

    try:
        return ask()
    except ONVIFError:
        return otherwise


def ask(question: dict[str, Any], nothing: bytes) -> bytes:
    """JSON of `Facts` for JSON of a question. Raises `NotDone`. For `Worker.call`."""
    # Before the library does it its own way.
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr)
    from onvif.exceptions import ONVIFError

    try:
        return json.dumps(Asking(question).everything()).encode()
    except ONVIFError as error:
        raise NotDone("refused", str(error)) from error
