"""What residents and grid workers do at the terminal, on real ptys: what they hear, what is printed, what is stored."""

import asyncio
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from drivers.terminal.config import Slot
from edgeagent.driver import Answer, Board, Checkin, Notice, Rating, Request, Worker
from simulators.terminal import resident
from tests.harness import until
from tests.terminals import station

NUMBER, NAME = "11010519491231002X", "欧阳震华"
CARD, OTHER = bytes.fromhex("6B3D12D6"), bytes.fromhex("0A0B0C0D")
READERS = ("idcard", "iccard", "scanner", "keypad", "printer")


@pytest.fixture
async def place(tmp_path):
    async with station(tmp_path, READERS) as place:
        place.settings["identify_s"] = 5.0
        yield place


async def test_beep_and_slip_come_only_after_the_commit(place):
    heard, printed = [], []
    place.device.before_commit = lambda: (heard.extend(place.terminal.beeps), printed.extend(place.slips))
    async with place.open() as device:
        place.terminal.show_ic(CARD)
        (slip,) = await place.prints(1)
        await place.hears("done")
    assert (heard, printed) == ([], [])
    assert "签到成功" in slip
    assert "未登记人员" in slip
    assert "****12D6" in slip
    assert "已登记，已提交" in slip
    assert device.observations[0].time.tzinfo is not None


async def test_the_slip_carries_the_events_number_and_says_that_it_waits(place):
    place.device.online = False
    async with place.open():
        place.terminal.show_ic(CARD)
        (slip,) = await place.prints(1)
    assert f"编号 {place.device.stored[0].id[-6:]}" in slip
    assert "已登记，待上传" in slip


async def test_what_is_not_stored_sounds_otherwise_and_prints_nothing(place):
    place.device.full = True
    async with place.open() as device:
        place.terminal.show_ic(CARD)
        await place.hears("failed")
        place.terminal.press("rate:5")
        await place.hears("failed", "failed")
        place.settings["identify_s"] = 0
        assert device.memory == {}
        device.full = False
        place.terminal.scan("W0002")
        await place.hears("failed", "failed", "done")
        assert len(await place.prints(1)) == 1
    assert place.kinds() == ["checkin"]


async def test_one_check_in_a_window_and_the_repeat_prints_nothing(place):
    async with place.open():
        place.terminal.show_ic(CARD)
        await place.hears("done")
        place.terminal.show_ic(OTHER)
        place.terminal.show_ic(CARD)
        await place.hears("done", "done", "already")
        await place.prints(2)
    place.restart()
    async with place.open():
        place.terminal.show_ic(CARD)
        await place.hears("done", "done", "already", "already")
    assert place.kinds() == []


async def test_two_readers_at_once(place):
    async with place.open():
        place.terminal.present_card(resident(NUMBER, NAME))
        for n in range(10):
            place.terminal.show_ic(bytes((n, 1, 2, 3)))
            place.terminal.scan(f"W{n:04}")
        await until(lambda: len(place.tones) == 21)
    assert place.tones == ["done"] * 21
    assert len({checkin.person for checkin in place.stored("checkin")}) == 21


# -- slots and points --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "slot"),
    [("22:30", "night"), ("03:59", "night"), ("04:00", ""), ("06:30", "morning"), ("11:29", "morning"), ("11:30", "")],
)
def test_slots_also_past_midnight(now, slot):
    slots = [Slot(name="morning", begin="06:30", end="11:30"), Slot(name="night", begin="22:00", end="04:00")]
    minute = int(now[:2]) * 60 + int(now[3:])
    assert next((each.name for each in slots if each.holds(minute)), "") == slot


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC"])
async def test_a_slot_is_of_the_villages_own_day(place, zone):
    place.device.zone = ZoneInfo(zone)
    local = datetime.now(UTC).astimezone(place.device.zone)
    hour = local.hour
    place.settings["slot"] = [
        {"name": "now", "begin": f"{hour:02}:00", "end": f"{(hour + 1) % 24:02}:00"},
        {"name": "other", "begin": f"{(hour + 1) % 24:02}:00", "end": f"{hour:02}:00"},
    ]
    async with place.open() as device:
        place.terminal.show_ic(CARD)
        (slip,) = await place.prints(1)
    seen = device.observations[0].time.astimezone(place.device.zone)
    assert device.data[0].slot == ("now" if seen.hour == hour else "other")
    assert seen.strftime("%Y-%m-%d %H:%M") in slip


async def test_a_point_is_for_the_next_check_in_only(place):
    place.settings["point"] = "hall"
    async with place.open() as device:
        place.terminal.scan("gw:point:东塘")
        await place.hears("next")
        place.terminal.show_ic(CARD)
        place.terminal.show_ic(OTHER)
        await place.hears("next", "done", "done")
    assert [checkin.point for checkin in device.data] == ["东塘", "hall"]


