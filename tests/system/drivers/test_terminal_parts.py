"""The terminal's printer, bus, keypads, roster and notice, on real ptys, and what is told of them when they are ill."""

import asyncio
import json
import os

import pytest

from drivers.terminal import printer as printer_module
from drivers.terminal.parts import Pace
from drivers.terminal.roster import RosterBad, read_roster
from edgeagent.driver import Reading, Sos
from simulators.terminal import resident
from simulators.terminal.bus import checksum
from tests.harness import until
from tests.terminals import FAST, station

CARD, OTHER = bytes.fromhex("6B3D12D6"), bytes.fromhex("0A0B0C0D")
PERSON = "6B3D12D6"


@pytest.fixture
async def place(tmp_path):
    async with station(tmp_path, ("iccard", "scanner", "keypad", "printer", "bus")) as place:
        place.settings["identify_s"] = 5.0
        yield place


@pytest.fixture(autouse=True)
def _short_rests(monkeypatch):
    """Of devices that do not answer."""
    monkeypatch.setattr("drivers.terminal.buslines._REST_S", 0.1)


@pytest.fixture
def quick_looks(monkeypatch):
    """At the printer's paper, that is."""
    monkeypatch.setattr(printer_module, "LOOK_S", 0.05)
    monkeypatch.setattr(printer_module, "ANSWER_S", 0.05)


# -- printer -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ill", "state", "reason", "prints"),
    [
        ({"paper": "near-end"}, "degraded", "printer-paper-near-end", 1),
        ({"paper": "out"}, "degraded", "printer-paper-out", 0),
        ({"online": False}, "degraded", "printer-printer-offline", 0),
        ({"mute": True}, "degraded", "printer-printer-mute", 1),
    ],
)
async def test_an_ill_printer_is_told_and_stops_no_check_in(place, quick_looks, ill, state, reason, prints):
    for name, value in ill.items():
        setattr(place.terminal.printer, name, value)
    async with place.open():
        await place.is_told(state, reason)
        place.terminal.show_ic(CARD)
        await place.hears("done")
        assert place.kinds() == ["checkin"]
        await place.prints(prints)
        place.terminal.printer.paper, place.terminal.printer.online, place.terminal.printer.mute = "ok", True, False
        await place.is_told("up")
        await place.prints(1)  # what waited for paper comes out
    assert place.terminal.printer.unprinted == 0


async def test_a_printer_that_takes_nothing_holds_up_nobody(place):
    """Its port is full: check-ins go on, and its loss is told."""
    async with place.open() as device:
        port = place.terminal.parts["printer"]
        port.stick()
        os.set_blocking(port._slave, False)
        for _ in range(5):  # the kernel moves some of it on and makes room again
            with pytest.raises(BlockingIOError):
                while True:
                    os.write(port._slave, bytes(64))
            await asyncio.sleep(0.02)
        for n in range(8):
            place.terminal.show_ic(bytes((n, 1, 2, 3)))
        await until(lambda: len(place.kinds()) == 8)
        assert device.reports[-1].state == "up", "nobody has waited for the printer"
        await place.is_told("degraded", "printer-write-timeout")
        place.terminal.show_ic(b"last")
        await until(lambda: len(place.kinds()) == 9)
        port.stick(stuck=False)
        await place.is_told("up")


async def test_a_slip_torn_by_a_power_cut_swallows_no_tone_and_no_slip(place):
    place.terminal.printer.take(bytes.fromhex("1B40 1C26 41 1D286B 2000 315030") + b"GW:rec")
    async with place.open():
        place.terminal.show_ic(CARD)
        (slip,) = await place.prints(1)
        await place.hears("done")
    assert slip.startswith("签到成功")


async def test_slips_that_cannot_be_printed_in_time_are_counted_and_told(place, quick_looks, monkeypatch):
    monkeypatch.setattr(printer_module, "SLIP_KEEPS_S", 0.1)
    place.terminal.printer.paper = "out"
    async with place.open() as device:
        await place.is_told("degraded", "printer-paper-out")
        place.terminal.show_ic(CARD)
        place.terminal.show_ic(OTHER)
        await until(lambda: device.described.get("slips_not_printed") == "2")
        place.terminal.printer.paper = "ok"
        await place.is_told("up")
    assert place.slips == []


async def test_the_printer_is_missed_at_once_although_nothing_is_printed(place):
    async with place.open():
        place.terminal.unplug("printer")
        await place.is_told("degraded", "printer-unplugged")
        place.terminal.show_ic(CARD)
        await until(lambda: place.kinds() == ["checkin"])
        place.terminal.plug("printer")
        await place.is_told("up")
        await place.prints(1)


