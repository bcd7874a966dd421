"""The ONVIF driver against simulated cameras over real HTTP: alarms, pictures, restarts, reboots, refusals, quirks."""

import asyncio
import json
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

import drivers.onvif
from edgeagent.driver import Alarm, CommandRefused, Picture
from simulators.camera import events
from simulators.camera.soap import SoapFault
from tests.cameras import CameraRecorder, camera, driver_for, is_polled, kept_setup, running, until, watched
from tests.jpegs import SMALL


async def test_an_alarm_begins_and_ends(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            raised = gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
            gate.raise_alarm("tamper", active=False)
            await until(lambda: device.alarms() == [("tamper", "start"), ("tamper", "end")])
        alarm, observed = device.data[0], device.observations[0]
        assert alarm.topic == "tns1:RuleEngine/TamperDetector/Tamper"
        assert alarm.source == "MyTamperDetectorRule"
        assert alarm.detail["VideoSourceConfigurationToken"] == "VideoSourceToken"
        assert not alarm.at_start
        assert observed.time is None or abs((observed.time - raised.time).total_seconds()) < 5
        assert gate.subscriptions == 0


async def test_pulses_are_counted_one_by_one(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            for _ in range(20):
                gate.raise_alarm("line_crossing")
            await until(lambda: len(device.alarms()) == 20)
        assert set(device.alarms()) == {("line_crossing", "pulse")}
        assert [alarm.object for alarm in device.data] == [str(number) for number in range(1, 21)]


async def test_objects_in_a_field_are_told_apart(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            gate.raise_alarm("field", active=True)
            gate.raise_alarm("field", active=False)
            await until(lambda: device.alarms() == [("intrusion", "start"), ("intrusion", "end")])
        assert [alarm.object for alarm in device.data] == ["1", "1"]


async def test_what_was_on_at_the_start_says_so(device):
    async with camera() as gate:
        kept_setup(device, gate)
        gate.raise_alarm("digital_input", active=True)
        async with watched(gate, device):
            await until(lambda: device.alarms() == [("digital_input", "start")])
        assert device.data[0].at_start


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("auth", ["both", "usernametoken", "digest", "none"])
async def test_every_way_to_log_in(device, auth, algorithm):
    async with camera(auth=auth, digest_algorithm=algorithm, lock_after=3) as gate:
        async with watched(gate, device):
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
        assert gate.subscriptions == 0


@pytest.mark.parametrize("offset_s", [-7200.0, 86400.0])
async def test_a_wrong_clock_of_the_camera_is_allowed_for(device, offset_s):
    async with camera(auth="usernametoken", clock_offset_s=offset_s) as gate:
        async with watched(gate, device):
            raised = gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
        moment = device.observations[0].time
        assert moment is not None
        assert abs((moment - raised.time).total_seconds()) < 5
        assert abs(float(device.described["clock_offset_s"]) - offset_s) <= 2


@pytest.mark.parametrize("auth", ["both", "usernametoken", "digest"])
async def test_a_wrong_password_is_tried_twice_at_most(device, auth):
    async with camera(auth=auth, lock_after=3) as gate:
        async with running(driver_for(gate, password="wrong"), device):
            await until(lambda: device.reports)
            assert device.states() == [("down", "wrong-password")]
            asked = gate.requests
            await asyncio.sleep(1.5)  # nothing is to happen
            assert gate.requests == asked
        # Had the account been locked, the right password would be refused as well.
        device.reports.clear()
        async with watched(gate, device):
            pass


async def test_without_credentials_it_says_that_a_user_is_needed(device):
    async with camera() as gate, running(driver_for(gate, username="", password=""), device):
        await until(lambda: device.reports)
        assert device.states() == [("down", "no-user")]
        assert "set username and password" in device.reports[0].detail


async def test_reasons_are_told_in_chinese(device):
    device.language = "zh"
    async with camera() as gate, running(driver_for(gate, password="wrong"), device):
        await until(lambda: device.reports)
        assert "请更正用户名和密码" in device.reports[0].detail


async def test_an_alarm_wants_its_picture(device):
    device.pictured = {"person"}
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            gate.raise_alarm("person", active=True)
            await until(lambda: any(isinstance(data, Picture) for data in device.data))
        (picture,) = [o for o in device.observations if isinstance(o.data, Picture)]
        assert picture.data.cause == "alarm"
        assert len(picture.data.owner) == 26
        assert picture.pictures[0].startswith(b"\xff\xd8\xff")
        assert picture.pictures[0].endswith(b"\xff\xd9")


@pytest.mark.parametrize("auth", ["basic", "digest", "none"])
async def test_a_picture_on_command(device, auth):
    async with camera(snapshot_auth=auth, lock_after=1) as gate:
        kept_setup(device, gate)
        async with watched(gate, device) as driver:
            for _ in range(2):
                answer = await driver.command(device, "snapshot", {})
                assert answer["bytes"] == len(device.observations[-1].pictures[0])
                assert device.data[-1] == Picture(cause="command")


@pytest.mark.parametrize(("quirk", "code"), [("snapshot_404", "no-snapshot"), ("half_picture", "half-picture")])
async def test_no_picture_is_a_named_refusal_and_the_alarm_stays(device, quirk, code):
    device.pictured = {"person"}
    async with camera(quirks=[quirk, "rtsp_404"]) as gate, watched(gate, device) as driver:
        gate.raise_alarm("person", active=True)
        await until(lambda: device.alarms() == [("person", "start")])
        await until(lambda: code in device.described.get("picture_problem", ""))
        with pytest.raises(CommandRefused, match=code):
            await driver.command(device, "snapshot", {})


async def test_commands_that_nobody_knows_are_refused(device):
    async with camera() as gate:
        driver = driver_for(gate)
        with pytest.raises(CommandRefused):
            await driver.command(device, "snapshot", {})
        with pytest.raises(CommandRefused):
            await driver.command(device, "explode", {})


async def test_set_up_describes_the_camera_and_is_kept(device):
    async with camera(quirks=["nat_address"]) as gate:
        async with watched(gate, device):
            await until(lambda: "model" in device.described)
        assert device.described["maker"] == "Gridcam"
        assert device.described["firmware"] == "V5.6.3"
        kept = json.loads((device.folder / "setup.json").read_text())
        assert kept["snapshot_uri"].endswith("/snapshot.jpg")
        assert kept["profiles"][0]["width_px"] == 1920
        again = CameraRecorder(device.folder, id="cam-1")
        async with watched(gate, again) as driver:
            assert again.described["model"] == "GC-2000"
            assert (await driver.command(again, "snapshot", {}))["bytes"]


@pytest.mark.parametrize("auth", ["digest", "usernametoken", "none"])
async def test_set_up_logs_in_as_the_events_did(device, auth):
    async with camera(auth=auth, clock_offset_s=5000.0, lock_after=2) as gate, watched(gate, device):
        await until(lambda: device.described.get("model") == "GC-2000")


async def test_set_up_is_asked_again_soon_when_its_process_was_killed(device, caplog):
    """As by the kernel, when a box has no memory left: the camera is all right, and need not wait for ten minutes."""
    async with camera() as gate, watched(gate, device):
        await until(lambda: [os.kill(pid, signal.SIGKILL) for pid in setup_processes()])
        await until(lambda: "onvif.setup-failed" in caplog.text)
        assert device.described.get("model") is None
        await until(lambda: device.described.get("model") == "GC-2000")


def setup_processes() -> list[int]:
    """Of this process: the workers that ask cameras who they are, and whatever else of its kind runs."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in children if b"worker_child" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.parametrize("spoil", ["wrong", "rubbish"])
async def test_a_wrong_cache_blocks_nothing(device, spoil):
    async with camera() as gate:
        kept_setup(device, gate)
        for name in ("setup.json", "subscription.json"):
            path = device.folder / name
            text = path.read_text() if path.exists() else "{}"
            path.write_text(text.replace("/onvif/event_service", "/nowhere") if spoil == "wrong" else "{" + text)
        async with watched(gate, device):
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
        assert device.states() == [("up", "")]


async def test_a_restart_raises_nothing_twice_and_ends_what_ended(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            gate.raise_alarm("tamper", active=True)
            gate.raise_alarm("field", active=True)
            gate.raise_alarm("digital_input", active=True)
            await until(lambda: len(device.alarms()) == 3)
        gate.raise_alarm("tamper", active=False)
        gate.raise_alarm("field", active=False)
        again = CameraRecorder(device.folder, id="cam-1", memory=device.memory)
        async with watched(gate, again):
            await until(lambda: len(again.alarms()) == 2)
            gate.raise_alarm("digital_input", active=False)
            await until(lambda: len(again.alarms()) == 3)
        assert again.alarms() == [("tamper", "end"), ("intrusion", "end"), ("digital_input", "end")]


async def test_a_reboot_is_survived_and_reported_with_its_interval(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
            begun = datetime.now(UTC)
            reboot = asyncio.create_task(gate.reboot(2.5, clock_offset_s=-3600.0))
            await asyncio.sleep(0)  # it goes down
            # Nobody sees these: one goes off, one comes on.
            gate.raise_alarm("tamper", active=False)
            gate.raise_alarm("too_dark", active=True)
            await reboot
            await until(lambda: len(device.alarms()) == 3)
            await until(lambda: device.states()[-1] == ("up", ""))
            gate.raise_alarm("person", active=True)
            await until(lambda: len(device.alarms()) == 4)
        assert set(device.alarms()[1:3]) == {("tamper", "end"), ("too_dark", "start")}
        downs = [report for report in device.reports if report.state == "down"]
        assert downs
        assert all(report.last_seen <= begun for report in downs)
        assert device.states()[0] == device.states()[-1] == ("up", "")
        assert gate.subscriptions == 0


async def test_a_dropped_connection_loses_nothing_and_is_not_worth_a_report(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            await until(lambda: is_polled(gate))
            gate.drop_connections()
            gate.raise_alarm("tamper", active=True)
            gate.raise_alarm("line_crossing")
            await until(lambda: len(device.alarms()) == 2)
        assert device.states() == [("up", "")]


async def test_a_forgotten_subscription_is_made_again_with_its_gap(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            before = datetime.now(UTC)
            gate.state.pull_points.clear()
            await until(lambda: device.states() == [("up", ""), ("down", "subscription-lost"), ("up", "")])
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
        assert device.reports[1].last_seen <= before


@pytest.mark.slow
async def test_a_frozen_camera_is_reported_and_leaves_no_second_subscription(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0):
            gate.raise_alarm("tamper", active=True)
            await until(device.alarms)
            gate.freeze()
            await until(lambda: device.states()[-1] == ("down", "timeout"))
            gate.unfreeze()
            await until(lambda: device.states()[-1] == ("up", ""))
            assert gate.subscriptions == 1
            gate.freeze()
        # Stopped without having been able to unsubscribe: the next run does it first.
        gate.unfreeze()
        again = CameraRecorder(device.folder, id="cam-1", memory=device.memory)
        async with watched(gate, again):
            assert gate.subscriptions == 1
        assert again.alarms() == []


async def test_a_full_outbox_delays_alarms_and_loses_none(device):
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device):
            device.full = True
            gate.raise_alarm("tamper", active=True)
            gate.raise_alarm("line_crossing")
            gate.raise_alarm("tamper", active=False)
            await until(lambda: device.refused)
            assert device.alarms() == []
            device.full = False
            await until(lambda: len(device.alarms()) == 3)
        assert device.alarms() == [("tamper", "start"), ("line_crossing", "pulse"), ("tamper", "end")]


@pytest.mark.parametrize("settings", [{"quirks": ["no_pullpoint"]}, {"slots": 0}])
async def test_no_events_to_have_is_reported(device, settings):
    async with camera(**settings) as gate:
        kept_setup(device, gate)
        async with running(driver_for(gate), device):
            await until(lambda: device.reports)
        assert device.states() == [("degraded", "no-events")]
        assert device.described["events"] == "pictures"


async def test_nobody_at_the_address_is_reported(device):
    async with camera() as gate:
        driver = driver_for(gate)
    async with running(driver, device):
        await until(lambda: device.reports)
        assert device.states() == [("down", "refused")]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot Found",
        b"HTTP/1.1 200 OK\r\n\r\n<html><body>login</body></html>",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    ],
)
async def test_what_is_no_onvif_device_is_reported(device, answer):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    driver = drivers.onvif.Driver(drivers.onvif.Config(address=address, username="a", password="b"))
    async with server, running(driver, device):
        await until(lambda: device.reports)
        assert device.states()[0] == ("down", "not-onvif")


async def test_a_camera_that_allows_short_polls_only_is_obeyed(device):
    async with camera(max_poll_s=1.0) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=20.0):
            asked = gate.requests
            await until(lambda: gate.requests > asked + 1)  # a poll has ended, and the next one has come
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
        assert device.states() == [("up", "")]


async def test_a_camera_that_forgets_us_as_it_names_its_limit_is_subscribed_again(device, monkeypatch):
    async with camera(max_poll_s=1.0) as gate:

        def forgetful(state, request):
            try:
                return poll_limits(state, request)
            except SoapFault:
                state.pull_points.clear()
                raise

        poll_limits = events._poll_limits
        monkeypatch.setattr(events, "_poll_limits", forgetful)
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=20.0):
            await until(lambda: len(device.states()) == 3)
        assert device.states() == [("up", ""), ("down", "subscription-lost"), ("up", "")]


async def test_a_camera_that_grants_a_short_life_only_is_obeyed(device):
    async with camera(max_lifetime_s=100.0) as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=60.0):
            gate.raise_alarm("tamper", active=True)
            await until(lambda: device.alarms() == [("tamper", "start")])
        assert device.states() == [("up", "")]


async def test_one_picture_at_a_time_and_never_in_the_way(device):
    """The camera is slow with pictures; its alarms come at once all the same, their pictures one after the other."""
    device.pictured = {"line_crossing"}
    released, asked, at_once = asyncio.Event(), [], set()

    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        at_once.add(writer)
        asked.append(len(at_once))
        await released.wait()
        await asyncio.sleep(0.02)  # long enough for another one to come
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + SMALL)
        at_once.remove(writer)
        writer.close()

    slow = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with camera() as gate, slow:
        kept_setup(device, gate, snapshot=f"http://127.0.0.1:{slow.sockets[0].getsockname()[1]}/s.jpg")
        async with watched(gate, device):
            for _ in range(5):
                gate.raise_alarm("line_crossing")
            await until(lambda: len(device.alarms()) == 5 and asked)
            assert [type(data) for data in device.data] == [Alarm] * 5, "none waits for a picture"
            released.set()
            await until(lambda: len(device.data) == 10)
    assert asked == [1] * 5, "how many were under way when one came"
    assert [data.owner for data in device.data[5:]] == [stored.id for stored in device.stored[:5]]


@pytest.mark.slow
async def test_a_clock_that_is_set_while_we_watch_costs_nothing(device):
    async with camera(auth="usernametoken") as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0):
            for offset_s, active in ((7200.0, True), (-86400.0 * 400, False), (0.0, True)):
                gate.set_clock(offset_s)
                asked = gate.requests
                await until(lambda asked=asked: gate.requests > asked)  # under the new time
                count = len(device.alarms())
                gate.raise_alarm("tamper", active=active)
                await until(lambda count=count: len(device.alarms()) == count + 1)
        assert device.alarms() == [("tamper", "start"), ("tamper", "end"), ("tamper", "start")]
        assert device.states() == [("up", "")]


@pytest.mark.slow
async def test_a_loose_plug_makes_few_events_and_costs_no_alarm(device):
    """Up is held back, alarms are not."""
    async with camera() as gate:
        kept_setup(device, gate)
        async with watched(gate, device, poll_s=1.0):
            for number in range(1, 9):
                await gate.reboot(2.0)
                await until(lambda: gate.subscriptions == 1)
                gate.raise_alarm("line_crossing")
                await until(lambda number=number: len(device.alarms()) == number)
        assert [state for state, _ in device.states()] == ["up", "down"] * 3
        noticed = {reason for state, reason in device.states() if state == "down"}
        assert noticed <= {"refused", "subscription-lost"}, "while it was away, or on a slow machine when it was back"
