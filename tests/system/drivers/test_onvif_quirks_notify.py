"""Cameras without pull points: the letterbox they post to, and the driver that lives by it, over real HTTP."""

import asyncio
import socket
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from drivers.devicehttp.request import HttpProblem, Place, request
from drivers.devicehttp.server import ListenFailed
from drivers.onvif.ladder.letterbox import MAX_WAITING, letterbox
from simulators.camera import CameraConfig, CameraFarm
from tests.cameras import CameraRecorder, camera, driver_for, kept_setup, running, until, watched

HERE = "127.0.0.1:0"
CAMERA = "http://127.0.0.1:1/onvif/device_service"
NOTIFY = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<Notify xmlns="http://docs.oasis-open.org/wsn/b-2"><NotificationMessage><Topic>tns1:VideoSource/MotionAlarm'
    b'</Topic><Message><m:Message xmlns:m="http://www.onvif.org/ver10/schema" UtcTime="2026-01-01T00:00:00Z">'
    b'<m:Data><m:SimpleItem Name="State" Value="true"/></m:Data></m:Message></Message></NotificationMessage></Notify>'
    b"</s:Body></s:Envelope>"
)


async def post(url, body, method="POST"):
    return await request(method, Place.of(url), {}, body, timeout_s=10.0, max_bytes=10_000)


async def test_a_post_is_answered_only_after_it_is_stored():
    async with letterbox(HERE, CAMERA) as box:
        answer = asyncio.create_task(post(box.address, NOTIFY))
        arrived = await box.posts.get()
        assert arrived.notifications[0].topic == "tns1:VideoSource/MotionAlarm"
        done, _ = await asyncio.wait([answer], timeout=0.2)
        assert not done
        arrived.stored.set_result(True)
        assert (await answer).status == 202


async def test_a_camera_that_hangs_up_without_waiting_for_the_answer_is_heard():
    """As small firmware does: connect, send, close."""
    async with letterbox(HERE, CAMERA) as box:
        parts = urlsplit(box.address)
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.hostname}\r\nContent-Length: {len(NOTIFY)}\r\n\r\n"
        writer.write(head.encode() + NOTIFY)
        await writer.drain()
        writer.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        writer.close()
        arrived = await box.posts.get()
        assert len(arrived.notifications) == 1
        arrived.stored.set_result(True)


async def test_what_cannot_be_stored_is_refused_so_that_it_comes_again():
    async with letterbox(HERE, CAMERA) as box:
        answer = asyncio.create_task(post(box.address, NOTIFY))
        (await box.posts.get()).stored.set_result(False)
        assert (await answer).status == 503
        late = asyncio.create_task(post(box.address, NOTIFY))
        await until(lambda: not box.posts.empty())
        async with letterbox(HERE, CAMERA):
            box.close()
            assert (await late).status == 503


async def test_strangers_learn_nothing_and_are_limited():
    async with letterbox(HERE, CAMERA) as box, letterbox(HERE, CAMERA) as other:
        place = urlsplit(box.address)
        assert place.netloc == urlsplit(other.address).netloc
        assert place.path != urlsplit(other.address).path
        assert len(place.path) > 30
        for path in ("/", "/onvif", place.path[:-1], place.path + "x"):
            assert (await post(f"http://{place.netloc}{path}", NOTIFY)).status == 404
        assert (await post(box.address, b"", "GET")).status == 405
        for rubbish in (b"", b"\x00", b"not xml"):
            assert (await post(box.address, rubbish)).status == 400
        assert (await post(box.address, b"<a>" * 400_000)).status == 413
        assert box.posts.empty()


async def test_a_flood_is_refused_beyond_a_limit():
    async with letterbox(HERE, CAMERA) as box:
        answers = [asyncio.create_task(post(box.address, NOTIFY)) for _ in range(MAX_WAITING)]
        await until(box.posts.full)
        assert (await post(box.address, NOTIFY)).status == 503
        for _ in answers:
            (await box.posts.get()).stored.set_result(True)
        assert {answer.status for answer in await asyncio.gather(*answers)} == {202}


async def test_the_listener_lives_as_long_as_somebody_needs_it():
    async with letterbox(HERE, CAMERA) as first:
        async with letterbox(HERE, CAMERA):
            pass
        assert (await post(first.address + "x", NOTIFY)).status == 404
    with pytest.raises(HttpProblem):
        await post(first.address, NOTIFY)


@pytest.mark.parametrize("named", ["127.0.0.1", "localhost"])
async def test_a_camera_is_told_the_address_by_which_we_reach_it(named):
    async with letterbox("0.0.0.0:0", CAMERA.replace("127.0.0.1", named)) as box:
        assert urlsplit(box.address).hostname in ("127.0.0.1", "::1")


async def test_a_taken_port_is_named():
    with closing(socket.create_server(("127.0.0.1", 0))) as taken, pytest.raises(ListenFailed):
        async with letterbox(f"127.0.0.1:{taken.getsockname()[1]}", CAMERA):
            pass


