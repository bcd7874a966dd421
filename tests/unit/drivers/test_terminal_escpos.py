"""What a receipt printer is sent, and what its status bytes mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.terminal.frames.escpos import (
    CUT,
    Line,
    StatusDecoder,
    beep,
    is_online,
    is_status,
    paper_of,
    qr_code,
    receipt,
)


@pytest.mark.parametrize(
    ("status", "paper"), [(0x12, "ok"), (0x1E, "near-end"), (0x1A, "near-end"), (0x72, "out"), (0x7E, "out")]
)
def test_paper(status, paper):
    assert is_status(status)
    assert paper_of(status) == paper


def test_online():
    assert is_online(0x12)
    assert not is_online(0x1A)
    assert is_online(0x16)  # the drawer's pin, which is nobody's business here


def test_beep():
    assert beep(2, 1) == bytes.fromhex("1B 42 02 01")


def test_a_receipt_byte_for_byte():
    slip = receipt([Line("受理回执", large=True, centred=True), Line("编号 R7K2M9")])
    chinese = "受理回执".encode("gb18030"), "编号 R7K2M9".encode("gb18030")
    assert slip == (
        bytes.fromhex("1B40 1C26 1B6101 1D2111") + chinese[0] + bytes.fromhex("0A 1B6100 1D2100") + chinese[1]
        + bytes.fromhex("0A 1D2100 0A 1D564200")
    )  # fmt: skip


def test_a_qr_code_byte_for_byte():
    assert qr_code("GW:receipt:R1") == bytes.fromhex(
        "1D286B 0400 31413200 1D286B 0300 314306 1D286B 0300 314531 1D286B 1000 315030"
    ) + b"GW:receipt:R1" + bytes.fromhex("1D286B 0300 315130")  # fmt: skip
    with pytest.raises(ValueError, match="too many"):
        qr_code("x" * 201)


@given(st.text())
def test_no_text_can_command_the_printer(text):
    slip = receipt([Line(text)])
    body = slip[len(bytes.fromhex("1B40 1C26 1B6100 1D2100")) : -len(bytes.fromhex("0A 1D2100 0A") + CUT)]
    assert not any(byte < 0x20 or byte == 0x7F for byte in body if byte < 0x80)
    assert slip.endswith(CUT)


@given(st.binary(max_size=100))
def test_only_status_bytes_are_heard(data):
    decoder = StatusDecoder()
    found = decoder.feed(data)
    assert len(found) + decoder.bad_bytes == len(data)
    assert all(is_status(byte) for byte in found)
    assert decoder.silence() == []
