"""One frame of the video stream, over real RTSP, where a camera gives no snapshot; every way in which it can fail."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from drivers.snapshot import rtsp, rtsp_child
from drivers.snapshot.child import run_child
from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import NoFrame, NoOpenCv, NoStream, StreamRefused, StreamTimeout
from drivers.snapshot.rtsp import Stream, stream_urls
from edgeagent.driver import CommandRefused
from tests import cameras
from tests.cameras import camera, kept_setup, watched
from tests.harness import until
from tests.jpegs import decoded

PASSWORD = "p@ss:wo/rd %?#"


def streaming(*quirks, **settings):
    return cameras.camera(password=PASSWORD, quirks=quirks, **settings)


def stream(password=PASSWORD, **kept):
    return Stream("admin", password, Keep(**kept))


def kept_stream(device, simulated, **facts):
    """Set-up as it was kept, with the stream's address, and changes."""
    kept_setup(device, simulated)
    path = device.folder / "setup.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"stream_uri": simulated.stream_uri} | facts))


async def test_a_frame_with_a_difficult_password():
    async with streaming() as gate:
        jpeg = await stream().frame([gate.stream_uri])
        assert decoded(jpeg).shape == (360, 640, 3)
        assert gate.stream.refused == 0
        await until(lambda: gate.stream.playing == 0)


async def test_without_a_login():
    async with streaming(auth="none") as gate:
        assert await Stream("", "", Keep()).frame([gate.stream_uri])


async def test_its_areas_are_black_too():
    async with streaming() as gate:
        area = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
        frame = decoded(await stream(privacy=(area,)).frame([gate.stream_uri]))
    assert frame[:, :320].max() < 40
    assert frame[:, 340:].mean() > 60


async def test_grey_frames_are_passed_over():
    async with streaming("rtsp_grey") as gate:
        frame = decoded(await stream().frame([gate.stream_uri]))
    assert not rtsp_child.is_grey(frame)


async def test_an_h264_stream_that_is_joined_between_two_keyframes():
    """Until the keyframe a decoder has nothing to show."""
    async with streaming("rtsp_late_keyframe") as gate:
        frame = decoded(await stream().frame([gate.stream_uri]))
    assert frame.shape == (176, 320, 3)
    assert not rtsp_child.is_grey(frame)
    sky, ground = frame[20:60].mean(axis=(0, 1)), frame[140:].mean(axis=(0, 1))
    assert sky[0] > ground[0] + 40, "the sky is bluer than the ground: it is the camera's picture"


@pytest.mark.parametrize(
    ("quirk", "problem", "endless"),
    [
        ("rtsp_404", NoStream, []),
        ("rtsp_refuses", StreamRefused, []),
        ("rtsp_silent", StreamTimeout, ["DESCRIBE_TIMEOUT_S"]),
        ("rtsp_dies", NoFrame, []),
        ("rtsp_frozen", NoFrame, ["OPEN_TIMEOUT_S", "FRAME_TIMEOUT_S"]),
    ],
)
async def test_every_failure_has_its_name_and_no_password(quirk, problem, endless, monkeypatch):
    """`endless`: the limits that end what has no end; nothing else is hurried, however slow the machine is."""
    for limit in endless:
        monkeypatch.setattr(rtsp, limit, 1.0)
    async with streaming(quirk) as gate:
        with pytest.raises(problem) as caught:
            await stream().frame([gate.stream_uri])
    for language in ("en", "zh"):
        assert "p@ss" not in caught.value.text(language)
        assert "p%40ss" not in caught.value.text(language)


async def test_nobody_listens():
    async with streaming() as gate:
        address = gate.stream_uri
    with pytest.raises(NoStream):
        await stream().frame([address])
    with pytest.raises(NoStream):
        await stream().frame([])


async def test_what_speaks_no_rtsp():
    async with streaming() as gate:
        with pytest.raises(NoStream):
            await stream().frame([f"rtsp://127.0.0.1:{gate.port}/Streaming/Profile_1"])


async def test_a_wrong_password_is_tried_once_and_then_no_more():
    async with streaming() as gate:
        source = stream("wrong")
        for _ in range(3):
            with pytest.raises(StreamRefused, match="admin"):
                await source.frame([gate.stream_uri])
        assert gate.stream.refused == 1
        assert gate.stream.playing == 0


async def test_a_child_that_hangs_is_killed(monkeypatch):
    """The limits that OpenCV was given do nothing here; the one around the process does."""
    monkeypatch.setattr(rtsp, "OPEN_TIMEOUT_S", 600.0)
    monkeypatch.setattr(rtsp, "FRAME_TIMEOUT_S", 600.0)
    monkeypatch.setattr(rtsp, "CHILD_TIMEOUT_S", 2.0)
    async with streaming("rtsp_frozen") as gate:
        with pytest.raises(StreamTimeout):
            await stream().frame([gate.stream_uri])
        await until(lambda: gate.stream.playing == 0)


async def test_without_opencv_it_says_so(no_opencv):
    async with streaming() as gate:
        with pytest.raises(NoOpenCv, match="gridwire\\[vision\\]"):
            await stream().frame([gate.stream_uri])


async def test_the_password_stands_in_no_command_line_and_no_environment():
    """Everybody on the box may read the command lines of all processes."""
    async with streaming("rtsp_frozen") as gate:
        taking = asyncio.create_task(stream().frame([gate.stream_uri]))
        await until(lambda: gate.stream.playing)
        shown = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (process / "cmdline").read_bytes()
                if b"rtsp_child" in command:
                    shown.append(command + (process / "environ").read_bytes())
        taking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await taking
    assert shown
    assert not any(b"p@ss" in each or b"p%40ss" in each for each in shown)