# -- requests ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["direct", "proxy", "authorised"])
async def test_a_request_with_a_card(place, mode):
    place.settings["service"] = [
        {"item": "0301", "name": "老年证办理"},
        {"item": "0302", "mode": "proxy"},
        {"item": "0303", "mode": "authorised"},
    ]
    wish = {"direct": "item:0301", "proxy": "item:0302:proxy", "authorised": "item:0303:authorised"}[mode]
    async with place.open() as device:
        place.terminal.press(wish)
        await place.hears("next")
        assert device.data == []
        place.terminal.present_card(resident(NUMBER, NAME))
        await place.hears("next", "done")
        (slip,) = await place.prints(1)
    (request,) = device.data
    assert request == Request(
        item=wish[5:9], mode=mode, receipt=request.receipt, person=place.person(NUMBER), key="v7",
        masked="110105********002X",
    )  # fmt: skip
    assert re.fullmatch(r"R[0-9A-HJKMNP-TV-Z]{9}", request.receipt)
    assert "受理回执" in slip
    assert request.receipt in slip
    assert place.terminal.slips[0].codes == [f"GW:receipt:{request.receipt}"]
    assert {"direct": "直办", "proxy": "代办", "authorised": "授权办"}[mode] in slip
    assert ("老年证办理" in slip) == (mode == "direct")


async def test_a_direct_request_without_a_card_is_stored_in_time_and_others_are_not(place):
    place.settings["identify_s"] = 0.3
    async with place.open() as device:
        place.terminal.press("item:0302:proxy")
        await place.hears("next", "failed")
        place.terminal.press("item:0301")
        await place.hears("next", "failed", "next", "done")
        place.terminal.press("report:0102")
        await place.hears("next", "failed", "next", "done", "next", "done")
        slips = await place.prints(2)
    assert [(one.item, one.mode, one.person, one.masked) for one in device.data] == [
        ("0301", "direct", "", ""),
        ("0102", "report", "", ""),
    ]
    assert "事件上报回执" in slips[1]


async def test_no_wait_at_all(place):
    place.settings["identify_s"] = 0
    async with place.open():
        place.terminal.press("item:0301")
        await place.hears("done")
    assert place.kinds() == ["request"]


async def test_a_card_at_the_very_end_of_the_wait_loses_no_request(place):
    """Whichever of the two is first, the request is stored once, and the card is in it or checks in."""
    place.settings |= {"identify_s": 0.05, "window_s": 0}
    async with place.open() as device:
        for n in range(20):
            before = len(place.stored("request"))
            place.terminal.scan(f"GW:item:{n:04}")
            await asyncio.sleep(0.045 + n * 0.001)  # just before the end, at it, just after
            place.terminal.show_ic(bytes((n, 9, 9, 9)))
            await until(lambda before=before: len(place.stored("request")) > before)
            person = place.person(bytes((n, 9, 9, 9)).hex().upper())
            await until(lambda person=person: any(getattr(data, "person", "") == person for data in device.data))
    assert [request.item for request in place.stored("request")] == [f"{n:04}" for n in range(20)]
    assert len(place.stored("request")) + len(place.stored("checkin")) == 20 + sum(
        not request.person for request in place.stored("request")
    )


async def test_an_item_that_the_village_does_not_offer_is_refused(place):
    place.settings["service"] = [{"item": "0301"}]
    async with place.open() as device:
        place.terminal.press("item:9999")
        await place.hears("failed")
        place.terminal.scan("GW:nonsense")
        await place.hears("failed", "failed")
        place.terminal.show_ic(CARD)  # belongs to nothing that waits
        await place.hears("failed", "failed", "done")
    assert [type(data) for data in device.data] == [Checkin]


async def test_another_wish_takes_the_place_of_one_that_waits_and_cancel_forgets_it(place):
    place.settings["identify_s"] = 0.4
    async with place.open() as device:
        place.terminal.press("report:0102")
        place.terminal.press("item:0301")
        await place.hears("next", "next", "done")
        place.terminal.press("report:0102")
        place.terminal.press("cancel")
        place.terminal.press("item:0301")
        await place.hears("next", "next", "done", "next", "next", "done")
        await asyncio.sleep(0.5)  # nothing is to happen, longer than a wish waits
    assert [request.item for request in device.data] == ["0301", "0301"]


async def test_a_bouncing_key_is_one(place):
    async with place.open():
        for _ in range(5):
            place.terminal.press("rate:4")
        place.terminal.press("rate:3")
        await place.hears("done", "done")
    assert [rating.score for rating in place.stored("rating")] == [4, 3]


async def test_a_workers_patrol_does_not_vanish_in_somebody_elses_request(place):
    place.device.board = Board(revision=1, workers=(Worker(person=place.person(CARD.hex().upper()), name="王敏"),))
    async with place.open() as device:
        place.terminal.press("item:0301")
        place.terminal.show_ic(CARD)
        await place.hears("next", "done", "done")
        slips = await place.prints(2)
        place.terminal.press("report:0102")  # the same worker reports a matter, and has checked in already
        place.terminal.show_ic(CARD)
        await place.hears("next", "done", "done", "next", "done")
    assert [type(data) for data in device.data] == [Request, Checkin, Request]
    assert device.data[1].verified
    assert "王敏" in slips[1]


