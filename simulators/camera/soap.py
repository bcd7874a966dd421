"""SOAP 1.2 as a camera speaks it: read a request, write an answer or a fault. No I/O.

Answers are written as text, like the firmware of a camera does; requests are read strictly with lxml.
"""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

NS = {
    "env": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "wsu": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "wsnt": "http://docs.oasis-open.org/wsn/b-2",
    "wstop": "http://docs.oasis-open.org/wsn/t-1",
    "wsrf-rw": "http://docs.oasis-open.org/wsrf/rw-2",
    "wsrf-bf": "http://docs.oasis-open.org/wsrf/bf-2",
    "tds": "http://www.onvif.org/ver10/device/wsdl",
    "trt": "http://www.onvif.org/ver10/media/wsdl",
    "tev": "http://www.onvif.org/ver10/events/wsdl",
    "timg": "http://www.onvif.org/ver20/imaging/wsdl",
    "tt": "http://www.onvif.org/ver10/schema",
    "ter": "http://www.onvif.org/ver10/error",
    "tns1": "http://www.onvif.org/ver10/topics",
    "gcam": "http://gridcam.example/ver10/events",
    "xs": "http://www.w3.org/2001/XMLSchema",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
CONTENT_TYPE = "application/soap+xml; charset=utf-8"
ANONYMOUS = "http://www.w3.org/2005/08/addressing/anonymous"
FAULT_ACTION = "http://www.w3.org/2005/08/addressing/fault"

Element = etree._Element


class SoapFault(Exception):
    """An answer that is a SOAP 1.2 fault.

    `code` is Sender or Receiver, `subcodes` prefixed names outermost first, `detail` XML text or nothing.
    """

    def __init__(
        self, code: str, subcodes: tuple[str, ...], reason: str, *, status: int | None = None, detail: str = ""
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.subcodes = subcodes
        self.reason = reason
        self.status = status if status is not None else (400 if code == "Sender" else 500)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class SoapRequest:
    """One parsed request: the HTTP path it came to, the Header (or None), and the single child of the Body."""

    path: str
    header: Element | None
    body: Element

    @property
    def operation(self) -> str:
        """The operation as `{namespace}name`."""
        return str(self.body.tag)

    def text(self, *path: str) -> str | None:
        """Text of the element reached by prefixed names below the operation; None when absent."""
        found = self.body.find("/".join(qname(step) for step in path))
        return None if found is None else (found.text or "").strip()

    def headers(self, name: str) -> list[str]:
        """Texts of all header blocks of that prefixed name."""
        return [] if self.header is None else [(e.text or "").strip() for e in self.header.findall(qname(name))]


def qname(prefixed: str) -> str:
    """`tds:Name` to `{namespace}Name`."""
    prefix, _, local = prefixed.partition(":")
    return f"{{{NS[prefix]}}}{local}"


def parse_request(body: bytes, path: str) -> SoapRequest:
    """Read a SOAP 1.2 envelope. Raises SoapFault when it is not well-formed or not SOAP 1.2."""
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise SoapFault("Sender", ("ter:WellFormed",), f"Well-formed violation: {error}") from error
    if root.tag != qname("env:Envelope"):
        raise SoapFault("Sender", ("ter:TagMismatch",), "not a SOAP 1.2 envelope")
    soap_body = root.find(qname("env:Body"))
    operations = [] if soap_body is None else [child for child in soap_body if isinstance(child.tag, str)]
    if len(operations) != 1:
        raise SoapFault("Sender", ("ter:TagMismatch",), "the Body must hold one operation")
    return SoapRequest(path, root.find(qname("env:Header")), operations[0])


def element(tag: str, *children: str, **attributes: str) -> str:
    """`<tag a="b">children</tag>`; children are XML already."""
    listed = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{tag}{listed}>{''.join(children)}</{tag}>"


def leaf(tag: str, value: object, **attributes: str) -> str:
    """An element with text; True and False become true and false."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return element(tag, escape(text), **attributes)


def envelope(body: str, header: str = "", *, undeclared: frozenset[str] = frozenset()) -> bytes:
    """The whole answer; prefixes in `undeclared` are used without being declared, as some firmware does."""
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in NS.items() if prefix not in undeclared)
    head = element("env:Header", header) if header else ""
    content = head + element("env:Body", body)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<env:Envelope{declared}>{content}</env:Envelope>'.encode()


def fault_body(fault: SoapFault) -> str:
    """The env:Fault element."""
    code = ""
    for subcode in reversed(fault.subcodes):
        code = element("env:Subcode", element("env:Value", subcode), code)
    code = element("env:Code", element("env:Value", f"env:{fault.code}"), code)
    reason = element("env:Reason", leaf("env:Text", fault.reason, **{"xml:lang": "en"}))
    detail = element("env:Detail", fault.detail) if fault.detail else ""
    return element("env:Fault", code, reason, detail)


def reply_header(action: str, relates_to: str | None) -> str:
    """WS-Addressing headers of an answer."""
    related = leaf("wsa:RelatesTo", relates_to) if relates_to else ""
    return leaf("wsa:Action", action) + related + leaf("wsa:To", ANONYMOUS)
