"""The picture that is kept: bounded, black where it must be, made anew only when needed, and nothing when in doubt."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.snapshot import keep
from drivers.snapshot.jpeg import read_jpeg
from drivers.snapshot.keep import Keep
from drivers.snapshot.problems import HalfPicture, NotJpeg, NotMasked, PictureUnfit, TooManyPixels
from edgeagent.driver import MAX_PICTURE_BYTES
from tests.jpegs import SMALL, decoded, encoded, large_jpeg

ROOT = Path(__file__).resolve().parents[3]
LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
CORNER = ((0.8, 0.8), (1.0, 0.8), (1.0, 1.0), (0.8, 1.0))


def white(width=640, height=360, *options):
    return encoded(np.full((height, width, 3), 255, np.uint8), *options)


def undecodable():
    """Well-formed to the eye, 99 bits a sample."""
    jpeg = large_jpeg(320, 240)
    precision = jpeg.index(b"\xff\xc0") + 4
    return jpeg[:precision] + b"\x63" + jpeg[precision + 1 :]


def claims(width, height):
    """A small picture whose header claims another size."""
    at = SMALL.index(b"\xff\xc0") + 5
    return SMALL[:at] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + SMALL[at + 4 :]


async def test_what_will_do_is_kept_byte_for_byte_and_starts_no_process():
    jpeg = white()
    assert await Keep().fit(jpeg) == jpeg


async def test_a_wide_picture_gets_as_narrow_as_asked():
    made = await Keep(width_px=800).fit(white(1920, 1080))
    assert decoded(made).shape == (450, 800, 3)


@pytest.mark.parametrize("factor", [2, 3, 4, 7, 8, 11])
async def test_very_wide_pictures_too(factor):
    """Those are decoded at a part of their size."""
    made = await Keep(width_px=400).fit(white(400 * factor, 200 * factor))
    assert decoded(made).shape == (200, 400, 3)


async def test_quality_counts_when_it_is_made_anew():
    frame = cv2.GaussianBlur(np.random.default_rng(1).integers(0, 255, (720, 1400, 3), dtype=np.uint8), (0, 0), 2)
    sizes = [len(await Keep(quality=quality).fit(encoded(frame))) for quality in (30, 60, 90)]
    assert sizes == sorted(sizes)
    assert sizes[0] * 2 < sizes[2]


@pytest.mark.parametrize("width_px", [320, 640, 1280])
async def test_areas_are_black_and_the_rest_is_not(width_px):
    made = decoded(await Keep(width_px=width_px, privacy=(LEFT_HALF, CORNER)).fit(white(1280, 720)))
    height, width = made.shape[:2]
    # Edges may be off by a block of the JPEG, which is grey with what lies beside it, and never the other way round.
    assert made[:, : width // 2].max() < 40
    assert made[height * 4 // 5 + 1 :, width * 4 // 5 + 1 :].max() < 40
    assert made[: height * 4 // 5 - 16, width // 2 + 16 :].min() > 215


async def test_where_areas_overlap_nothing_shows():
    made = decoded(await Keep(privacy=(LEFT_HALF, LEFT_HALF)).fit(white()))
    assert made[:, :320].max() < 40


async def test_the_camera_s_word_on_rotation_moves_no_area():
    turned = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x03\0\0\0\0\0\0"
    jpeg = white()
    jpeg = jpeg[:2] + b"\xff\xe1" + (len(turned) + 2).to_bytes(2, "big") + turned + jpeg[2:]
    made = await Keep(privacy=(LEFT_HALF,)).fit(jpeg)
    assert decoded(made)[:, :320].max() < 40
    assert b"Exif" not in made


async def test_nothing_of_an_area_is_left_in_the_bytes():
    """A picture that differs only where it is black gives the same bytes."""
    frame = np.full((360, 640, 3), 200, np.uint8)
    other = frame.copy()
    other[:, :300] = np.random.default_rng(2).integers(0, 255, (360, 300, 3), dtype=np.uint8)
    masked = Keep(privacy=(LEFT_HALF,))
    assert await masked.fit(encoded(frame)) == await masked.fit(encoded(other))


@pytest.mark.parametrize("progressive", [0, 1])
async def test_a_picture_of_too_many_pixels_is_not_decoded(progressive):
    for width, height in ((65_535, 65_535), (8001, 5000)):
        with pytest.raises(TooManyPixels, match=f"{width} × {height}"):
            await Keep(privacy=(LEFT_HALF,)).fit(claims(width, height))


async def test_a_large_one_that_is_allowed_is_made_small():
    jpeg = white(7800, 5100, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    made = decoded(await Keep(privacy=(LEFT_HALF,)).fit(jpeg))
    assert made.shape[1] == 1280
    assert made[:, :640].max() < 40


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>login</html>", NotJpeg),
        (cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes(), NotJpeg),
        (large_jpeg(320, 240)[:-500], HalfPicture),
        (undecodable(), NotMasked),
    ],
)
async def test_with_areas_nothing_is_kept_in_doubt(body, problem):
    with pytest.raises(problem):
        await Keep(privacy=(LEFT_HALF,)).fit(body)


async def test_with_areas_and_without_opencv_nothing_is_kept(no_opencv):
    with pytest.raises(NotMasked, match="OpenCV is not installed"):
        await Keep(privacy=(CORNER,)).fit(white())


async def test_with_areas_and_a_process_that_hangs_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(keep, "REWORK_TIMEOUT_S", 0.001)
    with pytest.raises(NotMasked, match="too long"):
        await Keep(privacy=(CORNER,)).fit(white())


async def test_without_areas_and_without_opencv_the_camera_s_own_is_kept(no_opencv):
    jpeg = white(1920, 1080)
    assert await Keep().fit(jpeg) == jpeg
    with pytest.raises(PictureUnfit, match="OpenCV is not installed"):
        await Keep().fit(large_jpeg())


async def test_what_cannot_be_decoded_is_not_kept_when_it_must_be_made_anew():
    with pytest.raises(PictureUnfit, match="cannot be decoded"):
        await Keep(width_px=160).fit(undecodable())


@pytest.mark.parametrize("max_bytes", [MAX_PICTURE_BYTES, 40 * 1024, 12 * 1024])
async def test_it_is_as_small_as_is_wanted(max_bytes):
    made = await Keep(privacy=(CORNER,)).fit(large_jpeg(), max_bytes)
    assert len(made) <= max_bytes
    assert read_jpeg(made).width_px >= 160


async def test_a_masked_one_that_gets_no_smaller_is_kept_masked():
    made = await Keep(privacy=(LEFT_HALF,)).fit(large_jpeg(480, 270), 100)
    assert len(made) < MAX_PICTURE_BYTES
    frame = decoded(made)
    assert frame[:, : frame.shape[1] // 2 - 16].max() < 40


def test_opencv_is_imported_where_children_run_and_nowhere_else():
    importing = re.compile(r"^\s*(import|from) (cv2|numpy)\b", re.MULTILINE)
    found = {
        str(path.relative_to(ROOT))
        for package in ("drivers", "edgeagent", "gridwire")
        for path in (ROOT / package).rglob("*.py")
        if importing.search(path.read_text(encoding="utf-8"))
    }
    children = {"drivers/snapshot/rework.py", "drivers/snapshot/rtsp_child.py"}
    assert {name for name in found if not name.startswith("drivers/picture/")} == children
    drivers = "import drivers.onvif.driver, drivers.http_snapshot.driver, drivers.webhook.driver, edgeagent.agent, sys"
    told = subprocess.run(
        [sys.executable, "-c", f"{drivers}; print(sorted({{'cv2', 'numpy'}} & set(sys.modules)))"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    assert told.stdout.strip() == "[]", "OpenCV belongs into the picture worker: it costs 32 MiB"