async def test_a_card_just_shown_may_be_shown_again_for_a_wish(place):
    """Within two seconds it would otherwise be the same presence, and the wish be stored without."""
    async with place.open() as device:
        place.terminal.show_ic(CARD)
        await place.hears("done")
        place.terminal.press("item:0301")
        await place.hears("done", "next")
        place.terminal.show_ic(CARD)
        await place.hears("done", "next", "done")
    assert device.data[1].person == place.person(CARD.hex().upper())


async def test_nothing_waits_on_after_the_end(place):
    place.settings["identify_s"] = 0.2
    async with place.open() as device:
        place.terminal.press("item:0301")
        await place.hears("next")
    await asyncio.sleep(0.4)  # nothing is to happen, longer than a wish waits
    assert device.data == []


# -- ratings -----------------------------------------------------------------------------------------------------------


async def test_a_rating_belongs_to_the_last_request_also_after_a_power_cut(place):
    place.settings["identify_s"] = 0
    async with place.open():
        place.terminal.press("item:0301")
        await place.hears("done")
    receipt = place.device.data[0].receipt
    place.restart()
    async with place.open() as device:
        place.terminal.press("rate:3")
        place.terminal.press("rate:5")  # hit the wrong key, and corrects it
        await place.hears("done", "done", "done")
    assert device.data == [Rating(score=3, receipt=receipt), Rating(score=5, receipt=receipt)]
    place.restart()
    async with place.open() as device:
        place.terminal.press("rate:1")  # by whoever comes next
        await until(lambda: device.data)
    assert device.data == [Rating(score=1)]


async def test_a_rating_too_late_or_without_a_request_is_unbound(place):
    place.settings |= {"identify_s": 0, "rate_within_s": 0.2}
    async with place.open() as device:
        place.terminal.press("rate:2")
        await place.hears("done")
        place.terminal.press("item:0301")
        await place.hears("done", "done")
        await asyncio.sleep(0.3)  # too late is a matter of time
        place.terminal.press("rate:4")
        await place.hears("done", "done", "done")
    assert [rating.receipt for rating in place.stored("rating")] == ["", ""]
    assert [data.score for data in device.data if isinstance(data, Rating)] == [2, 4]


async def test_a_receipt_that_is_shown_is_rated_and_its_answer_printed(place):
    place.device.board = Board(
        revision=3,
        answers=(Answer(receipt="R7K2M9", text="道路已修好。"), Answer(receipt="ROTHER", text="另一件")),
        notices=(
            Notice(id="1", title="停水通知", text="明日停水"),
            Notice(id="2", title="旧通知", expires=datetime(2020, 1, 1, tzinfo=UTC)),
        ),
    )
    async with place.open() as device:
        place.terminal.scan("GW:receipt:r7k2m9")
        await place.hears("next")
        (slip,) = await place.prints(1)
        place.terminal.press("rate:5")
        await place.hears("next", "done")
    assert device.data == [Rating(score=5, receipt="R7K2M9")]
    assert "道路已修好。" in slip
    assert "另一件" not in slip
    assert "停水通知" in slip
    assert "旧通知" not in slip


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("worker", [False, True])
async def test_who_returns_gets_the_answers_that_wait_also_after_a_restart_without_uplink(place, worker):
    person = place.person(NUMBER)
    place.device.board = Board(
        revision=3,
        answers=(Answer(receipt="RAAA", person=person, text="已办结。\n请领取。"), Answer(receipt="RBBB", text="他人")),
        notices=(Notice(id="1", title="停水通知"),),
        workers=(Worker(person=person, name="王敏"),) if worker else (),
    )
    place.restart()
    place.device.online = False
    async with place.open() as device:
        place.terminal.present_card(resident(NUMBER, NAME))
        checkin, answer = await place.prints(2)
        place.terminal.press("rate:4")
        await place.hears("done", "done")
    assert "已办结。\n请领取。" in answer
    assert "停水通知" in answer
    assert "他人" not in answer
    assert device.data[0].verified == worker
    assert device.data[1] == Rating(score=4, receipt="RAAA")
    assert ("未登记" in checkin) != worker


async def test_answers_are_asked_for_by_key_and_check_nobody_in(place):
    async with place.open() as device:
        place.terminal.press("answers")
        place.terminal.show_ic(CARD)
        (slip,) = await place.prints(1)
        await place.hears("next", "next")
    assert device.data == []
    assert "暂无新的答复" in slip


# -- drill -------------------------------------------------------------------------------------------------------------


async def test_a_drill_marks_everything(place):
    place.settings |= {"drill": True, "identify_s": 0}
    place.device.board = Board(revision=1, answers=(Answer(receipt="RAAA", text="答"),))
    async with place.open() as device:
        place.terminal.show_ic(CARD)
        place.terminal.press("item:0301")
        place.terminal.press("rate:5")
        place.terminal.press("sos")
        place.terminal.scan("GW:receipt:RAAA")
        await place.prints(3)
        await until(lambda: len(device.data) == 4)
    assert {type(data).__name__ for data in device.data} == {"Checkin", "Request", "Rating", "Sos"}
    assert all(data.drill for data in device.data)
    assert all(slip.startswith("【演练】") for slip in place.slips)
