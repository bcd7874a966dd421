"""IC and EM readers, binary and ASCII: the published frames byte for byte, and noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.terminal.frames.em_ascii import EmAsciiDecoder
from drivers.terminal.frames.icem import CardSeen, IcEmDecoder

M1 = bytes.fromhex("02 09 01 6B 3D 12 D6 9A 03")
EM = bytes.fromhex("02 0A 02 06 00 8E 6D 5D B0 03")
ASCII = bytes.fromhex("02 36 32 45 33 30 38 36 43 45 44 30 38 03")
SEEN = {
    M1: CardSeen("m1", bytes.fromhex("6B3D12D6")),
    EM: CardSeen("em4100", bytes.fromhex("06008E6D5D")),
    ASCII: CardSeen("em4100", bytes.fromhex("62E3086CED")),
}
DECODERS = {M1: IcEmDecoder, EM: IcEmDecoder, ASCII: EmAsciiDecoder}


def decoded(decoder, *chunks):
    return [card for chunk in chunks for card in decoder.feed(chunk)]


@pytest.mark.parametrize("frame", SEEN)
def test_frame_split_at_every_byte(frame):
    for cut in range(len(frame) + 1):
        assert decoded(DECODERS[frame](), frame[:cut], frame[cut:]) == [SEEN[frame]]


@pytest.mark.parametrize("frame", SEEN)
def test_any_single_flipped_bit_is_refused(frame):
    for bit in range(len(frame) * 8):
        spoilt = bytearray(frame)
        spoilt[bit // 8] ^= 1 << bit % 8
        decoder = DECODERS[frame]()
        cards = decoded(decoder, bytes(spoilt)) + decoder.silence()
        # In ASCII a flip can only change the case of a letter, or hit the bytes around, which some readers leave out.
        assert cards in ([], [SEEN[frame]])
        if frame is not ASCII:
            assert cards == []


def test_noise_that_looks_like_a_start_costs_nothing():
    assert decoded(IcEmDecoder(), b"\x02\x02\x09\x02\x02\x0a" + M1 + EM) == [SEEN[M1], SEEN[EM]]


def test_ascii_without_frame_bytes():
    decoder = EmAsciiDecoder()
    assert decoded(decoder, ASCII[1:-1]) == []
    assert decoder.silence() == [SEEN[ASCII]]
    assert decoded(EmAsciiDecoder(), ASCII[1:-1] + b"\r\n" + ASCII[1:-1].lower() + b"\n") == [SEEN[ASCII]] * 2


def test_ascii_run_of_another_length_is_no_card():
    decoder = EmAsciiDecoder()
    assert decoded(decoder, b"\x02A" + ASCII[1:], b"\x02" + b"0" * 500, b"\x03") == []
    assert decoded(decoder, b"0" * 13, ASCII[1:-1], b"\x03") == []


@pytest.mark.parametrize("frame", SEEN)
@given(noise=st.binary(max_size=60), half=st.integers(0, 13))
def test_noise_before_a_pause_loses_no_card(frame, noise, half):
    decoder = DECODERS[frame]()
    decoder.feed(noise + frame[:half])
    decoder.silence()
    assert not decoder.is_midway
    assert decoded(decoder, frame) == [SEEN[frame]]


@pytest.mark.parametrize("make", [IcEmDecoder, EmAsciiDecoder])
@given(chunks=st.lists(st.binary(max_size=100)))
def test_decoders_raise_on_nothing_and_stay_bounded(make, chunks):
    decoder = make()
    for chunk in chunks:
        decoder.feed(chunk)
        assert len(decoder._buffer) <= 16
