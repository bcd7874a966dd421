"""The terminal's driver against a simulated terminal on real ptys."""

import json
import logging
import random

import msgspec
import pytest

from edgeagent.driver import Checkin
from simulators.terminal import PARTS, foreigner, random_card, resident
from tests.harness import until
from tests.terminals import station

NUMBER = "11010519491231002X"
MASKED = "110105********002X"
NAME = "欧阳震华"


@pytest.fixture
async def place(tmp_path):
    async with station(tmp_path, PARTS) as place:
        place.device.language = "en"
        yield place


@pytest.fixture
def terminal(place):
    return place.terminal


@pytest.fixture
def device(place):
    return place.device


async def some_polls(terminal) -> None:
    """Until the reader was asked three times more: a lifted card has then been missed."""
    finds = terminal.idreader.finds
    await until(lambda: terminal.idreader.finds >= finds + 3)


async def test_id_card_checks_in_and_beeps_after_the_commit(place, terminal, device):
    heard_before_commit = []
    device.before_commit = lambda: heard_before_commit.extend(terminal.beeps)
    async with place.open(point="village-hall"):
        assert device.reports[0].state == "up"
        terminal.present_card(resident(NUMBER, NAME))
        await until(lambda: terminal.beeps)
    (checkin,) = device.data
    assert checkin == Checkin(method="id", person=place.person(NUMBER), key="v7", masked=MASKED, point="village-hall")
    assert not checkin.verified
    assert place.tones == ["done"]
    assert heard_before_commit == []
    assert device.described["module"]


@pytest.mark.parametrize("hides_after_read", [True, False])
async def test_one_event_per_presence(place, terminal, device, hides_after_read):
    terminal.idreader.hides_after_read = hides_after_read
    chance = random.Random(1)
    async with place.open(window_s=0):
        for count in range(1, 6):
            terminal.present_card(random_card(chance))
            await until(lambda count=count: len(terminal.beeps) == count)
            reads = terminal.idreader.reads
            await some_polls(terminal)
            assert terminal.idreader.reads == reads
            terminal.lift_card()
            await some_polls(terminal)
    assert len(device.data) == 5
    assert place.tones == ["done"] * 5


async def test_window_suppresses_also_after_a_restart(place, terminal, device):
    async with place.open():
        terminal.present_card(resident(NUMBER, NAME))
        await place.hears("done")
    terminal.idreader.lose_power()
    terminal.lift_card()
    later = place.restart()
    async with place.open():
        # Shown once every part is there: a tone that no beeper can sound is not sounded later.
        terminal.present_card(resident(NUMBER, NAME))
        await place.hears("done", "already")
        terminal.lift_card()
        await some_polls(terminal)
        terminal.present_card(random_card(random.Random(2)))
        await until(lambda: len(terminal.beeps) == 3)
    assert len(device.data) == 1
    assert len(later.data) == 1


async def test_failed_commit_sounds_another_tone_and_remembers_nothing(place, terminal, device):
    device.full = True
    async with place.open():
        terminal.scan("W0001")
        await place.hears("failed")
        assert device.memory == {}
        device.full = False
        terminal.scan("W0002")
        await place.hears("failed", "done")
    assert [checkin.masked for checkin in device.data] == ["***02"]


async def test_ic_card_and_codes(place, terminal, device):
    place.own["iccard"] = {"uid_order": "reversed"}
    async with place.open():
        terminal.show_ic(bytes.fromhex("6B3D12D6"))
        terminal.show_ic(bytes.fromhex("6B3D12D6"))  # still held
        await until(lambda: len(device.data) == 1)
        terminal.scan(NUMBER.lower())
        await until(lambda: len(device.data) == 2)
        terminal.scan("姓名：某某；电话：13800000000")
        await until(lambda: len(device.data) == 3)
    card, number, text = device.data
    assert (card.method, card.masked, card.person) == ("card", "****3D6B", place.person("D6123D6B"))
    assert (number.method, number.masked, number.person) == ("qr", MASKED, place.person(NUMBER))
    assert (text.method, text.masked) == ("qr", "")


