"""How a JPEG is read without decoding it: sizes, ends, what is cut off, and names for what is none."""

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.snapshot.jpeg import kind_of, read_jpeg
from drivers.snapshot.problems import HalfPicture, NotJpeg
from tests.jpegs import SMALL, decoded, encoded, large_jpeg


def segment(marker, body):
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(jpeg, *segments):
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


EXIF = segment(0xE1, b"Exif\0\0II*\0 GPS 26.0 N 111.9 E " + SMALL)
COMMENT = segment(0xFE, b"serial DS-2CD0001")
MAKER = segment(0xEF, b"maker's own notes")


@pytest.mark.parametrize("options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 2)])
def test_a_clean_picture_stays_as_it_is(options):
    jpeg = encoded(np.random.default_rng(1).integers(0, 255, (90, 160, 3), dtype=np.uint8), *options)
    read = read_jpeg(jpeg)
    assert (read.width_px, read.height_px) == (160, 90)
    assert read.data == jpeg


def test_what_others_need_not_know_is_cut_off():
    given_ = with_segments(SMALL, EXIF, COMMENT, MAKER)
    read = read_jpeg(given_)
    assert read.data == SMALL
    assert (decoded(read.data) == decoded(SMALL)).all()


def test_colours_stay_as_they_are_meant():
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\0")
    assert adobe in read_jpeg(with_segments(SMALL, adobe)).data


@pytest.mark.parametrize("before", [b"", b"\r\n", b"--frame\r\nContent-Type: image/jpeg\r\n\r\n"])
@pytest.mark.parametrize("after", [b"", b"\0" * 5000, b"\r\n--frame--", SMALL, b"\xff\xe1"])
def test_what_stands_around_the_picture_is_cut_off(before, after):
    assert read_jpeg(before + SMALL + after).data == SMALL


def test_the_size_is_that_of_the_picture_and_not_of_its_thumbnail():
    read = read_jpeg(with_segments(large_jpeg(320, 240), EXIF))
    assert (read.width_px, read.height_px) == (320, 240)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.5, 0.9, 0.999])
def test_half_a_picture_has_a_name(share):
    jpeg = large_jpeg(320, 240)
    with pytest.raises(HalfPicture):
        read_jpeg(jpeg[: round(len(jpeg) * share)])


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "nothing"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF89a", "GIF"),
        (b"RIFF\0\0\0\0WEBP", "WebP"),
        (b"\xef\xbb\xbf \r\n<!DOCTYPE html>", "HTML"),
        (b'{"error": 401}', "JSON"),
        (b"No such file", "data"),
        (b"\xff\xd8\xff\xd9", "JPEG without a size"),
        (b"\xff\xd8\xff\xda\0\2\xff\xd9", "JPEG without a frame header"),
    ],
)
def test_what_is_no_picture_is_named(body, kind):
    with pytest.raises(NotJpeg) as caught:
        read_jpeg(body)
    assert caught.value.facts["kind"] == kind
    assert kind in caught.value.text("zh")


def test_the_kind_of_an_empty_answer():
    assert kind_of(b" \r\n") == "nothing"


@given(st.binary(max_size=300), st.integers(0, len(SMALL)))
def test_whatever_comes_it_is_read_or_named(rubbish, at):
    for body in (rubbish, b"\xff\xd8\xff" + rubbish, SMALL[:at] + rubbish + SMALL[at:], SMALL[:at] + rubbish):
        try:
            read = read_jpeg(body)
        except (NotJpeg, HalfPicture):
            continue
        assert read.width_px > 0
        assert read_jpeg(read.data).data == read.data


def test_a_long_run_of_marks_takes_no_time_and_no_stack():
    with pytest.raises(HalfPicture):
        read_jpeg(b"\xff\xd8\xff" + b"\xff\x00" * 500_000)
    with pytest.raises(HalfPicture):
        read_jpeg(b"\xff\xd8" + b"\xff" * 500_000)
