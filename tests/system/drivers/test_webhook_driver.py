"""The webhook driver over real HTTP: answered after the commit, once whatever is sent again, and nobody else let in."""

from __future__ import annotations

import asyncio
import base64
import contextlib

import cv2
import msgspec
import numpy
import pytest

from drivers.devicehttp.auth import DigestAnswer, basic, digest_challenge
from drivers.devicehttp.request import Place, request
from drivers.webhook import Config, Driver
from drivers.webhook.alarms import MEMORY_KEY
from drivers.webhook.door import PathTaken
from drivers.webhook.login import Login
from edgeagent.driver import Alarm, CommandRefused
from tests.harness import DeviceRecorder, until

ON = (
    b"<EventNotificationAlert><channelID>1</channelID><eventType>VMD</eventType>"
    b"<eventState>active</eventState></EventNotificationAlert>"
)
OFF = ON.replace(b"active", b"inactive")
HEARTBEAT = OFF.replace(b"VMD", b"videoloss")


@contextlib.asynccontextmanager
async def running(device, **settings):
    """The driver at work on a free port; gives a function that posts to it."""
    config = Config(listen="127.0.0.1", **({"port": 0} | settings))
    task = asyncio.create_task(Driver(config).run(device))
    await until(lambda: device.reports or task.done())
    if task.done():
        task.result()
    port = int(device.described["listening"].rpartition(":")[2].partition("/")[0])

    async def post(body, path="/alarm", method="POST", **headers):
        place = Place("127.0.0.1", port, path)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return await request(method, place, fields, body, timeout_s=30, max_bytes=100_000)

    post.port = port
    try:
        yield post
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """Guessing may be fast here."""
    monkeypatch.setattr("drivers.webhook.login.WRONG_PAUSE_S", 0)


@pytest.fixture
def device(tmp_path):
    return DeviceRecorder(tmp_path, id="nvr-1")


def told(device):
    return [(data.kind, data.state, data.source) for data in device.data if isinstance(data, Alarm)]


async def test_start_repeats_and_end_are_two_events(device):
    async with running(device) as post:
        for body in (HEARTBEAT, ON, ON, HEARTBEAT, OFF, OFF):
            assert (await post(body)).status == 200
    assert told(device) == [("motion", "start", "channel 1"), ("motion", "end", "channel 1")]
    assert device.data[0].topic == "VMD"


async def test_the_answer_comes_after_the_commit(device):
    committing, answers = [], []
    device.before_commit = lambda: committing.append(len(answers))
    async with running(device) as post:
        answers.append((await post(ON)).status)
    assert (committing, answers) == ([0], [200])


async def test_a_full_outbox_says_send_again_and_forgets_nothing(device):
    device.full = True
    async with running(device) as post:
        answer = await post(ON)
        assert (answer.status, answer.get("retry-after")) == (503, "30")
        assert device.data == []
        device.full = False
        assert (await post(ON)).status == 200
    assert told(device) == [("motion", "start", "channel 1")]


async def test_what_never_ends_is_ended(device):
    async with running(device, clear_after_s=1) as post:
        await post(ON)
        await until(lambda: len(device.data) == 2)
    assert told(device)[1] == ("motion", "end", "channel 1")


async def test_an_end_that_does_not_fit_is_told_later(device, monkeypatch):
    monkeypatch.setattr("drivers.webhook.driver.RETRY_S", 0.05)
    async with running(device, clear_after_s=1) as post:
        await post(ON)
        device.full = True
        await until(lambda: device.refused)
        assert len(device.data) == 1
        device.full = False
        await until(lambda: len(device.data) == 2)


async def test_a_sender_that_repeats_after_our_crash_raises_nothing_twice(device):
    pulse = b'{"kind":"door","state":"pulse","id":"41"}'
    async with running(device) as post:
        await post(ON)
        await post(pulse)
    again = device.restarted()
    async with running(again) as post:
        await post(ON)
        await post(pulse)
        await post(OFF)
    assert told(again) == [("motion", "end", "channel 1")]


async def test_a_memory_that_cannot_be_read_counts_as_nothing(device):
    device.memory[MEMORY_KEY] = b"\xff nonsense"
    async with running(device) as post:
        await post(ON)
    assert told(device) == [("motion", "start", "channel 1")]


async def test_unknown_names_are_kept_and_own_names_are_mapped(device):
    async with running(device, kinds={"gate": "door", "noise": "ignore"}) as post:
        for name in ("gate", "noise", "Strange"):
            await post(b'{"kind":"%s"}' % name.encode())
    assert [(data.kind, data.topic) for data in device.data] == [("door", "gate"), ("other", "Strange")]


@pytest.mark.parametrize(
    ("sent", "status"), [(b"hello", 415), (b'{"kind":"door","state":"ajar"}', 422), (b"<!DOCTYPE a><a/>", 400)]
)
async def test_bad_input_is_refused_in_words_and_counted(device, sent, status):
    async with running(device) as post:
        answer = await post(sent)
    assert answer.status == status
    assert " / " in answer.body.decode()
    assert device.described["refused"] == "1"
    assert device.data == []


async def test_other_paths_and_methods(device):
    async with running(device) as post:
        assert (await post(ON, "/other")).status == 404
        assert (await post(b"", method="GET")).status == 405
        assert (await post(ON, "/alarm/", method="PUT")).status == 200


async def test_two_devices_share_a_port_and_each_has_its_own_path(tmp_path):
    one, two = DeviceRecorder(tmp_path, id="one"), DeviceRecorder(tmp_path, id="two")
    async with running(one, port=0):
        free = int(one.described["listening"].rpartition(":")[2].partition("/")[0])
    one.reports.clear()
    async with running(one, port=free, path="/one") as post:
        async with running(two, port=free, path="/two"):
            await post(ON, "/one")
            await post(HEARTBEAT.replace(b"inactive", b"active"), "/two")
            clash = DeviceRecorder(tmp_path, id="three")
            with pytest.raises(PathTaken, match="another device already uses the path /one"):
                async with running(clash, port=free, path="/one/"):
                    pass
        assert (await post(ON, "/two")).status == 404
        assert (await post(ON, "/one")).status == 200
    assert told(one) == [("motion", "start", "channel 1")]
    assert told(two) == [("signal_lost", "start", "channel 1")]


async def test_a_stranger_is_not_let_in(device):
    async with running(device, allow=("10.0.0.0/8",)) as post:
        assert (await post(ON)).status == 403
    assert device.data == []


async def test_a_token(device):
    async with running(device, token="s3cret") as post:
        assert (await post(ON, "/alarm?token=s3cret")).status == 200
        assert (await post(ON, X_Token="s3cret")).status == 200
        assert (await post(ON, Authorization="Bearer s3cret")).status == 200
        assert (await post(ON)).status == 401
        assert (await post(ON, "/alarm?token=%E5%8F%A3")).status == 401


async def test_basic(device):
    async with running(device, username="cam", password="pw", auth="basic") as post:
        refused = await post(ON)
        assert (refused.status, refused.get("www-authenticate")) == (401, 'Basic realm="gridwire"')
        assert (await post(ON, Authorization=basic("cam", "pw"))).status == 200
        assert (await post(ON, Authorization="Basic %%%")).status == 401
        assert (await post(ON, Authorization="Digest x")).status == 401


async def test_digest(device):
    async with running(device, username="cam", password="pw") as post:
        challenge = digest_challenge((await post(ON)).all("www-authenticate"))
        assert (
            await post(ON, Authorization=DigestAnswer(challenge, "cam", "pw").header("POST", "/alarm"))
        ).status == 200
        for user, password, target in (("cam", "no", "/alarm"), ("x", "pw", "/alarm"), ("cam", "pw", "/other")):
            answer = DigestAnswer(challenge, user, password).header("POST", target)
            assert (await post(ON, Authorization=answer)).status == 401
    assert told(device) == [("motion", "start", "channel 1")]


async def test_a_nonce_of_another_process_is_stale_not_wrong(device):
    settings = {"username": "cam", "password": "pw"}
    async with running(device, **settings) as post:
        challenge = digest_challenge((await post(ON)).all("www-authenticate"))
    async with running(device.restarted(), **settings) as post:
        answer = await post(ON, Authorization=DigestAnswer(challenge, "cam", "pw").header("POST", "/alarm"))
        assert answer.status == 401
        assert "stale=true" in answer.get("www-authenticate")


def test_addresses():
    login = Login(Config(allow=("192.168.1.0/24", "fe80::/10")))
    assert [login.admits(peer) for peer in ("192.168.1.9", "192.168.2.9", "fe80::1%eth0", "", "x")] == [
        True, False, True, False, False,
    ]  # fmt: skip


async def test_silence_is_reported_and_ends_with_the_next_heartbeat(device):
    async with running(device, silent_after_s=0.2) as post:
        await until(lambda: device.reports[-1].state == "down")
        assert (device.reports[-1].reason, device.reports[-1].last_seen is not None) == ("silent", True)
        await post(HEARTBEAT)
        await until(lambda: device.reports[-1].state == "up")


async def test_the_devices_time_only_when_it_is_trusted(device):
    body = b'{"kind":"door","time":"2024-05-01T12:00:00+08:00"}'
    async with running(device, trust_time=True) as post:
        await post(body)  # of years ago
    async with running(again := device.restarted()) as post:
        await post(body.replace(b"00+", b"01+"))
    assert [one.time for one in (*device.observations, *again.observations)] == [None, None]
    assert device.data[0].detail == {"time": "2024-05-01T12:00:00+08:00"}


async def test_a_picture_that_the_rules_want_is_kept_beside_its_alarm(tmp_path):
    noise = numpy.random.default_rng(1).integers(0, 255, (1080, 1920, 3), dtype=numpy.uint8)
    jpeg = cv2.imencode(".jpg", noise)[1].tobytes()
    device = Wanting(tmp_path, id="cam")
    async with running(device, path="/a") as post:
        body = b'{"kind":"person","picture":"' + base64.b64encode(jpeg) + b'"}'
        assert (await post(body, "/a")).status == 200
        await until(lambda: len(device.observations) == 2)
    alarm, picture = device.observations
    assert (alarm.pictures, picture.data.owner) == ((), device.ids[0])
    assert len(jpeg) > 256 * 1024 >= len(picture.pictures[0])
    assert picture.pictures[0].startswith(b"\xff\xd8\xff")


class Wanting(DeviceRecorder):
    """Its rules want a picture with every alarm."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.ids = []

    async def emit(self, observation, *, remember=None):
        stored = await super().emit(observation, remember=remember)
        self.ids.append(stored.id)
        return stored._replace(picture_wanted=isinstance(observation.data, Alarm))


async def test_a_picture_that_is_none_costs_the_picture_only(tmp_path):
    device = Wanting(tmp_path, id="cam")
    async with running(device) as post:
        assert (await post(b'{"kind":"person","picture":"%s"}' % base64.b64encode(b"\xff\xd8\xff junk"))).status == 200
        await until(lambda: device.described.get("pictures_missed"))
    assert told(device) == [("person", "pulse", "")]


async def test_it_takes_no_commands(device):
    with pytest.raises(CommandRefused):
        await Driver(Config()).command(device, "snapshot", {})


@pytest.mark.parametrize(
    "wrong", [{"allow": ("x",)}, {"kinds": {"a": "dor"}}, {"username": "u"}, {"password": "p"}, {"path": "alarm"}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Config)
