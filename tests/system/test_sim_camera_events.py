"""The simulated camera's pull points, quirks and breakdowns, over real sockets with a hand-made client."""

import asyncio
import base64
import hashlib
import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from lxml import etree

from simulators.camera import Camera, CameraConfig
from simulators.camera.http import HttpServer, Response

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


@pytest.fixture
async def start():
    cameras = []

    async def begin(*quirks, **settings):
        camera = Camera(CameraConfig(name="c", password=PASSWORD, quirks=frozenset(quirks), **settings))
        await camera.start()
        cameras.append(camera)
        return camera

    yield begin
    for camera in cameras:
        await camera.stop()


async def polling(camera):
    """Until a long poll is really waiting in the camera."""
    while not any(point.polls for point in camera.state.pull_points.live()):
        await asyncio.sleep(0.005)


async def test_first_all_properties_then_changes(start):
    camera = await start()
    path = await subscribe(camera)
    first = (await pull(camera, path)).messages
    assert ("CellMotionDetector/Motion", "Initialized", {"IsMotion": "false"}) in first
    assert {operation for _, operation, _ in first} == {"Initialized"}
    waiting = asyncio.create_task(pull(camera, path, "PT30S"))
    await polling(camera)
    record = camera.raise_alarm("motion")
    assert (await waiting).messages == [
        ("CellMotionDetector/Motion", "Changed", {"IsMotion": "true"}),
        ("tns1:VideoSource/MotionAlarm", "Changed", {"State": "true"}),
    ]
    assert (record.number, record.subscribed, record.pulled) == (1, True, 1)


async def test_a_pulse_has_no_operation_and_carries_its_number(start):
    camera = await start()
    path = await subscribe(camera)
    await pull(camera, path)
    camera.raise_alarm("tamper")
    camera.raise_alarm("line_crossing")
    assert (await pull(camera, path)).messages[-1] == ("LineDetector/Crossed", None, {"ObjectId": "2"})


async def test_synchronization_point_says_everything_again(start):
    camera = await start()
    path = await subscribe(camera)
    count = len((await pull(camera, path)).messages)
    camera.raise_alarm("digital_input")
    await pull(camera, path)
    assert (await call(camera, "SetSynchronizationPoint", path)).status == 200
    again = (await pull(camera, path)).messages
    assert len(again) == count
    assert ("Trigger/DigitalInput", "Initialized", {"LogicalState": "true"}) in again


async def test_message_limit_leaves_the_rest_for_the_next_poll(start):
    camera = await start()
    path = await subscribe(camera)
    total = len(camera.state.properties())
    assert len((await pull(camera, path, limit=3)).messages) == 3
    assert len((await pull(camera, path)).messages) == total - 3


async def test_too_long_a_poll_is_told_the_maximum(start):
    camera = await start(max_poll_s=20)
    answer = await pull(camera, await subscribe(camera), "PT21S")
    assert answer.status == 400
    assert answer.text(".//e:PullMessagesFaultResponse/e:MaxTimeout") == "PT20S"


async def test_slots_run_out_and_unsubscribe_frees_one(start):
    camera = await start(slots=2)
    paths = [await subscribe(camera), await subscribe(camera)]
    assert paths[0] != paths[1]
    assert (await call(camera, "CreatePullPointSubscription")).fault == "SubscribeCreationFailedFault"
    assert (await call(camera, "Unsubscribe", paths[0])).status == 200
    await subscribe(camera)
    assert (await pull(camera, paths[0])).fault == "InvalidSubscription"


async def test_subscriptions_expire_and_free_their_slot(start, monkeypatch):
    camera = await start(slots=1)
    path = await subscribe(camera, "PT10S")
    for point in camera.state.pull_points.live():
        point.expires_s -= 10
    assert (await pull(camera, path)).fault == "InvalidSubscription"
    await subscribe(camera)


