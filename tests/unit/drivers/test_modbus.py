"""Modbus RTU frames, byte for byte and spoilt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.frames import Reply, ReplyDecoder, read, with_crc, write_coil

REGISTER = bytes.fromhex("01 03 02 04 D2 3A D9")
CONTACT = bytes.fromhex("02 02 01 01 60 0C")
REFUSED = bytes.fromhex("01 83 02 C0 F1")
SIREN_ON = bytes.fromhex("02 05 00 00 FF 00 8C 09")


def test_requests_byte_for_byte():
    assert read(1, 3, 4, 1) == bytes.fromhex("01 03 00 04 00 01 C5 CB")
    assert read(2, 2, 0, 8) == bytes.fromhex("02 02 00 00 00 08 79 FF")
    assert write_coil(2, 0, on=True) == SIREN_ON
    assert write_coil(2, 0, on=False)[4:6] == b"\x00\x00"


def test_answers_byte_for_byte():
    water, contacts, refused, siren = ReplyDecoder().feed(REGISTER + CONTACT + REFUSED + SIREN_ON)
    assert water.register(0) == 1234
    assert [contacts.bit(index) for index in range(8)] == [True] + [False] * 7
    assert (refused.exception, refused.problem) == (2, "no such address")
    assert siren == Reply(2, 5, bytes.fromhex("00 00 FF 00"))


@given(st.binary(max_size=30), st.sampled_from([REGISTER, CONTACT, REFUSED, SIREN_ON]), st.data())
def test_a_spoilt_answer_is_none_and_the_next_is_found(noise, frame, data):
    at = data.draw(st.integers(0, 8 * len(frame) - 1))
    spoilt = bytearray(frame)
    spoilt[at // 8] ^= 1 << at % 8
    decoder = ReplyDecoder()
    assert decoder.feed(bytes(spoilt)) + decoder.silence() == []
    decoder.feed(noise)
    decoder.silence()
    assert decoder.feed(frame) + decoder.silence() == ReplyDecoder().feed(frame)


@given(st.binary(max_size=300))
def test_anything_is_survived(data):
    decoder = ReplyDecoder()
    for reply in decoder.feed(data) + decoder.silence():
        assert 0 <= reply.unit <= 255
    assert not decoder.is_midway


def test_what_was_not_asked_for_is_an_index_error():
    (reply,) = ReplyDecoder().feed(with_crc(bytes.fromhex("02 02 01 01")))
    with pytest.raises(IndexError):
        reply.bit(8)