async def test_the_notice_on_personal_data_comes_first_and_once(place, quick_looks):
    place.settings["privacy_notice"] = "本终端读取证件仅用于签到。\n第二段。"
    place.terminal.printer.paper = "out"
    async with place.open() as device:
        await place.is_told("degraded", "printer-paper-out")
        place.terminal.show_ic(CARD)
        await place.hears("done")
        assert "privacy-notice" not in device.memory, "not printed is not given"
        place.terminal.printer.paper = "ok"
        notice, checkin = await place.prints(2)
        await until(lambda: "privacy-notice" in device.memory)
    assert "个人信息告知" in notice
    assert "签到成功" in checkin
    place.restart()
    async with place.open():
        place.terminal.show_ic(OTHER)
        await place.prints(3)
    assert "个人信息告知" not in place.slips[2]
    place.settings["privacy_notice"] = "新的告知。"
    place.restart()
    async with place.open():
        await place.prints(4)
    assert "新的告知。" in place.slips[3]


# -- calls for help ----------------------------------------------------------------------------------------------------


async def test_a_help_button_starts_and_ends_and_the_siren_sounds_for_its_time(place):
    place.own["bus"]["siren"] = {"unit": 2, "address": 0, "sounds_s": 0.3}
    place.terminal.bus.devices[2].coils[0] = True  # left on by a process that was killed
    async with place.open() as device:
        await until(lambda: not place.terminal.bus.is_on())
        place.terminal.press_button(1)
        await until(place.terminal.bus.is_on)
        await until(lambda: len(place.stored("sos")) == 1)
        await until(lambda: not place.terminal.bus.is_on())
        place.terminal.press_button(1, pressed=False)
        await until(lambda: len(place.stored("sos")) == 2)
    assert place.stored("sos") == [Sos(state="start", point="门外"), Sos(state="end", point="门外")]
    assert place.terminal.bus.devices[2].switched == [(0, False), (0, True), (0, False)]
    assert device.reports[-1].state == "up"


async def test_both_buttons_are_asked_for_in_one_frame_and_the_siren_by_the_books_bytes(place):
    async with place.open():
        place.terminal.press_button(0)
        await until(lambda: place.stored("sos"))
        await until(place.terminal.bus.is_on)
        await until(lambda: place.stored("reading"))
    asked = set(place.terminal.bus.requests)
    buttons = bytes.fromhex("02 02 00 00 00 02")
    assert {buttons + checksum(buttons), bytes.fromhex("02 05 00 00 FF 00 8C 09")} <= asked
    assert bytes.fromhex("01 03 00 04 00 01 C5 CB") in asked


async def test_a_short_press_is_a_call(place):
    """It is seen by one look only."""
    async with place.open():

        def looks() -> int:
            return sum(request[:2] == b"\x02\x02" for request in place.terminal.bus.requests)

        seen = looks()
        place.terminal.press_button(0)
        await until(lambda: looks() > seen)
        place.terminal.press_button(0, pressed=False)
        await until(lambda: len(place.stored("sos")) == 2)
    assert [sos.state for sos in place.stored("sos")] == ["start", "end"]


@pytest.mark.parametrize("released_meanwhile", [False, True])
async def test_a_button_held_over_a_restart_is_one_call(place, released_meanwhile):
    async with place.open():
        place.terminal.press_button(0)
        await until(lambda: place.stored("sos"))
    place.restart()
    if released_meanwhile:
        place.terminal.press_button(0, pressed=False)
    async with place.open():
        seen = len(place.terminal.bus.requests)
        await until(lambda: len(place.terminal.bus.requests) > seen + 10)
    assert [sos.state for sos in place.stored("sos")] == (["end"] if released_meanwhile else [])


async def test_a_call_that_the_disk_refuses_is_tried_again(place, monkeypatch):
    monkeypatch.setattr("drivers.terminal.sos._RETRY_S", 0.02)
    place.device.full = True
    async with place.open() as device:
        place.terminal.press_button(0)
        await until(place.terminal.bus.is_on)  # the siren does not wait for the disk
        place.terminal.press_button(0, pressed=False)
        await until(lambda: device.refused > 1)  # tried again, and kept
        assert device.data == []
        device.full = False
        await until(lambda: len(place.stored("sos")) == 2)
    assert [sos.state for sos in place.stored("sos")] == ["start", "end"]
    assert device.observations[0].time < device.observations[1].time


async def test_a_restart_before_the_call_was_stored_calls_again(place):
    place.device.full = True
    async with place.open():
        place.terminal.press_button(0)
        await until(place.terminal.bus.is_on)
    place.restart()
    async with place.open():
        await until(lambda: place.stored("sos") == [Sos(point="大厅")])