async def test_absolute_time_is_on_the_cameras_clock(start):
    camera = await start(clock_offset_s=-86400 * 400)
    until = datetime.fromtimestamp(camera.state.clock.now().timestamp() + 120, UTC)
    inner = f"<e:InitialTerminationTime>{until:%Y-%m-%dT%H:%M:%SZ}</e:InitialTerminationTime>"
    created_at = camera.state.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    path = "/onvif/event_service"
    header = security(created=created_at) + addressing(ACTIONS["CreatePullPointSubscription"], f"http://x{path}")
    body = f"<e:CreatePullPointSubscription>{inner}</e:CreatePullPointSubscription>"
    created = await post(camera, path, encode(body, header))
    assert created.text(".//b:TerminationTime")[:17] == f"{until:%Y-%m-%dT%H:%M:}"
    late = await call(camera, "CreatePullPointSubscription")
    assert (late.status, late.fault) == (401, "NotAuthorized")


async def test_renew_prolongs(start):
    camera = await start()
    path = await subscribe(camera)
    renewed = await call(camera, "Renew", path, "<b:TerminationTime>PT600S</b:TerminationTime>")
    assert renewed.status == 200
    assert renewed.text(".//b:TerminationTime") > renewed.text(".//b:CurrentTime")
    [point] = camera.state.pull_points.live()
    assert point.lifetime_s == 600


async def test_addressing_headers_are_wanted_exactly_once(start):
    camera = await start()
    path = "/onvif/event_service"
    body = "<e:CreatePullPointSubscription/>"
    bare = await post(camera, path, encode(body, security()))
    assert bare.fault == "MessageAddressingHeaderRequired"
    twice = addressing(ACTIONS["CreatePullPointSubscription"], f"http://x{path}") * 2
    assert (await post(camera, path, encode(body, security() + twice))).fault == "InvalidCardinality"
    wrong = addressing(ACTIONS["Renew"], f"http://x{path}")
    assert (await post(camera, path, encode(body, security() + wrong))).fault == "ActionMismatch"


async def test_a_token_works_once(start):
    camera = await start()
    path = await subscribe(camera)
    inner = "<e:Timeout>PT1S</e:Timeout><e:MessageLimit>5</e:MessageLimit>"
    same = request("PullMessages", path, inner)
    assert (await post(camera, path, same)).status == 200
    assert (await post(camera, path, same)).fault == "NotAuthorized"


async def test_wrong_passwords_lock_the_account(start):
    camera = await start(auth="usernametoken", lock_after=2)
    path = "/onvif/device_service"
    body = '<d:GetDeviceInformation xmlns:d="http://www.onvif.org/ver10/device/wsdl"/>'
    for _ in range(2):
        answer = await post(camera, path, encode(body, security("wrong")))
        assert (answer.status, answer.fault) == (400, "NotAuthorized")
    answer = await post(camera, path, encode(body, security()))
    assert b"locked" in answer.raw


async def test_what_a_vanished_client_did_not_get_is_kept(start):
    camera = await start()
    path = await subscribe(camera)
    await pull(camera, path)
    inner = "<e:Timeout>PT30S</e:Timeout><e:MessageLimit>5</e:MessageLimit>"
    _, writer = await send(camera, path, request("PullMessages", path, inner))
    await polling(camera)
    writer.transport.abort()
    while any(point.polls for point in camera.state.pull_points.live()):
        await asyncio.sleep(0.005)
    camera.raise_alarm("person")
    assert (await pull(camera, path)).messages == [("IVA/HumanShapeDetect", "Changed", {"State": "true"})]


async def test_frozen_camera_answers_after_it_thaws(start):
    camera = await start()
    path = await subscribe(camera)
    camera.freeze()
    waiting = asyncio.create_task(pull(camera, path))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    camera.unfreeze()
    assert (await waiting).status == 200


async def test_answer_held_by_a_freeze_is_put_back_when_the_client_goes(start):
    camera = await start()
    path = await subscribe(camera)
    await pull(camera, path)
    waiting = asyncio.create_task(pull(camera, path, "PT30S"))
    await polling(camera)
    camera.freeze()
    record = camera.raise_alarm("vehicle")
    while not record.pulled:
        await asyncio.sleep(0.005)
    waiting.cancel()
    while record.pulled:
        await asyncio.sleep(0.005)
    camera.unfreeze()
    assert [topic for topic, _, _ in (await pull(camera, path)).messages] == ["IVB/VehicleDetect"]