@pytest.mark.parametrize(
    ("uri", "urls"),
    [
        ("rtsp://192.0.2.9:554/a?b=1", ["rtsp://10.0.0.5:554/a?b=1"]),
        ("rtsp://192.0.2.9:8554/a b", ["rtsp://10.0.0.5:8554/a%20b", "rtsp://10.0.0.5:554/a%20b"]),
        ("rtsp://u:p@192.0.2.9/a", ["rtsp://10.0.0.5:554/a"]),
        ("rtsp://192.0.2.9:8106:8106/a", ["rtsp://10.0.0.5:554/a"]),
        ("RTSP://192.0.2.9/a", ["rtsp://10.0.0.5:554/a"]),
        ("rtsp://192.0.2.9", ["rtsp://10.0.0.5:554/"]),
        ("http://192.0.2.9/a", []),
        ("", []),
    ],
)
def test_addresses_that_a_camera_names_are_mended(uri, urls):
    assert stream_urls(uri, "http://10.0.0.5:8080/onvif/device_service") == urls


@pytest.mark.parametrize(
    "path", ["user=admin&password=p@ss&channel=1", "user=admin_password=p@ss_channel=1.sdp", "a?usr=admin&pwd=p@ss&c=1"]
)
async def test_a_password_inside_an_address_is_not_shown(path):
    with pytest.raises(NoStream) as caught:
        await stream().frame([f"rtsp://127.0.0.1:9/{path}"])
    assert "p@ss" not in str(caught.value)
    assert "=1" in str(caught.value)


async def test_an_address_without_a_stream_is_not_the_end():
    async with streaming("rtsp_404") as first, streaming() as gate:
        assert await stream().frame([first.stream_uri, gate.stream_uri])


def test_an_address_of_the_newer_kind():
    assert stream_urls("rtsp://[fe80::1]/a", "http://[2001:db8::5]/") == ["rtsp://[2001:db8::5]:554/a"]


# The driver


@pytest.mark.parametrize("facts", [{"snapshot_uri": ""}, {"snapshot_uri": "http://127.0.0.1:9/none.jpg"}, {}])
async def test_the_driver_takes_a_frame_where_there_is_no_snapshot(device, facts):
    async with camera(quirks=["snapshot_404"]) as gate:
        missing = f"http://127.0.0.1:{gate.port}/onvif/no-such-picture.jpg"
        kept_stream(device, gate, **({"snapshot_uri": missing} | facts))
        device.pictured = {"tamper"}
        async with watched(gate, device):
            raised = device.observations
            gate.raise_alarm("tamper")
            await until(lambda: len(raised) == 2)
        picture = raised[1]
    assert picture.data.cause == "alarm"
    assert decoded(picture.pictures[0]).shape == (360, 640, 3)


@pytest.mark.slow
async def test_the_driver_asks_the_camera_for_the_address(device):
    async with camera(quirks=["no_snapshot_uri", "nat_address"]) as gate, watched(gate, device) as driver:
        answer = await driver.command(device, "snapshot", {})
    assert answer["bytes"] == len(device.observations[-1].pictures[0])
    assert json.loads((device.folder / "setup.json").read_text())["snapshot_uri"] == ""


async def test_the_setting_counts_more_than_what_the_camera_says(device):
    async with camera() as gate:
        kept_stream(device, gate, snapshot_uri="", stream_uri="rtsp://127.0.0.1:9/none")
        async with watched(gate, device, rtsp=gate.stream_uri) as driver:
            await driver.command(device, "snapshot", {})
    assert decoded(device.observations[-1].pictures[0]).shape == (360, 640, 3)


@pytest.mark.parametrize(
    ("quirks", "code"),
    [
        (["snapshot_404", "rtsp_404"], "snapshot.no-snapshot"),
        (["snapshot_404", "rtsp_refuses"], "snapshot.stream-refused"),
        (["half_picture"], "snapshot.half-picture"),
    ],
)
async def test_when_both_fail_the_one_that_tells_more_is_told(device, quirks, code):
    async with camera(quirks=quirks) as gate:
        where = "/onvif/no-such-picture.jpg" if "snapshot_404" in quirks else "/snapshot.jpg"
        kept_stream(device, gate, snapshot_uri=f"http://127.0.0.1:{gate.port}{where}")
        async with watched(gate, device) as driver:
            with pytest.raises(CommandRefused, match=code):
                await driver.command(device, "snapshot", {})


async def test_events_go_on_while_a_stream_hangs(device, monkeypatch):
    """No alarm waits for a picture."""
    monkeypatch.setattr(rtsp, "DESCRIBE_TIMEOUT_S", 600.0)
    async with camera(quirks=["rtsp_silent"]) as gate:
        kept_stream(device, gate, snapshot_uri="")
        device.pictured = {"tamper"}
        async with watched(gate, device):
            gate.raise_alarm("tamper")
            await until(lambda: gate.stream.asked)
            gate.raise_alarm("tamper", active=False)
            await until(lambda: len(device.alarms("tamper")) == 2)
    assert "picture_problem" not in device.described


async def test_memory_of_the_child_is_bounded():
    """It is opened within its bounds: they are wide enough for what OpenCV maps."""
    async with streaming() as gate:
        question = {"url": gate.stream_uri, "username": "admin", "password": PASSWORD, "open_s": 8, "frame_s": 8}
        jpeg = await run_child(rtsp_child.__name__, json.dumps(question).encode(), timeout_s=30.0)
    assert decoded(jpeg).shape == (360, 640, 3)
