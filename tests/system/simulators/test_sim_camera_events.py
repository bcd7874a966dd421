"""The simulated camera's pull points, log-ins and breakdowns, over real sockets with a hand-made client."""

import asyncio
from datetime import UTC, datetime

import pytest

from tests.cameras import is_polled
from tests.harness import until
from tests.soapclient import ACTIONS, addressing, call, encode, post, pull, request, security, send, subscribe


async def test_first_all_properties_then_changes(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    first = (await pull(camera, path)).messages
    assert ("CellMotionDetector/Motion", "Initialized", {"IsMotion": "false"}) in first
    assert {operation for _, operation, _ in first} == {"Initialized"}
    waiting = asyncio.create_task(pull(camera, path, "PT30S"))
    await until(lambda: is_polled(camera))
    record = camera.raise_alarm("motion")
    assert (await waiting).messages == [
        ("CellMotionDetector/Motion", "Changed", {"IsMotion": "true"}),
        ("tns1:VideoSource/MotionAlarm", "Changed", {"State": "true"}),
    ]
    assert (record.number, record.subscribed, record.pulled) == (1, True, 1)


async def test_a_pulse_has_no_operation_and_carries_its_number(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    await pull(camera, path)
    camera.raise_alarm("tamper")
    camera.raise_alarm("line_crossing")
    assert (await pull(camera, path)).messages[-1] == ("LineDetector/Crossed", None, {"ObjectId": "2"})


async def test_synchronization_point_says_everything_again(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    count = len((await pull(camera, path)).messages)
    camera.raise_alarm("digital_input")
    await pull(camera, path)
    assert (await call(camera, "SetSynchronizationPoint", path)).status == 200
    again = (await pull(camera, path)).messages
    assert len(again) == count
    assert ("Trigger/DigitalInput", "Initialized", {"LogicalState": "true"}) in again


async def test_message_limit_leaves_the_rest_for_the_next_poll(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    total = len(camera.state.properties())
    assert len((await pull(camera, path, limit=3)).messages) == 3
    assert len((await pull(camera, path)).messages) == total - 3


async def test_too_long_a_poll_is_told_the_maximum(start_camera):
    camera = await start_camera(max_poll_s=20)
    answer = await pull(camera, await subscribe(camera), "PT21S")
    assert answer.status == 400
    assert answer.text(".//e:PullMessagesFaultResponse/e:MaxTimeout") == "PT20S"


async def test_slots_run_out_and_unsubscribe_frees_one(start_camera):
    camera = await start_camera(slots=2)
    paths = [await subscribe(camera), await subscribe(camera)]
    assert paths[0] != paths[1]
    assert (await call(camera, "CreatePullPointSubscription")).fault == "SubscribeCreationFailedFault"
    assert (await call(camera, "Unsubscribe", paths[0])).status == 200
    await subscribe(camera)
    assert (await pull(camera, paths[0])).fault == "InvalidSubscription"


async def test_subscriptions_expire_and_free_their_slot(start_camera, monkeypatch):
    camera = await start_camera(slots=1)
    path = await subscribe(camera, "PT10S")
    for point in camera.state.pull_points.live():
        point.expires_s -= 10
    assert (await pull(camera, path)).fault == "InvalidSubscription"
    await subscribe(camera)


async def test_absolute_time_is_on_the_cameras_clock(start_camera):
    camera = await start_camera(clock_offset_s=-86400 * 400)
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


async def test_renew_prolongs(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    renewed = await call(camera, "Renew", path, "<b:TerminationTime>PT600S</b:TerminationTime>")
    assert renewed.status == 200
    assert renewed.text(".//b:TerminationTime") > renewed.text(".//b:CurrentTime")
    [point] = camera.state.pull_points.live()
    assert point.lifetime_s == 600


async def test_addressing_headers_are_wanted_exactly_once(start_camera):
    camera = await start_camera()
    path = "/onvif/event_service"
    body = "<e:CreatePullPointSubscription/>"
    bare = await post(camera, path, encode(body, security()))
    assert bare.fault == "MessageAddressingHeaderRequired"
    twice = addressing(ACTIONS["CreatePullPointSubscription"], f"http://x{path}") * 2
    assert (await post(camera, path, encode(body, security() + twice))).fault == "InvalidCardinality"
    wrong = addressing(ACTIONS["Renew"], f"http://x{path}")
    assert (await post(camera, path, encode(body, security() + wrong))).fault == "ActionMismatch"


async def test_a_token_works_once(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    inner = "<e:Timeout>PT1S</e:Timeout><e:MessageLimit>5</e:MessageLimit>"
    same = request("PullMessages", path, inner)
    assert (await post(camera, path, same)).status == 200
    assert (await post(camera, path, same)).fault == "NotAuthorized"


async def test_wrong_passwords_lock_the_account(start_camera):
    camera = await start_camera(auth="usernametoken", lock_after=2)
    path = "/onvif/device_service"
    body = '<d:GetDeviceInformation xmlns:d="http://www.onvif.org/ver10/device/wsdl"/>'
    for _ in range(2):
        answer = await post(camera, path, encode(body, security("wrong")))
        assert (answer.status, answer.fault) == (400, "NotAuthorized")
    answer = await post(camera, path, encode(body, security()))
    assert b"locked" in answer.raw


async def test_what_a_vanished_client_did_not_get_is_kept(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    await pull(camera, path)
    inner = "<e:Timeout>PT30S</e:Timeout><e:MessageLimit>5</e:MessageLimit>"
    _, writer = await send(camera, path, request("PullMessages", path, inner))
    await until(lambda: is_polled(camera))
    writer.transport.abort()
    await until(lambda: not is_polled(camera))
    camera.raise_alarm("person")
    assert (await pull(camera, path)).messages == [("IVA/HumanShapeDetect", "Changed", {"State": "true"})]


async def test_frozen_camera_answers_after_it_thaws(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    camera.freeze()
    waiting = asyncio.create_task(pull(camera, path))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    camera.unfreeze()
    assert (await waiting).status == 200


async def test_answer_held_by_a_freeze_is_put_back_when_the_client_goes(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    await pull(camera, path)
    waiting = asyncio.create_task(pull(camera, path, "PT30S"))
    await until(lambda: is_polled(camera))
    camera.freeze()
    record = camera.raise_alarm("vehicle")
    await until(lambda: record.pulled)
    waiting.cancel()
    await until(lambda: not record.pulled)
    camera.unfreeze()
    assert [topic for topic, _, _ in (await pull(camera, path)).messages] == ["IVB/VehicleDetect"]


async def test_reboot_refuses_then_begins_afresh(start_camera):
    camera = await start_camera()
    path = await subscribe(camera)
    await pull(camera, path)
    waiting = asyncio.create_task(pull(camera, path, "PT30S"))
    await until(lambda: is_polled(camera))
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


async def test_system_reboot_is_answered_before_it_happens(start_camera):
    camera = await start_camera(reboot_s=0.05)
    body = '<d:SystemReboot xmlns:d="http://www.onvif.org/ver10/device/wsdl"/>'
    assert (await post(camera, "/onvif/device_service", encode(body, security()))).status == 200
    await until(lambda: camera.state.boots == 2 and not camera.down)
    await subscribe(camera)


async def test_tracked_object_is_a_keyed_property_that_goes_away(start_camera):
    camera = await start_camera()
    before = len(camera.state.properties())
    camera.raise_alarm("field")
    assert camera.state.properties()[-1].key == (("ObjectId", "1"),)
    camera.raise_alarm("field", active=False)
    assert len(camera.state.properties()) == before