async def test_reboot_refuses_then_begins_afresh(start):
    camera = await start()
    path = await subscribe(camera)
    await pull(camera, path)
    waiting = asyncio.create_task(pull(camera, path, "PT30S"))
    await polling(camera)
    rebooting = asyncio.create_task(camera.reboot(0.3, clock_offset_s=-1000.0))
    with pytest.raises((ConnectionError, OSError)):
        await waiting
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", camera.port)
    assert camera.raise_alarm("tamper").subscribed is False
    await rebooting
    assert camera.state.boots == 2
    camera.set_clock(0)
    assert (await pull(camera, path)).fault == "InvalidSubscription"
    fresh = (await pull(camera, await subscribe(camera))).messages
    assert ("TamperDetector/Tamper", "Initialized", {"IsTamper": "true"}) in fresh


async def test_system_reboot_is_answered_before_it_happens(start):
    camera = await start(reboot_s=0.05)
    body = '<d:SystemReboot xmlns:d="http://www.onvif.org/ver10/device/wsdl"/>'
    assert (await post(camera, "/onvif/device_service", encode(body, security()))).status == 200
    while camera.state.boots < 2 or camera.down:
        await asyncio.sleep(0.01)
    await subscribe(camera)


async def test_tracked_object_is_a_keyed_property_that_goes_away(start):
    camera = await start()
    before = len(camera.state.properties())
    camera.raise_alarm("field")
    assert camera.state.properties()[-1].key == (("ObjectId", "1"),)
    camera.raise_alarm("field", active=False)
    assert len(camera.state.properties()) == before


async def test_raw_notification_goes_out_as_given(start):
    camera = await start()
    path = await subscribe(camera)
    await pull(camera, path)
    camera.send_raw("tns1:Odd/Thing", (("S", "<&>"),), (), (("x", '"'),), operation=None, time="never")
    answer = await pull(camera, path)
    assert answer.messages == [("tns1:Odd/Thing", None, {"x": '"'})]
    assert b'UtcTime="never"' in answer.raw


async def test_base_notification_posts_to_the_consumer(start):
    camera = await start("no_pullpoint")
    posted = asyncio.Queue()

    async def consume(asked):
        posted.put_nowait(Answer(200, asked.body))
        return Response(204)

    consumer = HttpServer(consume)
    await consumer.start()
    reference = f"<a:Address>http://127.0.0.1:{consumer.port}/here</a:Address>"
    inner = f"<b:ConsumerReference>{reference}</b:ConsumerReference>"
    created = await call(camera, "Subscribe", inner=inner)
    path = "/" + created.text(".//b:SubscriptionReference/a:Address").split("/", 3)[3]
    assert {operation for _, operation, _ in (await posted.get()).messages} == {"Initialized"}
    record = camera.raise_alarm("person")
    assert (await posted.get()).messages == [("IVA/HumanShapeDetect", "Changed", {"State": "true"})]
    while not record.pulled:
        await asyncio.sleep(0.005)
    assert (await call(camera, "Unsubscribe", path)).status == 200
    assert camera.raise_alarm("person").subscribed is False
    await consumer.stop()


async def test_base_notification_stays_on_this_machine_and_may_be_missing(start):
    inner = "<b:ConsumerReference><a:Address>http://192.0.2.1:80/</a:Address></b:ConsumerReference>"
    camera = await start()
    assert (await call(camera, "Subscribe", inner=inner)).fault == "InvalidArgVal"
    camera = await start("no_subscribe")
    assert (await call(camera, "Subscribe", inner=inner)).fault == "ActionNotSupported"


# quirks, one at a time


async def test_quirk_no_pullpoint(start):
    camera = await start("no_pullpoint")
    assert (await call(camera, "CreatePullPointSubscription")).fault == "ActionNotSupported"


async def test_quirk_wrong_address(start):
    camera = await start("wrong_address")
    created = await call(camera, "CreatePullPointSubscription")
    assert created.text(".//a:Address").startswith("http://192.0.2.64:8106/onvif/subscription/")