@pytest.mark.parametrize("card", [resident(NUMBER, NAME, kind="J"), resident(NUMBER, NAME, birth="19491230")])
async def test_card_that_cannot_be_believed(place, terminal, device, card, caplog):
    async with place.open():
        terminal.present_card(card)
        await until(lambda: terminal.beeps)
        await some_polls(terminal)
    assert device.data == []
    assert place.tones == ["failed"]
    assert "not accepted" in caplog.text


async def test_foreigner_card(place, terminal, device):
    async with place.open():
        terminal.present_card(foreigner("CAN110081010278", "SMITH"))
        await until(lambda: terminal.beeps)
    assert device.data[0].masked == "CAN**********78"


async def test_the_second_read_does_not_wait_for_its_photo(place, terminal, device):
    """The text agrees with that of a whole, checked answer: nobody stands there for a photo that is thrown away."""
    port, reader, tail = terminal.parts["idcard"], terminal.idreader, []

    def send(frame):
        if len(frame) > 1000 and reader.reads % 2 == 0:
            tail.append(frame[300:])
            frame = frame[:300]
        port.send(frame)

    reader.cable = send
    async with place.open():
        for count, person in enumerate((resident(NUMBER, NAME), random_card(random.Random(7))), 1):
            terminal.present_card(person)
            await until(lambda count=count: len(terminal.beeps) == count)
            port.send_raw(tail.pop())
            terminal.lift_card()
            await some_polls(terminal)
    assert place.tones == ["done", "done"]
    assert len(device.data) == 2


@pytest.mark.slow
async def test_spoilt_frames_are_asked_for_again(place, terminal, device):
    async with place.open():
        for fault in ("half", "noise", "checksum", "mute"):
            terminal.spoil_next("idcard", fault)
            terminal.spoil_next("idcard", "noise")
        await until(lambda: not terminal.parts["idcard"].faults)
        terminal.present_card(resident(NUMBER, NAME))
        await until(lambda: terminal.beeps)
    assert [checkin.masked for checkin in device.data] == [MASKED]


async def test_spoilt_second_read_falls_back_to_a_third(place, terminal, device):
    terminal.idreader.hides_after_read = False
    async with place.open():
        port = terminal.parts["idcard"]
        original, reads = port.send, 0

        def spoil_second_read(frame: bytes) -> None:
            nonlocal reads
            if len(frame) > 1000:
                reads += 1
                if reads == 2:  # two flipped bits that the checksum does not see
                    frame = bytes(b ^ (i in (20, 22)) for i, b in enumerate(frame))
            original(frame)

        terminal.idreader.cable = spoil_second_read
        terminal.present_card(resident(NUMBER, NAME))
        await until(lambda: terminal.beeps)
    assert reads == 3  # 1 ≠ 2, 3 = 1
    assert [checkin.masked for checkin in device.data] == [MASKED]


async def test_reader_without_a_second_read(place, terminal, device):
    terminal.idreader.reads_again = False
    async with place.open():
        for count in (1, 2):  # one alone may have been lifted too soon
            terminal.present_card(resident(NUMBER, NAME))
            await place.hears(*["failed"] * count)
            assert device.reports[-1].state == "up"
            await some_polls(terminal)
        await until(lambda: device.reports[-1].reason == "idcard-second-read-refused")
        assert "require_second_read" in device.reports[-1].detail
    later = place.restart()
    terminal.idreader.lose_power()
    place.own["idcard"]["require_second_read"] = False
    async with place.open():
        await until(lambda: later.data)
    assert device.data == []


@pytest.mark.parametrize("part", ["idcard", "iccard", "scanner", "beeper"])
async def test_any_part_may_be_unplugged_and_comes_back(place, terminal, device, part):
    async with place.open(window_s=0):
        terminal.unplug(part)
        await until(lambda: device.reports[-1].state == "degraded")
        assert device.reports[-1].reason == f"{part}-unplugged"
        terminal.scan("W0001") if part != "scanner" else terminal.show_ic(b"1234")
        await until(lambda: len(device.data) == 1)
        terminal.plug(part)
        await until(lambda: device.reports[-1].state == "up")
        beeps = len(terminal.beeps)
        terminal.present_card(resident(NUMBER, NAME))
        await until(lambda: len(terminal.beeps) > beeps)
        assert [report.state for report in device.reports] == ["up", "degraded", "up"]
    assert len(device.data) == 2