@pytest.mark.parametrize("way", ["key", "code"])
async def test_help_by_key_and_by_printed_code(place, way):
    place.settings["point"] = "hall"
    async with place.open():
        for _ in range(3):  # in need people press again and again
            place.terminal.press("sos") if way == "key" else place.terminal.scan("GW:SOS")
        await place.hears("done")
        await until(place.terminal.bus.is_on)
    assert place.stored("sos") == [Sos(state="start", point="hall")]


# -- the bus -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
async def test_a_dead_device_is_told_and_does_not_hold_up_the_others(place):
    place.own["bus"]["register"] = [{"unit": 1, "address": 4, "quantity": "water_level", "every_s": 1.0}]
    place.terminal.bus.devices[1].fault = "dead"
    async with place.open():
        detail = await place.is_told("degraded", "bus-no-answer")
        assert "unit 1" in detail
        place.terminal.press_button(0)
        await until(lambda: place.stored("sos"))
        place.terminal.bus.devices[1].fault = ""
        await place.is_told("up")
        place.terminal.bus.devices[2].fault = "refuses"
        detail = await place.is_told("degraded", "bus-refuses")
        assert "no such address" in detail
        place.terminal.bus.devices[2].fault = ""
        await place.is_told("up")
    assert len(place.device.reports) <= 6


@pytest.mark.parametrize("fault", ["half", "noise", "checksum", "mute"])
async def test_a_spoilt_answer_on_the_bus_calls_nobody(place, fault):
    async with place.open() as device:
        for _ in range(4):
            place.terminal.spoil_next("bus", fault)
        await until(lambda: not place.terminal.parts["bus"].faults)
        seen = len(place.terminal.bus.requests)
        await until(lambda: len(place.terminal.bus.requests) > seen + 3)
        assert place.stored("sos") == []
        place.terminal.press_button(0)
        await until(lambda: place.stored("sos"))
    assert [sos.state for sos in place.stored("sos")] == ["start"]
    assert device.reports[-1].state in ("up", "degraded")


async def test_a_siren_that_comes_back_late_stays_silent(place):
    place.own["bus"] |= {"siren": {"unit": 3, "address": 0, "sounds_s": 0.2}}
    async with place.open():
        place.terminal.press("sos")
        await until(lambda: place.stored("sos"))
        await place.is_told("degraded", "bus-no-answer")
        await asyncio.sleep(0.3)  # longer than it would have sounded: only time can tell
        place.terminal.bus.devices[3] = device = type(place.terminal.bus.devices[2])(coils={0: False})
        await until(lambda: device.switched)
    assert all(not on for _, on in device.switched)


async def test_a_water_level(place):
    async with place.open() as device:
        await until(lambda: any(isinstance(data, Reading) for data in device.data))
    assert [data for data in device.data if isinstance(data, Reading)] == [
        Reading(quantity="water_level", value=1.234, unit="m")
    ]


async def test_the_bus_may_be_unplugged_and_comes_back(place):
    async with place.open():
        place.terminal.press_button(0)
        await until(lambda: place.stored("sos"))
        place.terminal.unplug("bus")
        await place.is_told("degraded", "bus-unplugged")
        place.terminal.press_button(0, pressed=False)
        place.terminal.plug("bus")
        await place.is_told("up")
        await until(lambda: len(place.stored("sos")) == 2)
    assert [sos.state for sos in place.stored("sos")] == ["start", "end"]


# -- keypads -----------------------------------------------------------------------------------------------------------


async def test_keypads_of_both_forms_and_keys_that_mean_nothing(tmp_path):
    async with station(tmp_path, ("scanner", "keypad", "linepad", "beeper")) as place, place.open():
        place.terminal.keypads["keypad"].press_key("99")
        place.terminal.press("rate:5")
        place.terminal.spoil_next("keypad", "checksum")
        place.terminal.press("rate:1")
        await until(lambda: len(place.stored("rating")) == 1)
        place.terminal.keypads["linepad"].press_key("nothing")
        place.terminal.press("rate:2", "linepad")
        await until(lambda: len(place.stored("rating")) == 2)
        await place.hears("done", "done")
    assert [rating.score for rating in place.stored("rating")] == [5, 2]


async def test_em_readers_with_and_without_frame_bytes(tmp_path):
    async with station(tmp_path, ("emcard", "beeper")) as place, place.open():
        place.terminal.show_em(bytes.fromhex("62E3086CED"))
        await place.hears("done")
        place.terminal.show_em(bytes.fromhex("62E3086CEE"), bare=True)
        await place.hears("done", "done")
    people = [checkin.person for checkin in place.stored("checkin")]
    assert people == [place.person("62E3086CED"), place.person("62E3086CEE")]


async def test_a_scanners_trigger_answer_in_the_midst_of_a_code(place):
    async with place.open():
        place.terminal.parts["scanner"].send_raw(b"W00" + bytes.fromhex("02000001003331") + b"01\r")
        await place.hears("done")
    assert place.stored("checkin")[0].person == place.person("W0001")