async def test_quirk_initial_time_required(start):
    camera = await start("initial_time_required")
    assert (await call(camera, "CreatePullPointSubscription")).status == 500
    await subscribe(camera)


async def test_quirk_times_misread(start):
    camera = await start("minutes_as_seconds")
    await subscribe(camera, "PT10M")
    assert camera.state.pull_points.live()[0].lifetime_s == 10
    camera = await start("relative_time_broken")
    path = await subscribe(camera)
    assert (await pull(camera, path)).fault == "InvalidSubscription"


async def test_quirk_reference_parameters(start):
    camera = await start("reference_parameters")
    created = await call(camera, "CreatePullPointSubscription")
    [parameters] = created.tree.iterfind(".//a:ReferenceParameters", NS)
    assert created.text(".//a:Address") == f"http://127.0.0.1:{camera.port}/onvif/event_service"
    assert (await pull(camera, "/onvif/event_service")).fault == "InvalidSubscription"
    [echo] = parameters
    echo.set(f"{{{NS['a']}}}IsReferenceParameter", "true")
    header = etree.tostring(echo, with_tail=False).decode()
    assert (await pull(camera, "/onvif/event_service", extra_header=header)).messages


async def test_quirk_renew(start):
    camera = await start("renew_fault")
    path = await subscribe(camera)
    assert (await call(camera, "Renew", path)).fault == "ActionNotSupported"
    camera = await start("renew_hangup")
    path = await subscribe(camera)
    assert await call(camera, "Renew", path) is None
    assert (await pull(camera, path)).status == 200


async def test_quirk_unsubscribe_ends_all(start):
    camera = await start("unsubscribe_ends_all")
    paths = [await subscribe(camera), await subscribe(camera)]
    await call(camera, "Unsubscribe", paths[0])
    assert camera.subscriptions == 0


async def test_quirk_empty_polls(start):
    camera = await start("instant_empty_polls")
    path = await subscribe(camera)
    await pull(camera, path)
    assert (await pull(camera, path, "PT60S")).messages == []
    camera = await start("poll_hangup")
    path = await subscribe(camera)
    await pull(camera, path)
    assert await pull(camera, path, "PT0.1S") is None


async def test_quirk_pull_keeps_nothing(start):
    for quirks, kept in (((), True), (("pull_keeps_nothing",), False)):
        camera = await start(*quirks)
        path = await subscribe(camera)
        [point] = camera.state.pull_points.live()
        point.expires_s -= 30
        before = point.expires_s
        await pull(camera, path)
        assert (point.expires_s > before) is kept


async def test_quirk_odd_notifications(start):
    camera = await start("always_initialized", "repeats", "topic_tail", "bad_times")
    path = await subscribe(camera)
    await pull(camera, path)
    camera.raise_alarm("tamper")
    answer = await pull(camera, path)
    assert [operation for _, operation, _ in answer.messages] == ["Initialized"] * 3
    assert b"TamperDetector/Tamper//.</" in answer.raw
    assert b'UtcTime="0000-00-00T00:61:16Z"' in answer.raw


async def test_quirk_broken_xml(start):
    camera = await start("undeclared_prefix", "byte_order_mark", "bad_utf8")
    created = await call(camera, "CreatePullPointSubscription")
    assert created.raw.startswith(b"\xef\xbb\xbf<?xml")
    with pytest.raises(etree.XMLSyntaxError):
        created.tree  # noqa: B018 - parsing is the test
    pulled = await pull(camera, "/onvif/subscription/1")
    with pytest.raises(UnicodeDecodeError):
        pulled.raw.decode()


async def test_quirk_addressing(start):
    camera = await start("lax_addressing")
    body = "<e:CreatePullPointSubscription/>"
    assert (await post(camera, "/onvif/event_service", encode(body, security()))).status == 200
    camera = await start("addressing_fault")
    body = '<d:GetSystemDateAndTime xmlns:d="http://www.onvif.org/ver10/device/wsdl"/>'
    header = addressing("http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime", "http://x")
    assert (await post(camera, "/onvif/device_service", encode(body, header))).fault == "InvalidAddressingHeader"
    assert (await post(camera, "/onvif/device_service", encode(body, ""))).status == 200