async def test_all_parts_unplugged_is_down(place, terminal, device):
    async with place.open():
        for part in terminal.parts:
            terminal.unplug(part)
        await until(lambda: device.reports[-1].state == "down")


async def test_part_that_is_missing_at_the_start(place, terminal, device):
    terminal.unplug("scanner")
    async with place.open():
        assert [(report.state, report.reason) for report in device.reports] == [("degraded", "scanner-missing")]


@pytest.mark.slow
async def test_wrong_baud_rate_and_mute_reader_are_told_apart(place, terminal, device):
    terminal.parts["idcard"].garbled = True
    device.language = "zh"
    async with place.open():
        assert device.reports[-1].reason == "idcard-garbage"
        assert "波特率" in device.reports[-1].detail
        terminal.parts["idcard"].garbled = False
        await until(lambda: device.reports[-1].state == "up")
        terminal.parts["scanner"].send_raw(bytes(100))
        await until(lambda: device.reports[-1].reason == "scanner-garbage")
        terminal.scan("W0001")  # spoilt or not, the next whole line proves the line good
        await until(lambda: device.reports[-1].state == "up")
        for _ in range(10):
            terminal.spoil_next("idcard", "mute")
        await until(lambda: device.reports[-1].reason == "idcard-no-answer")


async def test_card_left_lying_over_an_unplugging_counts_once(place, terminal, device):
    terminal.idreader.hides_after_read = False
    async with place.open(window_s=0):
        terminal.present_card(resident(NUMBER, NAME))
        await until(lambda: terminal.beeps)
        terminal.unplug("idcard")
        await until(lambda: device.reports[-1].state == "degraded")
        terminal.plug("idcard")
        await until(lambda: device.reports[-1].state == "up")
        await some_polls(terminal)
    assert len(device.data) == 1


async def test_no_beeper_configured(place, terminal, device):
    place.left_out = ("beeper", "iccard")
    async with place.open():
        terminal.present_card(resident(NUMBER, NAME))
        await until(lambda: device.data)
    assert terminal.beeps == []


@pytest.mark.parametrize("keep_name", [False, True])
async def test_no_personal_data_leaves_the_terminal(place, terminal, device, caplog, keep_name):
    """The canary: whatever happens, no log record, event, memory or report holds a number, a birth date or a name."""
    caplog.set_level(logging.DEBUG)
    place.own["idcard"]["keep_name"] = keep_name
    async with place.open(window_s=60):
        for card in (
            resident(NUMBER, NAME),
            resident(NUMBER, NAME, kind="Y"),
            resident(NUMBER, NAME, birth="19491230"),
        ):
            for fault in (None, "checksum", "half", "noise"):
                beeps = len(terminal.beeps)
                if fault:
                    terminal.spoil_next("idcard", fault)
                terminal.present_card(card)
                await until(lambda beeps=beeps: len(terminal.beeps) > beeps)
                terminal.lift_card()
                await some_polls(terminal)
        terminal.scan(NUMBER)
        terminal.parts["scanner"].send_raw(NUMBER.encode() + b"\x00\r" + NUMBER.encode())
        device.full = True
        terminal.scan("11010519491231002X张三")
        await until(lambda: place.tones[-1] == "failed")
        terminal.unplug("idcard")
        await until(lambda: device.reports[-1].state == "degraded")
    assert len(device.data) == 1
    everything = [
        caplog.text,
        *(repr(record.__dict__) for record in caplog.records),
        repr(device.reports),
        repr(device.described),
        repr(device.memory),
        msgspec.json.encode([msgspec.to_builtins(data) for data in device.data]).decode(),
    ]
    for text in everything:
        assert NUMBER not in text
        assert "19491231" not in text
        assert NUMBER.encode("utf-16-le").hex() not in text
    names = [text for text in everything if NAME in text]
    assert names == ([everything[-1]] if keep_name else [])
    assert json.loads(everything[-1])[0]["masked"] == MASKED