# -- roster ------------------------------------------------------------------------------------------------------------


async def test_roster_file_known_unknown_edited_broken_and_gone(place, monkeypatch, tmp_path):
    monkeypatch.setattr("drivers.terminal.roster.LOOK_S", 0.02)
    roster = tmp_path / "roster.csv"
    other = place.person(OTHER.hex().upper())
    roster.write_text(f"person,name,grid\n{place.person(PERSON)},王敏,431126001001001\n")
    place.settings |= {"roster_file": str(roster), "window_s": 0}

    async def verified(card: bytes) -> bool:
        place.terminal.show_ic(b"else")  # so that the next is a presence of its own
        count = len(place.stored("checkin"))
        place.terminal.show_ic(card)
        await until(lambda: len(place.stored("checkin")) == count + 2)
        return place.stored("checkin")[-1].verified

    async with place.open():
        assert await verified(CARD)
        assert not await verified(OTHER)
        roster.write_bytes(f"{other},李强\n".encode("gb18030"))
        assert await verified(OTHER)
        assert not await verified(CARD)
        roster.write_text(f"{other},李强\n110105194912310021,张三\n")
        detail = await place.is_told("degraded", "roster-bad")
        assert ":2" in detail or "第 2 行" in detail
        assert "110105194912310021" not in detail
        assert await verified(OTHER), "the last good roster stays"
        roster.unlink()
        assert await verified(OTHER)
        roster.write_text(f"{place.person(PERSON)},王敏\n")
        await place.is_told("up")
        assert await verified(CARD)
        await until(lambda: "王敏" in place.slips[-1])
    assert sum("李强" in slip for slip in place.slips) == 3


@pytest.mark.parametrize("text", ['"' + "x" * 200_000, "a\0b", "\n\n12,34"])
def test_no_roster_breaks_the_terminal(tmp_path, text):
    with pytest.raises(RosterBad) as bad:
        read_roster(text, tmp_path / "roster.csv")
    assert "xxxx" not in str(bad.value)


# -- the device's state ------------------------------------------------------------------------------------------------


def test_a_loose_plug_is_told_ever_more_seldom():
    pace, now_s, told = Pace(), 0.0, 0
    while now_s < 86400:  # it changes every second of a day
        now_s += max(1.0, pace.wait_s)
        pace.told(now_s)
        told += 1
    assert told < 320
    pace.told(now_s + 3600)
    assert pace.wait_s == 0


async def test_no_number_stands_in_any_output_of_the_new_parts(tmp_path, caplog):
    """The canary for slips, the bus, keypads, the roster and what is remembered."""
    caplog.set_level("DEBUG")
    number, name = "11010519491231002X", "欧阳震华"
    async with station(tmp_path, ("idcard", "scanner", "keypad", "printer")) as place:
        place.settings |= {"identify_s": 5.0, "window_s": 0}
        (tmp_path / "roster.csv").write_text(f"person,name\n{number},{name}\n")
        place.settings["roster_file"] = str(tmp_path / "roster.csv")
        async with place.open() as device:
            for wish in ("", "item:0301", "item:0302:proxy", "answers"):
                slips = len(place.slips)
                if wish:
                    place.terminal.press(wish)
                place.terminal.present_card(resident(number, name))
                await until(lambda slips=slips: len(place.slips) == slips + 1)
                finds = place.terminal.idreader.finds
                place.terminal.lift_card()
                await until(lambda finds=finds: place.terminal.idreader.finds > finds + 3)
            for code in (number, f"GW:item:{number}", f"GW:point:{number}", f"{number}张三"):
                tones = len(place.tones)
                place.terminal.scan(code)
                await until(lambda tones=tones: len(place.tones) > tones)
        everything = [
            caplog.text, repr(device.reports), repr(device.described), repr(device.memory), *place.slips,
            *(repr(slip.codes) for slip in place.terminal.slips), repr(place.terminal.printer._slip.raw),
        ]  # fmt: skip
    assert len(place.slips) >= 5
    for text in everything:
        assert number not in text
        assert name not in text
        assert "19491231" not in text
    assert json.dumps([device.described])


async def test_a_part_that_flaps_fills_no_outbox(place):
    place.own["scanner"] = {**FAST}
    async with place.open() as device:
        for _ in range(30):
            place.terminal.unplug("scanner")
            await asyncio.sleep(0.03)  # a loose plug: in and out faster than anything is told of it
            place.terminal.plug("scanner")
            await asyncio.sleep(0.06)
    assert any(report.state == "degraded" for report in device.reports), "a pulled plug was noticed"
    assert len(device.reports) <= Pace.FREE + 2