async def test_a_taken_port_costs_the_events_and_not_the_pictures(device):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        async with camera(quirks=["no_pullpoint"]) as gate:
            kept_setup(device, gate)
            async with running(driver_for(gate, notify_listen=listen), device):
                await until(device.states)
        assert device.states() == [("degraded", "no-events")]
        assert "cannot listen" in device.reports[0].detail


class HeldRecorder(CameraRecorder):
    """Its first report never reaches the disk."""

    async def report(self, *said, **facts):
        await super().report(*said, **facts)
        await asyncio.Event().wait()


async def test_a_post_is_refused_when_the_driver_ends_before_it_is_stored(tmp_path):
    device, consumers = HeldRecorder(tmp_path), []
    async with camera(quirks=["no_pullpoint"]) as gate:
        kept_setup(device, gate)
        gate.state.on_subscribe = lambda point, consumer: consumers.append(consumer)
        async with running(driver_for(gate, notify_listen=HERE), device):
            await until(lambda: consumers)
            answer = asyncio.create_task(post(consumers[0], NOTIFY))
            await until(lambda: device.reports)
        assert (await answer).status == 503


async def test_two_cameras_share_one_listener_and_are_not_mixed_up(tmp_path):
    configs = [CameraConfig(name=name, quirks=frozenset({"no_pullpoint"})) for name in ("a", "b")]
    async with CameraFarm(configs) as farm:
        devices = {}
        for name, one in farm.cameras.items():
            (tmp_path / name).mkdir()
            devices[name] = CameraRecorder(tmp_path / name, id=name)
            kept_setup(devices[name], one)
        async with (
            watched(farm["a"], devices["a"], notify_listen=HERE),
            watched(farm["b"], devices["b"], notify_listen=HERE),
        ):
            farm["a"].raise_alarm("tamper")
            farm["b"].raise_alarm("person")
            await until(lambda: all(recorder.alarms() for recorder in devices.values()))
        assert devices["a"].alarms() == [("tamper", "start")]
        assert devices["b"].alarms() == [("person", "start")]


async def test_posted_alarms_survive_a_full_outbox(device):
    async with camera(quirks=["no_pullpoint"]) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, notify_listen=HERE):
            device.full = True
            gate.raise_alarm("tamper", active=True)
            gate.raise_alarm("line_crossing")
            await until(lambda: device.refused)
            device.full = False
            await until(lambda: len(device.alarms()) == 2)
            gate.raise_alarm("tamper", active=False)
            await until(lambda: len(device.alarms()) == 3)
        assert device.alarms() == [("tamper", "start"), ("line_crossing", "pulse"), ("tamper", "end")]


@pytest.mark.parametrize("quirks", [[], ["reboot_resets_clock"]], ids=str)
async def test_a_reboot_is_noticed_without_polls(device, quirks):
    async with camera(quirks=["no_pullpoint", *quirks], auth="usernametoken") as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0, notify_listen=HERE):
            gate.raise_alarm("tamper", active=True)
            await until(device.alarms)
            gate.begin_reboot(2.5)
            await asyncio.sleep(0)  # it goes down
            gate.raise_alarm("tamper", active=False)
            await until(lambda: len(device.alarms()) == 2)
            await until(lambda: device.states()[-1] == ("up", ""))
            gate.raise_alarm("person", active=True)
            await until(lambda: len(device.alarms()) == 3)
            assert gate.subscriptions == 1
        assert device.states() == [("up", ""), ("down", "refused"), ("up", "")]
        assert device.reports[1].last_seen is not None


async def test_a_camera_that_never_reaches_us_is_not_called_up(device, monkeypatch):
    """Its firewall, or ours: the subscription stands, and nothing comes."""
    monkeypatch.setattr("drivers.onvif.ladder.notifying.HEARD_WITHIN_S", 1.0)
    async with camera(quirks=["no_pullpoint"]) as gate:
        kept_setup(device, gate)
        gate.state.on_subscribe = lambda point, consumer: None
        async with running(driver_for(gate, poll_s=1.0, notify_listen=HERE), device):
            await until(device.states)
            assert device.states() == [("degraded", "no-events")]
            assert "nothing has arrived" in device.reports[0].detail


@pytest.mark.slow
async def test_a_camera_that_grows_events_is_climbed_again(device):
    """Soon at first: one that is starting offers its events a little later than the rest."""
    async with camera(quirks=["no_pullpoint", "no_subscribe"]) as gate:
        kept_setup(device, gate)
        async with running(driver_for(gate, notify_listen=HERE), device):
            await until(lambda: device.states() == [("degraded", "no-events")])
            # An update of its firmware.
            object.__setattr__(gate.config, "quirks", frozenset())
            await until(lambda: device.states() == [("degraded", "no-events"), ("up", "")])
            assert device.described["events"] == "pullpoint"


async def test_a_camera_that_loses_its_events_says_since_when(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            object.__setattr__(gate.config, "quirks", frozenset({"no_pullpoint", "no_subscribe"}))
            gate.state.pull_points.clear()
            await until(lambda: device.states()[-1] == ("degraded", "no-events"))
        assert [state for state, _ in device.states()] == [
            "up",
            "down",
            *["down"] * (len(device.reports) - 3),
            "degraded",
        ]
        assert device.reports[1].last_seen is not None
