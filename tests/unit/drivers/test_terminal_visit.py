"""What waits at the desk and how long, receipt numbers, groups of buttons, numbers in registers."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.frames import crc16, with_crc
from drivers.modbus.registers import number_in, word_count
from drivers.terminal.actions import Rate, Receipt, action_in_code
from drivers.terminal.bus import group
from drivers.terminal.config import Contact
from drivers.terminal.presence import PolledPresence, SpokenPresence
from drivers.terminal.receiptnumbers import LastReceipt, new_receipt_number
from drivers.terminal.roster import RosterBad, read_roster
from drivers.terminal.visit import CODE_AGAIN_S, CORRECTION_S, Visit, Waiting

NOW = datetime(2024, 3, 1, 8, tzinfo=UTC)


def test_what_waits_is_taken_once_and_in_time_only():
    waiting: Waiting[str] = Waiting()
    waiting.begin("A", 10.0, 5.0)
    assert waiting.get(14.9) == "A"
    assert waiting.take(14.9) == "A"
    assert waiting.take(14.9) is None
    waiting.begin("B", 10.0, 5.0)
    assert waiting.take(15.0) is None
    assert waiting.value == "B", "who waits for its end still finds it"


def test_keys_bounce_and_scanners_repeat():
    visit = Visit()
    assert not visit.is_bounce(Rate(5), 1.0)
    assert visit.is_bounce(Rate(5), 1.9)
    assert visit.is_bounce(Rate(5), 2.8), "each repeat counts from the one before"
    assert not visit.is_bounce(Rate(4), 2.9)
    assert not visit.is_bounce(Rate(4), 4.0)
    assert visit.is_bounce(Rate(4), 5.9, CODE_AGAIN_S)


def test_a_rating_leaves_time_for_a_correction_only():
    visit = Visit()
    visit.receipt.begin("R1", 0.0, 600.0)
    visit.rated(10.0)
    assert visit.receipt.get(10.0 + CORRECTION_S - 0.1) == "R1"
    visit.rated(12.0)
    assert visit.receipt.get(10.0 + CORRECTION_S) is None


def test_receipt_numbers_can_be_printed_scanned_and_typed():
    numbers = {new_receipt_number() for _ in range(1000)}
    assert len(numbers) == 1000
    for number in numbers:
        assert re.fullmatch("R[0-9A-HJKMNP-TV-Z]{9}", number)
        assert action_in_code(f"gw:receipt:{number.lower()}") == Receipt(number)


def test_the_last_receipt_is_remembered_for_its_time():
    last = LastReceipt(receipt="R1", at=NOW)
    assert LastReceipt.decode(last.encode()) == last
    assert last.left_s(NOW + timedelta(seconds=100), 600.0) == 500.0
    assert last.left_s(NOW + timedelta(seconds=600), 600.0) == 0.0
    assert last.left_s(NOW - timedelta(days=9000), 600.0) == 0.0, "the clock was set back"


@given(st.binary(max_size=60))
def test_whatever_was_remembered_of_a_receipt_is_survived(remembered):
    assert LastReceipt.decode(remembered) is None
    assert LastReceipt.decode(b'{"receipt":"R1","at":"2024-03-01T08:00:00"}') is None


def test_buttons_side_by_side_are_asked_for_together_and_no_others():
    def at(unit: int, address: int, function: int = 2) -> Contact:
        return Contact(unit=unit, address=address, function=function)

    groups = group([at(2, 1), at(2, 0), at(2, 3), at(3, 4), at(2, 4, 1)])
    assert [(each.unit, each.function, each.address, len(each.contacts)) for each in groups] == [
        (2, 1, 4, 1), (2, 2, 0, 2), (2, 2, 3, 1), (3, 2, 4, 1),
    ]  # fmt: skip
    assert groups[0].answer_bytes == 1
    (eight,) = group([at(2, n) for n in range(8)])
    assert eight.request == bytes.fromhex("02 02 00 00 00 08 79 FF")


@pytest.mark.parametrize(
    ("data", "kind", "value"),
    [
        ("04D2", "uint16", 1234.0),
        ("FFFF", "int16", -1.0),
        ("0001 0000", "uint32", 65536.0),
        ("0000 0001", "uint32-swapped", 65536.0),
        ("FFFF FFFF", "int32", -1.0),
        ("3FC0 0000", "float32", 1.5),
        ("0000 3FC0", "float32-swapped", 1.5),
        ("7FC0 0000", "float32", None),
        ("7F80 0000", "float32", None),
        ("04", "uint16", None),
    ],
)
def test_numbers_in_registers(data, kind, value):
    assert number_in(bytes.fromhex(data), kind) == value
    assert word_count(kind) == (1 if kind.endswith("16") else 2)


@given(st.binary(max_size=40))
def test_the_table_of_the_checksum_is_that_of_the_standard(data):
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    assert crc16(data) == crc
    assert crc16(with_crc(data)) == 0


def test_a_card_that_lies_there_is_looked_at_again_when_something_is_asked_for():
    polled, spoken = PolledPresence(), SpokenPresence()
    polled.settle()
    polled.rearm()
    assert polled.found()
    assert spoken.shown("A", 1.0)
    spoken.rearm()
    assert spoken.shown("A", 1.5)


@given(st.text())
def test_any_text_is_a_roster_or_names_its_line(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "roster.csv"
    line = 1
    workers = {}
    try:
        workers = read_roster(text, path)
    except RosterBad as problem:
        line = problem.facts["line"]
    assert line >= 1
    assert all(re.fullmatch("[0-9a-f]{64}", person) for person in workers)


def test_what_a_text_program_writes_is_a_roster():
    person = "ab" * 32
    text = f'\ufeffPerson,Name,Grid\r\n# 早班\r\n\r\n{person.upper()}, "王 敏" ,431126001001001\r\n'
    assert read_roster(text, Path("roster.csv"))[person].grid == "431126001001001"
