"""Where a camera's event service is: as the camera says, else its device service itself."""

from __future__ import annotations

import logging

from drivers.devicehttp.request import BodyTooLarge
from drivers.onvif.client import Client
from drivers.onvif.ladder.slot import likely
from drivers.onvif.soap import TDS, NotSoap, SoapFault
from drivers.safexml import BadXml, Element, first, first_text

_SERVICE_NAMESPACE = "/ver10/events/wsdl"
_log = logging.getLogger(__name__)


async def find_service(client: Client) -> str:
    """The likeliest of `find_services`."""
    return (await find_services(client))[0]


async def find_services(client: Client) -> tuple[str, ...]:
    """Where the event service may be, likeliest first: as the camera says, else the device service itself.

    Raises `Refusal`, `HttpProblem` and `NotSoap`.
    """
    asked = (
        (f'<GetCapabilities xmlns="{TDS}"><Category>All</Category></GetCapabilities>', "GetCapabilitiesResponse"),
        (
            f'<GetServices xmlns="{TDS}"><IncludeCapability>false</IncludeCapability></GetServices>',
            "GetServicesResponse",
        ),
    )
    problem: NotSoap | None = None
    for body, expect in asked:
        try:
            url = _event_address(await _call_as_needed(client, body, expect))
        except NotSoap as error:
            problem = error
        except (SoapFault, BadXml, BodyTooLarge) as error:
            _log.debug("%s: %s", expect, error)
            problem = None
        else:
            problem = None
            if url:
                return likely(url, client.device_url)
    if problem is not None:
        raise problem
    return (client.device_url,)


async def _call_as_needed(client: Client, body: str, expect: str) -> Element:
    try:
        return await client.call_open(client.device_url, body, expect=expect)
    except (SoapFault, NotSoap):
        return await client.call(client.device_url, body, expect=expect)


def _event_address(answer: Element) -> str:
    events = first(answer, "Events")
    if events is not None:
        return first_text(events, "XAddr")
    for service in answer:
        if first_text(service, "Namespace").endswith(_SERVICE_NAMESPACE):
            return first_text(service, "XAddr")
    return ""
