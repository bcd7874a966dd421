"""From an HTTP request to an HTTP answer: finds the service, lets the client in, checks WS-Addressing, runs, faults."""

import gzip
from dataclasses import replace
from urllib.parse import urlsplit

from simulators.camera import device, events, media
from simulators.camera.auth import Gate, NotAuthorized
from simulators.camera.eventxml import BAD_BYTE_MARK
from simulators.camera.http import Request, Response
from simulators.camera.operation import Operation, Reply
from simulators.camera.soap import (
    CONTENT_TYPE,
    FAULT_ACTION,
    SoapFault,
    SoapRequest,
    envelope,
    fault_body,
    parse_request,
    reply_header,
)
from simulators.camera.state import EVENT_PATH, CameraState

_SERVICES: dict[str, dict[str, Operation]] = {
    device.PATH: device.OPERATIONS,
    device.MEDIA_PATH: media.OPERATIONS,
    device.IMAGING_PATH: media.IMAGING_OPERATIONS,
    # With reference parameters the subscription operations come to the event service's own address.
    EVENT_PATH: {**events.OPERATIONS, **events.SUBSCRIPTION_OPERATIONS},
}
LATE_S = 3.0
# Its firmware declares the maker's topics in every answer.
_HIKVISION = b'xmlns:tnshik="http://www.hikvision.com/2011/event/topics" '


def operations_at(path: str) -> dict[str, Operation] | None:
    """The operations offered at an HTTP path; None when nothing is there."""
    return events.SUBSCRIPTION_OPERATIONS if path.startswith(events.SUBSCRIPTION_PATH) else _SERVICES.get(path)


async def answer_soap(state: CameraState, gate: Gate, request: Request) -> Response:
    """Answer a POST to a service address."""
    quirks = state.config.quirks
    operations = operations_at(request.path)
    if "no_event_service" in quirks and request.path == EVENT_PATH:
        operations = None
    if "late_events" in quirks and request.path == EVENT_PATH and state.monotonic_s() - state.started_s < LATE_S:
        return Response(503, b"Service Unavailable")
    if operations is None:
        return Response(404, b"Not Found")
    if request.method != "POST":
        return Response(405, b"Method Not Allowed", headers=(("Allow", "POST"),))
    soap: SoapRequest | None = None
    try:
        soap = parse_request(request.body, request.path)
        operation = _find(operations, soap)
        if not operation.public or ("clock_needs_login" in quirks and operation is device.CLOCK):
            gate.admit_soap(request, soap.header, state.clock.now())
        _check_addressing(state, operation, soap)
        reply = await operation.run(state, soap)
    except NotAuthorized as error:
        return _unauthorized(state, error)
    except SoapFault as fault:
        return _fault(state, fault, soap)
    return _success(state, operation, soap, reply)


def wrapped(response: Response, quirks: frozenset[str]) -> Response:
    """As some web servers send it."""
    if "mime_parts" in quirks and response.content_type == CONTENT_TYPE:
        head = b"--part\r\nContent-Type: application/xop+xml\r\nContent-ID: <root@camera>\r\n\r\n"
        kind = 'multipart/related; type="application/xop+xml"; start="<root@camera>"; boundary="part"'
        response = replace(response, body=head + response.body + b"\r\n--part--\r\n", content_type=kind)
    if "packed" in quirks:
        headers = (*response.headers, ("Content-Encoding", "gzip"))
        response = replace(response, body=gzip.compress(response.body), headers=headers)
    return replace(response, sized=False) if "open_connections" in quirks else response


def _find(operations: dict[str, Operation], soap: SoapRequest) -> Operation:
    operation = operations.get(soap.operation)
    if operation is None:
        raise SoapFault("Receiver", ("ter:ActionNotSupported",), f"not offered here: {soap.operation}")
    return operation


def _check_addressing(state: CameraState, operation: Operation, soap: SoapRequest) -> None:
    """Action, MessageID and To exactly once on event operations (WS-Addressing 1.0 SOAP binding)."""
    quirks = state.config.quirks
    if not operation.action:
        if "addressing_fault" in quirks and soap.headers("wsa:Action"):
            raise SoapFault("Sender", ("wsa:InvalidAddressingHeader",), "WS-Addressing is not understood here")
        return
    if "lax_addressing" in quirks:
        return
    for name in ("wsa:Action", "wsa:MessageID", "wsa:To"):
        count = len(soap.headers(name))
        if count == 0:
            raise SoapFault("Sender", ("wsa:MessageAddressingHeaderRequired",), f"{name} is required")
        if count > 1:
            raise SoapFault("Sender", ("wsa:InvalidAddressingHeader", "wsa:InvalidCardinality"), f"{name} is repeated")
    if soap.headers("wsa:Action")[0] != operation.action:
        raise SoapFault("Sender", ("wsa:ActionMismatch",), f"Action is not {operation.action}")
    if urlsplit(soap.headers("wsa:To")[0]).path != soap.path:
        raise SoapFault("Sender", ("wsa:DestinationUnreachable",), "To is another address")


def _success(state: CameraState, operation: Operation, soap: SoapRequest, reply: Reply) -> Response:
    header = ""
    if operation.action:
        messages = soap.headers("wsa:MessageID")
        header = reply_header(_response_action(operation.action), messages[0] if messages else None)
    return Response(200, _encode(state, reply.body, header), CONTENT_TYPE, on_unsent=reply.on_unsent)


def _response_action(action: str) -> str:
    return action.removesuffix("Request") + "Response"


def _fault(state: CameraState, fault: SoapFault, soap: SoapRequest | None) -> Response:
    messages = soap.headers("wsa:MessageID") if soap is not None else []
    header = reply_header(FAULT_ACTION, messages[0]) if messages else ""
    return Response(fault.status, _encode(state, fault_body(fault), header), CONTENT_TYPE)


def _unauthorized(state: CameraState, error: NotAuthorized) -> Response:
    """HTTP 400 and a fault without HTTP Digest; 401 and a challenge with it; a page of HTML when only that counts."""
    if error.challenge is None:
        return _fault(state, SoapFault("Sender", ("ter:NotAuthorized",), f"Sender not Authorized: {error}"), None)
    headers = (("WWW-Authenticate", error.challenge),)
    if state.config.auth == "digest":
        page = b"<html><head><title>401</title></head><body>Unauthorized</body></html>"
        return Response(401, page, "text/html", headers)
    fault = SoapFault("Sender", ("ter:NotAuthorized",), f"Sender not Authorized: {error}")
    return Response(401, _encode(state, fault_body(fault), ""), CONTENT_TYPE, headers)


def _encode(state: CameraState, body: str, header: str) -> bytes:
    quirks = state.config.quirks
    undeclared = frozenset({"wsa", "ter"}) if "undeclared_prefix" in quirks else frozenset()
    encoded = envelope(body, header, undeclared=undeclared)
    if "separate_onvif_user" in quirks:
        encoded = encoded.replace(b"<env:Envelope ", b"<env:Envelope " + _HIKVISION, 1)
    if "bad_utf8" in quirks:
        encoded = encoded.replace(BAD_BYTE_MARK.encode(), b"\xff")
    return b"\xef\xbb\xbf" + encoded if "byte_order_mark" in quirks else encoded
