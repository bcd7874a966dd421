"""Snapshots: every way to log in and to be wrong, over real HTTP; pictures that are too large become smaller."""

import asyncio
import sys

import pytest

from drivers.snapshot import child
from drivers.snapshot.child import ChildFailed, run_child
from drivers.snapshot.problems import HalfPicture, NoSnapshot, NotJpeg, PictureRefused, PictureUnfit
from edgeagent.driver import MAX_PICTURE_BYTES
from tests.jpegs import SMALL, large_jpeg
from tests.pictureservers import PictureServer, snapshots


@pytest.mark.parametrize("login", ["", "basic", "digest", "digest+basic"])
async def test_every_login_without_one_refusal(login):
    server = PictureServer(login=login)
    async with server.running() as port:
        source = snapshots(port)
        for _ in range(3):
            assert await source.fetch(f"http://127.0.0.1:{port}/s.jpg") == SMALL
    assert server.refused == 0
    assert server.asked <= 4


@pytest.mark.parametrize("login", ["basic", "digest", "digest+basic"])
async def test_a_wrong_password_is_tried_twice_and_then_no_more(login):
    server = PictureServer(login=login)
    async with server.running() as port:
        source = snapshots(port, password="wrong")
        for _ in range(3):
            with pytest.raises(PictureRefused):
                await source.fetch(f"http://127.0.0.1:{port}/s.jpg")
    assert server.refused <= 2


@pytest.mark.parametrize(
    "uri",
    [
        "http://10.9.8.7/s.jpg",
        "http://127.0.0.1:1/s.jpg",
        "http://127.0.0.1:8106:8106/s.jpg",
        "/s.jpg",
        "http://127.0.0.1/s.jpg?user=admin&password=x",
        "http://u:p@10.9.8.7:80/s.jpg",
    ],
)
async def test_addresses_that_lead_nowhere(uri):
    server = PictureServer()
    async with server.running() as port:
        assert await snapshots(port).fetch(uri) == SMALL


@pytest.mark.parametrize(("body", "kind"), [(b"<html>", "HTML"), (b"\x89PNG\r\n", "PNG"), (b"", "nothing")])
async def test_what_is_no_picture_has_a_name(body, kind):
    async with PictureServer(body).running() as port:
        with pytest.raises(NotJpeg, match=kind):
            await snapshots(port).fetch("/s.jpg")
        with pytest.raises(NoSnapshot, match="404"):
            await snapshots(port).fetch("/nothing.jpg")


@pytest.mark.parametrize("jpeg", [SMALL[:-2], SMALL[: len(SMALL) // 2], SMALL[:20], SMALL[:4]])
async def test_half_a_picture_has_a_name(jpeg):
    server = PictureServer(jpeg)
    async with server.running() as port:
        with pytest.raises(HalfPicture):
            await snapshots(port).fetch("/s.jpg")
    assert server.asked == 2, "once more: the next one may be whole"


async def test_bytes_around_the_picture_are_cut_off():
    async with PictureServer(b"\r\n" + SMALL + b"\r\n--frame--").running() as port:
        assert await snapshots(port).fetch("/s.jpg") == SMALL


async def test_a_large_picture_is_made_small_enough():
    import cv2
    import numpy as np

    jpeg = large_jpeg()
    assert len(jpeg) > MAX_PICTURE_BYTES
    async with PictureServer(jpeg).running() as port:
        small = await snapshots(port, width_px=800).fetch("/s.jpg")
    assert len(small) <= MAX_PICTURE_BYTES
    height, width = cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_COLOR).shape[:2]
    assert width <= 800
    assert abs(width / height - 16 / 9) < 0.05


async def test_a_large_file_that_is_no_picture_has_a_name():
    jpeg = large_jpeg()
    precision = jpeg.index(b"\xff\xc0") + 4
    jpeg = jpeg[:precision] + b"\x63" + jpeg[precision + 1 :]
    async with PictureServer(jpeg).running() as port:
        with pytest.raises(PictureUnfit):
            await snapshots(port).fetch("/s.jpg")


async def test_without_opencv_the_refusal_says_so(no_opencv):
    async with PictureServer(large_jpeg()).running() as port:
        with pytest.raises(PictureUnfit, match="OpenCV is not installed"):
            await snapshots(port).fetch("/s.jpg")


async def test_a_child_that_hangs_is_killed(tmp_path, monkeypatch):
    (tmp_path / "hanging_child.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ChildFailed) as caught:
        await run_child("hanging_child", b"", timeout_s=0.5)
    assert caught.value.status is None


async def test_children_wait_for_each_other(tmp_path, monkeypatch):
    log = tmp_path / "log"
    code = f"import time\nfor mark in '+-':\n    open({str(log)!r}, 'a').write(mark)\n    time.sleep(0.2)\n"
    (tmp_path / "busy_child.py").write_text(code)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    await asyncio.gather(*(run_child("busy_child", b"", timeout_s=20.0) for _ in range(6)))
    running, most = 0, 0
    for mark in log.read_text():
        running += 1 if mark == "+" else -1
        most = max(most, running)
    assert most <= child.MAX_AT_ONCE
