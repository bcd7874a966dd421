"""SOAP 1.2 as ONVIF wants it: envelopes, WS-Security UsernameToken, WS-Addressing, faults by name. Pure.

WS-Addressing goes with event operations only, each header once: other services choke on it. Faults are told apart by
local names, of SOAP 1.1 and 1.2 alike. OASIS WSS UsernameToken Profile 1.0; WS-Addressing 1.0 SOAP binding.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from lxml import etree

from drivers.safexml import BadXml, Element, bare, children, descendants, first, local, parse_xml, text_of
from edgeagent.driver import DriverProblem

SOAP = "http://www.w3.org/2003/05/soap-envelope"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
TDS = "http://www.onvif.org/ver10/device/wsdl"
TEV = "http://www.onvif.org/ver10/events/wsdl"
WSNT = "http://docs.oasis-open.org/wsn/b-2"
BW = "http://docs.oasis-open.org/wsn/bw-2"

_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

_NOT_AUTHORIZED = frozenset(
    {"NotAuthorized", "NotAuthorised", "Unauthorized", "FailedAuthentication", "InvalidSecurity", "FailedCheck",
     "InvalidSecurityToken", "SenderNotAuthorized", "AccountLocked"}
)  # fmt: skip
_NOT_AUTHORIZED_TEXT = re.compile(
    r"not\s*authori[sz]ed|unauthori[sz]ed|authority failure|authentication", re.IGNORECASE
)
_NOT_SUPPORTED = frozenset({"ActionNotSupported", "OptionalActionNotImplemented", "NotImplemented"})
# Not any "not supported": that may be said of the time that was asked for.
_NOT_SUPPORTED_TEXT = re.compile(
    r"not\s*implemented|unsupported\s*(?:action|operation|method|function|service|request)"
    r"|(?:action|operation|method|function|service|request)\b.{0,60}?\bnot\s*(?:supported|found)"
    r"|unknown\s*(?:action|operation|method)",
    re.IGNORECASE,
)
END = re.compile(rb"</(?:[\w.-]+:)?Envelope\s*>\s*\Z")
"""How the last bytes of an answer look."""
# Before it there may be the head of a MIME part: attachments (MTOM) that nobody asked for.
_BEGIN = re.compile(rb"<(?:[\w.-]+:)?Envelope\b")
_SECONDS = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


class SoapFault(DriverProblem):
    """`names`: local names of code, subcodes and detail. Times are seconds, None when the fault names none."""

    code = "onvif.fault"
    en = "the camera answered with a fault: {reason} ({names})"
    zh = "摄像机返回错误：{reason}({names})"

    def __init__(self, names: tuple[str, ...], reason: str, status: int = 200) -> None:
        self.names = frozenset(names)
        self.reason = reason
        self.status = status
        self.max_timeout_s: float | None = None
        self.max_messages: int | None = None
        super().__init__(reason=reason[:160], names=", ".join(names)[:160])

    @property
    def not_authorized(self) -> bool:
        return bool(self.names & _NOT_AUTHORIZED) or _NOT_AUTHORIZED_TEXT.search(self.reason) is not None

    @property
    def not_supported(self) -> bool:
        return bool(self.names & _NOT_SUPPORTED) or _NOT_SUPPORTED_TEXT.search(self.reason) is not None

    @property
    def no_slot(self) -> bool:
        """In answer to a request for a subscription: there is none left."""
        return any("Subscri" in name or "MaxNumber" in name for name in self.names)


class NotSoap(DriverProblem):
    code = "onvif.not-onvif"
    en = "{url} does not speak ONVIF (HTTP status {status}): check address and port, and enable ONVIF on the camera"
    zh = "{url} 不是 ONVIF 服务（HTTP 状态 {status}）：请检查地址和端口，并在摄像机上启用 ONVIF"


def envelope(body: str, *headers: str) -> bytes:
    """The whole request; headers and body are XML."""
    head = f"<s:Header>{''.join(headers)}</s:Header>" if any(headers) else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}">{head}<s:Body>{body}</s:Body></s:Envelope>'
    ).encode()


def username_token(username: str, password: str, created: datetime, nonce: bytes) -> str:
    """WS-Security header. `created` is by the camera's clock; the nonce must be new each time."""
    stamp = created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha1(nonce + stamp.encode() + password.encode(), usedforsecurity=False).digest()
    return (
        f'<wsse:Security s:mustUnderstand="1" xmlns:wsse="{_WSSE}" xmlns:wsu="{_WSU}"><wsse:UsernameToken>'
        f"<wsse:Username>{escape(username)}</wsse:Username>"
        f'<wsse:Password Type="{_PROFILE}">{base64.b64encode(digest).decode()}</wsse:Password>'
        f'<wsse:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</wsse:Nonce>'
        f"<wsu:Created>{stamp}</wsu:Created></wsse:UsernameToken></wsse:Security>"
    )


