"""The simulated camera's quirks, base notification and raw messages, over real sockets with a hand-made client."""

import asyncio

import pytest
from lxml import etree

from simulators.camera.http import HttpServer, Response
from tests.harness import until
from tests.soapclient import NS, Answer, addressing, call, encode, post, pull, security, subscribe


async def test_raw_notification_goes_out_as_given(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    await pull(camera, path)
    camera.send_raw("tns1:Odd/Thing", (("S", "<&>"),), (), (("x", '"'),), operation=None, time="never")
    answer = await pull(camera, path)
    assert answer.messages == [("tns1:Odd/Thing", None, {"x": '"'})]
    assert b'UtcTime="never"' in answer.raw


async def test_base_notification_posts_to_the_consumer(start_camera):
    camera = await start_camera("no_pullpoint")
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
    await until(lambda: record.pulled)
    assert (await call(camera, "Unsubscribe", path)).status == 200
    assert camera.raise_alarm("person").subscribed is False
    await consumer.stop()


async def test_base_notification_stays_on_this_machine_and_may_be_missing(start_camera):
    inner = "<b:ConsumerReference><a:Address>http://192.0.2.1:80/</a:Address></b:ConsumerReference>"
    camera = await start_camera()
    assert (await call(camera, "Subscribe", inner=inner)).fault == "InvalidArgVal"
    camera = await start_camera("no_subscribe")
    assert (await call(camera, "Subscribe", inner=inner)).fault == "ActionNotSupported"


async def test_quirk_no_pullpoint(start_camera):
    camera = await start_camera("no_pullpoint")
    assert (await call(camera, "CreatePullPointSubscription")).fault == "ActionNotSupported"


async def test_quirk_wrong_address(start_camera):
    camera = await start_camera("wrong_address")
    created = await call(camera, "CreatePullPointSubscription")
    assert created.text(".//a:Address").startswith("http://192.0.2.64:8106/onvif/subscription/")


async def test_quirk_initial_time_required(start_camera):
    camera = await start_camera("initial_time_required")
    assert (await call(camera, "CreatePullPointSubscription")).status == 500
    await subscribe(camera)


async def test_quirk_times_misread(start_camera):
    camera = await start_camera("minutes_as_seconds")
    await subscribe(camera, "PT10M")
    assert camera.state.pull_points.live()[0].lifetime_s == 10
    camera = await start_camera("relative_time_broken")
    path = await subscribe(camera)
    assert (await pull(camera, path)).fault == "InvalidSubscription"


async def test_quirk_reference_parameters(start_camera):
    camera = await start_camera("reference_parameters")
    created = await call(camera, "CreatePullPointSubscription")
    [parameters] = created.tree.iterfind(".//a:ReferenceParameters", NS)
    assert created.text(".//a:Address") == f"http://127.0.0.1:{camera.port}/onvif/event_service"
    assert (await pull(camera, "/onvif/event_service")).fault == "InvalidSubscription"
    [echo] = parameters
    echo.set(f"{{{NS['a']}}}IsReferenceParameter", "true")
    header = etree.tostring(echo, with_tail=False).decode()
    assert (await pull(camera, "/onvif/event_service", extra_header=header)).messages


async def test_quirk_renew(start_camera):
    camera = await start_camera("renew_fault")
    path = await subscribe(camera)
    assert (await call(camera, "Renew", path)).fault == "ActionNotSupported"
    camera = await start_camera("renew_hangup")
    path = await subscribe(camera)
    assert await call(camera, "Renew", path) is None
    assert (await pull(camera, path)).status == 200


async def test_quirk_unsubscribe_ends_all(start_camera):
    camera = await start_camera("unsubscribe_ends_all")
    paths = [await subscribe(camera), await subscribe(camera)]
    await call(camera, "Unsubscribe", paths[0])
    assert camera.subscriptions == 0


async def test_quirk_empty_polls(start_camera):
    camera = await start_camera("instant_empty_polls")
    path = await subscribe(camera)
    await pull(camera, path)
    assert (await pull(camera, path, "PT60S")).messages == []
    camera = await start_camera("poll_hangup")
    path = await subscribe(camera)
    await pull(camera, path)
    assert await pull(camera, path, "PT0.1S") is None


async def test_quirk_pull_keeps_nothing(start_camera):
    for quirks, kept in (((), True), (("pull_keeps_nothing",), False)):
        camera = await start_camera(*quirks)
        path = await subscribe(camera)
        [point] = camera.state.pull_points.live()
        point.expires_s -= 30
        before = point.expires_s
        await pull(camera, path)
        assert (point.expires_s > before) is kept


async def test_quirk_odd_notifications(start_camera):
    camera = await start_camera("always_initialized", "repeats", "topic_tail", "bad_times")
    path = await subscribe(camera)
    await pull(camera, path)
    camera.raise_alarm("tamper")
    answer = await pull(camera, path)
    assert [operation for _, operation, _ in answer.messages] == ["Initialized"] * 3
    assert b"TamperDetector/Tamper//.</" in answer.raw
    assert b'UtcTime="0000-00-00T00:61:16Z"' in answer.raw


async def test_quirk_broken_xml(start_camera):
    camera = await start_camera("undeclared_prefix", "byte_order_mark", "bad_utf8")
    created = await call(camera, "CreatePullPointSubscription")
    assert created.raw.startswith(b"\xef\xbb\xbf<?xml")
    with pytest.raises(etree.XMLSyntaxError):
        created.tree  # noqa: B018 - parsing is the test
    pulled = await pull(camera, "/onvif/subscription/1")
    with pytest.raises(UnicodeDecodeError):
        pulled.raw.decode()


async def test_quirk_addressing(start_camera):
    camera = await start_camera("lax_addressing")
    body = "<e:CreatePullPointSubscription/>"
    assert (await post(camera, "/onvif/event_service", encode(body, security()))).status == 200
    camera = await start_camera("addressing_fault")
    body = '<d:GetSystemDateAndTime xmlns:d="http://www.onvif.org/ver10/device/wsdl"/>'
    header = addressing("http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime", "http://x")
    assert (await post(camera, "/onvif/device_service", encode(body, header))).fault == "InvalidAddressingHeader"
    assert (await post(camera, "/onvif/device_service", encode(body, ""))).status == 200
