"""Keypads whose frame is described by the configuration, and what their keys ask for."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.frames import crc16
from drivers.terminal.actions import Ask, Command, Point, Rate, Receipt, Report, action_in_code, parse_action
from drivers.terminal.config import Keymap
from drivers.terminal.frames.keymap import FrameForm, KeyDecoder

FORMS = {
    "xor": FrameForm(b"\xaa\x55", 6, 3, "xor", 2, b"\x0d"),
    "sum8": FrameForm(b"\xaa\x55", 5, 3, "sum8", 0),
    "crc16": FrameForm(b"", 5, 1, "crc16", 0),
    "none": FrameForm(b"\x02\x31", 4, 2, "none", 0, b"\x03"),
}
FRAMES = {
    "xor": lambda key: bytes((0xAA, 0x55, 0x01, key, 0x01 ^ key, 0x0D)),
    "sum8": lambda key: bytes((0xAA, 0x55, 0x01, key, (0xAA + 0x55 + 0x01 + key) & 0xFF)),
    "crc16": lambda key: (body := bytes((0x07, key, 0x00))) + crc16(body).to_bytes(2, "little"),
    "none": lambda key: bytes((0x02, 0x31, key, 0x03)),
}


@pytest.mark.parametrize("name", FORMS)
def test_keys_in_frames(name):
    assert not FORMS[name].problem
    decoder = KeyDecoder(FORMS[name])
    stream = FRAMES[name](0x31) + b"\x00\xff" + FRAMES[name](0x35)
    assert [key for byte in stream for key in decoder.feed(bytes((byte,)))] == [b"1", b"5"]


@pytest.mark.parametrize("name", ["xor", "sum8", "crc16"])
@given(bit=st.integers(0, 39))
def test_a_flipped_bit_is_no_key(name, bit):
    frame = bytearray(FRAMES[name](0x31))
    frame[bit // 8] ^= 1 << bit % 8
    decoder = KeyDecoder(FORMS[name])
    assert decoder.feed(bytes(frame)) + decoder.silence() == []


@pytest.mark.parametrize("name", FORMS)
@given(data=st.binary(max_size=80))
def test_anything_is_survived(name, data):
    decoder = KeyDecoder(FORMS[name])
    decoder.feed(data)
    decoder.silence()
    assert not decoder.is_midway


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("rate:5", Rate(5)),
        ("rate:6", None),
        ("item:0301", Ask("0301")),
        ("ITEM:0301:Proxy", Ask("0301", "proxy")),
        ("item:0301:later", None),
        ("report:0102", Report("0102")),
        ("receipt:r7k2m9", Receipt("R7K2M9")),
        ("point:东塘", Point("东塘")),
        ("point:", None),
        (" sos ", Command("sos")),
        ("sos:now", None),
        ("cancel", Command("cancel")),
        ("answers", Command("answers")),
        ("W12345678", None),
    ],
)
def test_the_grammar(text, action):
    assert parse_action(text) == action
    assert action_in_code(f"GW:{text.strip()}") == action
    assert action_in_code(text) is None


@given(st.text())
def test_no_text_breaks_the_grammar(text):
    parse_action(text)
    action_in_code("gw:" + text)


@pytest.mark.parametrize(
    ("settings", "mistake"),
    [
        ({"keys": {}}, "keys"),
        ({"keys": {"5": "rate:9"}}, "rate:9"),
        ({"keys": {"5": "rate:5"}, "length": 4, "header": "02"}, "two hex digits"),
        ({"keys": {"35": "rate:5"}, "length": 4}, "a header or a checksum"),
        ({"keys": {"35": "rate:5"}, "length": 4, "header": "02", "at": 3, "tail": "03"}, "`at` must lie"),
    ],
)
def test_mistakes_are_named(settings, mistake):
    with pytest.raises(msgspec.ValidationError, match=mistake):
        msgspec.convert({"port": "x", **settings}, Keymap)


def test_keys_by_byte_and_by_line():
    by_byte = Keymap(port="x", length=4, header="02 31", at=2, tail="03", keys={"3A": "sos"})
    assert by_byte.action_of(b"\x3a") == Command("sos")
    assert by_byte.action_of(b"\x3b") is None
    assert Keymap(port="x", keys={"5": "rate:5"}).action_of("5") == Rate(5)
