"""A hand-made ONVIF client for one request at a time, and the simulated camera that it asks: what no library lets
one send wrongly."""

import asyncio
import base64
import hashlib
import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

PASSWORD = "pond-Fish-7"
NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://www.w3.org/2005/08/addressing",
    "e": "http://www.onvif.org/ver10/events/wsdl",
    "b": "http://docs.oasis-open.org/wsn/b-2",
    "t": "http://www.onvif.org/ver10/schema",
}
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
ACTIONS = {
    "CreatePullPointSubscription": f"{NS['e']}/EventPortType/CreatePullPointSubscriptionRequest",
    "Subscribe": "http://docs.oasis-open.org/wsn/bw-2/NotificationProducer/SubscribeRequest",
    "PullMessages": f"{NS['e']}/PullPointSubscription/PullMessagesRequest",
    "SetSynchronizationPoint": f"{NS['e']}/PullPointSubscription/SetSynchronizationPointRequest",
    "Renew": "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/RenewRequest",
    "Unsubscribe": "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest",
}


@dataclass
class Answer:
    status: int
    raw: bytes

    @property
    def tree(self):
        return etree.fromstring(self.raw)

    def text(self, path):
        return self.tree.findtext(path, namespaces=NS)

    @property
    def fault(self):
        values = self.tree.findall(".//s:Subcode/s:Value", NS)
        return values[-1].text.partition(":")[2] if values else None

    @property
    def messages(self):
        """(last two steps of the topic, operation, {data}) of each notification."""
        found = []
        for node in self.tree.iterfind(".//b:NotificationMessage", NS):
            message = node.find("b:Message/t:Message", NS)
            data = {item.get("Name"): item.get("Value") for item in message.iterfind("t:Data/t:SimpleItem", NS)}
            topic = "/".join(node.findtext("b:Topic", namespaces=NS).split("/")[-2:])
            found.append((topic, message.get("PropertyOperation"), data))
        return found


def security(password=PASSWORD, nonce=None, created=None):
    nonce = nonce or os.urandom(16)
    created = created or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = base64.b64encode(hashlib.sha1(nonce + created.encode() + password.encode()).digest()).decode()
    return (
        f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}"><w:UsernameToken><w:Username>admin</w:Username>'
        f'<w:Password Type="{DIGEST}">{digest}</w:Password><w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce>'
        f"<u:Created>{created}</u:Created></w:UsernameToken></w:Security>"
    )


def addressing(action, to):
    return (
        f"<a:Action>{action}</a:Action><a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:To>{to}</a:To>"
        "<a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo>"
    )


def encode(body, header):
    prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())
    return f"<s:Envelope {prefixes}><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>".encode()


async def send(camera, path, envelope):
    """Open a connection and send; the caller reads and closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", camera.port)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(envelope)}\r\n\r\n"
    writer.write(head.encode() + envelope)
    return reader, writer


async def post(camera, path, envelope):
    reader, writer = await send(camera, path, envelope)
    try:
        raw = await reader.read()
    finally:
        writer.close()
    head, _, body = raw.partition(b"\r\n\r\n")
    return Answer(int(head.split(b" ")[1]), body) if head else None


def request(operation, path, inner="", *, extra_header=""):
    prefix = "b" if operation in {"Renew", "Subscribe", "Unsubscribe"} else "e"
    header = security() + addressing(ACTIONS[operation], f"http://x{path}") + extra_header
    return encode(f"<{prefix}:{operation}>{inner}</{prefix}:{operation}>", header)


async def call(camera, operation, path="/onvif/event_service", inner="", **more):
    return await post(camera, path, request(operation, path, inner, **more))


async def subscribe(camera, lifetime="PT60S"):
    """Path of a new subscription."""
    inner = f"<e:InitialTerminationTime>{lifetime}</e:InitialTerminationTime>"
    created = await call(camera, "CreatePullPointSubscription", inner=inner)
    assert created.status == 200, created.raw
    address = created.text(".//e:SubscriptionReference/a:Address")
    return "/" + address.split("/", 3)[3]


async def pull(camera, path, timeout="PT5S", limit=100, **more):
    inner = f"<e:Timeout>{timeout}</e:Timeout><e:MessageLimit>{limit}</e:MessageLimit>"
    return await call(camera, "PullMessages", path, inner, **more)