def addressing(action: str, to: str, message_id: str, parameters: Iterable[str] = ()) -> str:
    """WS-Addressing headers; `parameters` as `reference_parameters` gave them."""
    return (
        f'<a:Action s:mustUnderstand="1" xmlns:a="{ADDRESSING}">{escape(action)}</a:Action>'
        f'<a:MessageID xmlns:a="{ADDRESSING}">{escape(message_id)}</a:MessageID>'
        f'<a:To s:mustUnderstand="1" xmlns:a="{ADDRESSING}">{escape(to)}</a:To>'
    ) + "".join(parameters)


def reference_parameters(reference: Element) -> tuple[str, ...]:
    """Each reference parameter of an endpoint as a header to send back (WS-Addressing 1.0, 2.3)."""
    found = []
    for holder in descendants(reference, "ReferenceParameters"):
        for parameter in holder:
            # A tag with a colon was never declared; sent back, it would spoil our request.
            if local(parameter) and ":" not in str(parameter.tag).rpartition("}")[2]:
                parameter.set(f"{{{ADDRESSING}}}IsReferenceParameter", "true")
                found.append(etree.tostring(parameter, encoding="unicode", with_tail=False))
    return tuple(found)


def read_reply(body: bytes, url: str, status: int) -> Element:
    """The Body of an answer. Raises `SoapFault`, `NotSoap`, `BadXml` and `BodyTooLarge`."""
    try:
        root = parse_xml(_envelope_in(body)) if body.strip() else None
    except BadXml as error:
        if status == 200:
            raise
        raise NotSoap(url=url, status=status) from error
    found = first(root, "Body") if root is not None and local(root) == "Envelope" else None
    if found is None:
        raise NotSoap(url=url, status=status)
    fault = next(children(found, "Fault"), None)
    if fault is not None:
        raise _fault(fault, status)
    return found


def _envelope_in(body: bytes) -> bytes:
    """Without the MIME parts around it."""
    if body.lstrip()[:2] != b"--":
        return body
    begin = _BEGIN.search(body)
    return body[begin.start() :] if begin is not None else body


def _fault(node: Element, status: int) -> SoapFault:
    codes = [text for tag in ("Value", "faultcode") for found in descendants(node, tag) if (text := text_of(found))]
    details = [local(found) for tag in ("Detail", "detail") for part in descendants(node, tag) for found in part.iter()]
    names = tuple(dict.fromkeys(name for name in (*map(bare, codes), *details) if name and name.lower() != "detail"))
    reason = " ".join(text_of(found) for tag in ("Text", "faultstring") for found in descendants(node, tag))
    fault = SoapFault(names, reason, status)
    fault.max_timeout_s = next(_seconds(node, "MaxTimeout"), None)
    fault.max_messages = next((int(text) for text in _texts(node, "MaxMessageLimit") if text.isdecimal()), None)
    return fault


def _texts(node: Element, name: str) -> Iterator[str]:
    return (text_of(found) for found in descendants(node, name))


def _seconds(node: Element, name: str) -> Iterator[float]:
    for text in _texts(node, name):
        seconds = duration_s(text)
        if seconds is not None:
            yield seconds


def duration_s(text: str) -> float | None:
    """An xs:duration of days and less in seconds; None when it is none."""
    match = _SECONDS.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds
