"""A farm of simulated cameras from outside: pictures, the control port, discovery, and the command itself."""

import asyncio
import json
import os
import signal
import socket
import sys

import cv2
import numpy as np
import pytest
import requests
from lxml import etree
from requests.auth import HTTPDigestAuth

from simulators.camera import CameraConfig, CameraFarm
from simulators.camera.rhythm import keep_raising
from tests.harness import until

PASSWORD = "pond-Fish-7"
DIGEST_AUTH = HTTPDigestAuth("admin", PASSWORD)
D = "{http://schemas.xmlsoap.org/ws/2005/04/discovery}"


def config(name, **settings):
    return CameraConfig(name=name, password=PASSWORD, **settings)


async def get(url, **more):
    return await asyncio.to_thread(requests.get, url, timeout=10, **more)


async def post(url, **body):
    return await asyncio.to_thread(requests.post, url, json=body, timeout=10)


async def test_picture_is_a_jpeg_that_shows_the_alarm():
    async with CameraFarm([config("c1")]) as farm:
        quiet = await get(farm["c1"].snapshot_uri, auth=DIGEST_AUTH)
        farm["c1"].raise_alarm("person")
        alarmed = await get(farm["c1"].snapshot_uri, auth=DIGEST_AUTH)
    for answer in (quiet, alarmed):
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert (answer.content[:2], answer.content[-2:]) == (b"\xff\xd8", b"\xff\xd9")
        assert 20_000 < len(answer.content) < 60_000
    frames = [cv2.imdecode(np.frombuffer(a.content, np.uint8), cv2.IMREAD_COLOR) for a in (quiet, alarmed)]
    assert frames[0].shape == (360, 640, 3)
    # The figure stands where ground was.
    assert cv2.absdiff(*frames)[170:270, 230:370].max() > 60


async def test_picture_wants_the_credentials_it_is_set_to():
    async with CameraFarm([config("digest"), config("basic", snapshot_auth="basic"), config("gone")]) as farm:
        refused = await get(farm["digest"].snapshot_uri, auth=("admin", PASSWORD))
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Digest ")
        assert (await get(farm["basic"].snapshot_uri, auth=("admin", PASSWORD))).status_code == 200
        refused = await get(farm["basic"].snapshot_uri, auth=("admin", "wrong"))
        assert (refused.status_code, refused.headers["WWW-Authenticate"][:6]) == (401, "Basic ")


async def test_broken_pictures():
    cameras = [config("half", quirks=frozenset({"half_picture"})), config("none", quirks=frozenset({"snapshot_404"}))]
    async with CameraFarm(cameras) as farm:
        half = await get(farm["half"].snapshot_uri, auth=DIGEST_AUTH)
        assert half.status_code == 200
        assert not half.content.endswith(b"\xff\xd9")
        assert (await get(farm["none"].snapshot_uri, auth=DIGEST_AUTH)).status_code == 404


async def test_control_port_drives_cameras():
    async with CameraFarm([config("c1"), config("池塘")]) as farm:
        url = farm.control.url
        answer = await post(f"{url}/cameras/池塘/alarm", kind="motion", active=True)
        assert answer.json()["number"] == 1
        raw = await post(f"{url}/cameras/c1/raw", topic="tns1:X/Y", data=[["a", "b"]])
        assert raw.json()["topics"] == ["tns1:X/Y"]
        listed = {camera["name"]: camera for camera in (await get(f"{url}/cameras")).json()}
        assert listed["池塘"]["active"] == ["motion"]
        assert listed["c1"]["port"] == farm["c1"].port
        raised = (await get(f"{url}/raised")).json()
        assert [record["kind"] for record in raised["池塘"]] == ["motion"]
        assert (await get(f"{url}/cameras/c1/raised")).json()[0]["subscribed"] is False
        assert (await post(f"{url}/cameras/c1/freeze")).json()["frozen"] is True
        assert (await post(f"{url}/cameras/c1/unfreeze")).json()["frozen"] is False
        await post(f"{url}/cameras/c1/clock", offset_s=-60)
        assert farm["c1"].state.clock.offset_s == -60
        assert (await post(f"{url}/cameras/c1/reboot", down_s=0.01)).status_code == 200
        await until(lambda: farm["c1"].state.boots == 2 and not farm["c1"].down)


async def test_control_port_says_what_is_wrong():
    async with CameraFarm([config("c1")]) as farm:
        url = farm.control.url
        for path, body in (("c1/alarm", {"kind": "flood"}), ("c2/alarm", {"kind": "motion"}), ("c1/dance", {})):
            answer = await post(f"{url}/cameras/{path}", **body)
            assert answer.status_code == 400
            assert answer.json()["error"]
        assert (await post(f"{url}/cameras/c1/reboot", down="3")).status_code == 400


def probe(types="dn:NetworkVideoTransmitter"):
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
        'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header><a:MessageID>uuid:1</a:MessageID>'
        "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To>"
        "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action></s:Header>"
        f"<s:Body><d:Probe><d:Types>{types}</d:Types></d:Probe></s:Body></s:Envelope>"
    ).encode()


async def ask(address, count, payload, sock):
    def run():
        with sock:
            sock.settimeout(10)
            sock.sendto(payload, address)
            return [sock.recv(65536) for _ in range(count)]

    return [etree.fromstring(answer) for answer in await asyncio.to_thread(run)]


async def test_discovery_on_loopback_finds_every_camera_that_is_up():
    async with CameraFarm([config("c1"), config("c2"), config("c3")], discovery_port=0) as farm:
        farm["c2"].freeze()
        address = ("127.0.0.1", farm.discovery.port)
        answers = await ask(address, 2, probe(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        assert {a.findtext(f".//{D}XAddrs") for a in answers} == {farm["c1"].xaddr, farm["c3"].xaddr}
        assert "onvif://www.onvif.org/name/c1" in answers[0].findtext(f".//{D}Scopes")
        assert farm.discovery.answers(probe("dn:Printer")) == []
        assert farm.discovery.answers(b"<not xml") == []


async def test_discovery_by_multicast_on_loopback():
    farm = CameraFarm([config("c1")], multicast=True)
    try:
        await farm.start()
    except OSError as error:
        pytest.skip(f"no multicast on this machine, or port 3702 is taken: {error}")
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))

    def find_ours():
        with sock:
            sock.settimeout(10)
            sock.sendto(probe(), ("239.255.255.250", 3702))
            # Other farms on this machine may answer too.
            while etree.fromstring(sock.recv(65536)).findtext(f".//{D}XAddrs") != farm["c1"].xaddr:
                pass

    try:
        await asyncio.to_thread(find_ours)
    finally:
        await farm.stop()


async def test_two_cameras_cannot_have_one_name():
    with pytest.raises(ValueError, match="same name"):
        CameraFarm([config("c1"), config("c1")])


async def test_a_taken_port_fails_the_start_and_leaves_nothing_behind():
    async with CameraFarm([config("c1")]) as farm:
        second = CameraFarm([config("c2"), config("c3", port=farm["c1"].port)])
        with pytest.raises(OSError, match="in use"):
            await second.start()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", second["c2"].port)


async def test_rhythm_is_the_same_for_the_same_seed():
    class Chance:
        """Everything at once, always the first choice."""

        def uniform(self, low, high):
            return 0

        def choices(self, population, weights):
            return population[:1]

        def choice(self, population):
            return population[0]

    async with CameraFarm([config("c1")]) as farm:
        rhythm = asyncio.create_task(keep_raising([farm["c1"]], 1, Chance()))
        while len(farm["c1"].raised) < 4:
            await asyncio.sleep(0)  # it raises them in turns of this loop: by any wait, thousands
        rhythm.cancel()
        await asyncio.wait([rhythm])
        assert [(r.kind, r.active) for r in farm["c1"].raised[:4]] == [("motion", True), ("motion", False)] * 2


async def test_the_command_prints_json_runs_and_ends_on_sigterm():
    command = [sys.executable, "-m", "simulators.camera", "--count", "2", "--json", "--quirk", "no_pullpoint"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=os.environ)
    try:
        line = json.loads(await process.stdout.readline())
        assert [camera["name"] for camera in line["cameras"]] == ["camera-1", "camera-2"]
        assert line["cameras"][0]["quirks"] == ["no_pullpoint"]
        answer = await post(f"{line['control_url']}/cameras/camera-2/alarm", kind="tamper")
        assert answer.json()["kind"] == "tamper"
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
