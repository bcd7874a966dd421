"""Scanner lines: every line end, the prefix, the trigger answer in the stream, noise."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.terminal.frames.line import MAX_LINE_BYTES, TRIGGER, TRIGGER_ANSWER, LineDecoder

codes = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=40)


def decoded(decoder: LineDecoder, *chunks: bytes) -> list[str]:
    return [code for chunk in chunks for code in decoder.feed(chunk)]


def test_trigger_and_its_answer():
    assert bytes.fromhex("7E 00 08 01 00 02 01 AB CD") == TRIGGER
    assert bytes.fromhex("02 00 00 01 00 33 31") == TRIGGER_ANSWER


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\t"])
def test_line_ends(end):
    assert decoded(LineDecoder(), b"431102001001" + end + b"B" + end) == ["431102001001", "B"]


def test_prefix_is_taken_off_and_lines_without_it_are_dropped():
    decoder = LineDecoder(prefix="QR:")
    assert decoded(decoder, b"QR:A1\r", b"A2\r", b"QR:\r") == ["A1"]
    assert decoder.bad_bytes == 5


def test_utf8_then_gb18030_then_nothing():
    decoder = LineDecoder()
    assert decoded(decoder, "网格员".encode() + b"\r", "网格员".encode("gb18030") + b"\r") == ["网格员", "网格员"]
    assert decoded(decoder, b"\xff\xff\xff\r", b"A\x00B\r") == []


@pytest.mark.parametrize("at", range(5))
def test_trigger_answer_is_filtered_wherever_it_stands(at):
    stream = b"ABC\r"[:at] + TRIGGER_ANSWER + b"ABC\r"[at:]
    for cut in range(len(stream) + 1):
        assert decoded(LineDecoder(), stream[:cut], stream[cut:]) == ["ABC"]


def test_half_a_code_is_not_joined_to_the_next():
    decoder = LineDecoder()
    assert decoded(decoder, b"43110") == []
    assert decoder.silence() == []
    assert decoded(decoder, b"B1\r") == ["B1"]


def test_endless_line_is_dropped_up_to_its_end():
    decoder = LineDecoder()
    assert decoded(decoder, *[b"7" * 1000] * 9, b"77\rA1\r") == ["A1"]
    assert decoder.bad_bytes == 9002
    assert not decoder.is_midway


@given(codes, st.binary(max_size=60), st.lists(st.integers(0, 200), max_size=5))
def test_noise_before_a_pause_loses_no_code(code, noise, cuts):
    decoder = LineDecoder()
    decoder.feed(noise)
    decoder.silence()
    line = code.encode() + b"\r\n"
    edges = sorted({0, *(cut % len(line) for cut in cuts), len(line)})
    assert decoded(decoder, *(line[a:b] for a, b in itertools.pairwise(edges))) == [code]


@given(st.lists(st.binary(max_size=3000), max_size=8))
def test_decoder_raises_on_nothing_and_stays_bounded(chunks):
    decoder = LineDecoder(prefix="#")
    for chunk in chunks:
        decoder.feed(chunk)
        assert len(decoder._buffer) <= MAX_LINE_BYTES + len(TRIGGER_ANSWER)
    decoder.silence()
    assert not decoder.is_midway
