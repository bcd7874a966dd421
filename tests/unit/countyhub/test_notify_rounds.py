"""Who is told what and when: timelines into messages, messages into parcels, on both databases, with a real gateway."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy import insert

from countyhub import notify
from countyhub.cases.acting import merge, split
from countyhub.config import WebhookSettings
from countyhub.lifecycle.state import Office
from countyhub.notify import oldmessages, quiet
from countyhub.registry.forms import Duty, Person
from countyhub.store.notifytables import preference
from simulators.county.build import COUNTY, FOUNDED
from tests.casebooks import GRID, HOUR, MORNING, ROAD, VILLAGE, people, staff
from tests.gateways import Says
from tests.harness import until
from tests.registries import TOWNSHIP
from tests.waking import MINUTE, county, phone

CLERK, TOWN, WORKER = (
    staff("village_clerk", VILLAGE), staff("township", TOWNSHIP), staff("grid_worker", GRID),
)  # fmt: skip
NIGHT = datetime(2026, 6, 3, 15, 30, tzinfo=UTC)
"""23:30 in the county."""
SECRET = "whsec_" + "A" * 43 + "="


async def test_the_new_owner_is_told_once_and_never_who_did_it(store) -> None:
    """R-WAKE-01: and a second process that follows adds nothing."""
    async with county(store) as here:
        number = await here.open(category=ROAD)
        assert (await here.round()).tried == 1
        assert here.phones == [phone(CLERK)]
        await here.act(number, "pass_up", people(here.book)["village_clerk"])
        await here.act(number, "assign", people(here.book)["township"], Office("village", VILLAGE))
        here.forget()
        await asyncio.gather(*(notify.once(store, here.live, here.config, here.now) for _ in range(3)))
        assert sorted(here.phones) == sorted([phone(TOWN), phone(CLERK)])
        assert (await here.round()).tried == 0
        text = dict(here.told)[phone(CLERK)]
        assert text.startswith("交办给您：")
        assert number in text
        assert here.live.current.name(VILLAGE, here.now) in text


async def test_whoever_does_something_is_not_told_of_it(store) -> None:
    """R-WAKE-01."""
    async with county(store) as here:
        both = Duty(person=CLERK, role="township", place=TOWNSHIP)
        here.live.current = county_with(here, both)
        number = await here.open()
        await here.round()
        here.forget()
        await here.act(number, "pass_up", here.book.actor(CLERK, here.now, "village_clerk"))
        await here.round()
        assert here.phones == [phone(TOWN)]


def county_with(here, *rows):
    from tests import casebooks
    from tests.registries import registry

    return registry([*casebooks.rows(), *rows])


async def test_lights_wake_the_owner_and_at_red_one_level_up(store) -> None:
    """R-WAKE-02."""
    async with county(store, quiet="") as here:
        number = await here.open(category=ROAD)
        await here.round()
        for act, expected in (("turned_yellow", [CLERK]), ("turned_red", [CLERK, TOWN])):
            here.forget()
            await entry(here, number, act)
            await here.round()
            assert sorted(here.phones) == sorted(map(phone, expected))
        await here.act(number, "ask_pause", people(here.book)["village_clerk"])
        here.forget()
        await here.round()
        assert here.phones == [phone(TOWN)]


async def entry(here, number: str, act: str) -> None:
    """A line that the hub writes by itself."""
    from countyhub.store.casetables import case_entry
    from tests.casebooks import row

    case = await row(here.store, number)
    async with here.store.write() as connection:
        line = {"number": number, "version": case.version, "act": act, "at": here.now, "actor": "hub",
                "role": "machine", "before": case.stage, "after": case.stage, "level_before": case.level,
                "owner_before": case.owner, "level": case.level, "owner": case.owner}  # fmt: skip
        await connection.execute(insert(case_entry), [line])


async def test_a_drill_tells_only_who_takes_part_and_says_that_it_is_one(store) -> None:
    """R-WAKE-15: what the hub does with it wakes nobody; whom a person hands it to takes part."""
    async with county(store) as here:
        who = people(here.book)
        number = await here.open("a", drill=True)
        await here.round()
        assert here.told == []
        await here.act(number, "pass_up", who["village_clerk"])
        await here.round()
        assert here.phones == [phone(staff("township", TOWNSHIP))]
        assert here.told[0][1].startswith("【演练】下级上报：")
        here.forget()
        await entry(here, number, "turned_red")  # to the township, which has done nothing yet, and the county
        await here.round()
        assert here.told == []
        await here.act(number, "note", who["township"])
        await entry(here, number, "turned_red")
        await here.round()
        assert here.told[0][1].startswith("【演练】已超时（红灯）：")
        assert here.phones == [phone(staff("township", TOWNSHIP))]


async def test_what_turned_red_while_it_was_merged_wakes_nobody_when_it_is_split_off(store) -> None:
    """R-WAKE-03: the line is of a merged case, whatever the case is by the time it is followed."""
    async with county(store) as here:
        parent, number = await here.open("a"), await here.open("b")
        clerk = people(here.book)["village_clerk"]
        await here.round()
        here.forget()
        await merge(here.store, here.book, parent, number, clerk, here.now)
        await entry(here, number, "turned_red")
        await split(here.store, here.book, number, clerk, here.now, text="不是一回事")
        await here.round()
        assert [text for _, text in here.told if "红灯" in text] == []


async def test_history_and_what_is_over_wake_nobody(store) -> None:
    """R-WAKE-03."""
    async with county(store) as here:
        await here.open("b", happened=here.now - timedelta(days=3))
        number = await here.open("c")
        await here.act(number, "void", people(here.book)["village_clerk"])
        await here.round()
        assert here.told == []


async def test_nobody_is_disturbed_at_night_and_the_morning_brings_one_message(store) -> None:
    """R-WAKE-04."""
    async with county(store) as here:
        here.now = NIGHT
        numbers = [await here.open(f"alarm/{number}") for number in range(3)]
        await here.round()
        await here.round(7 * HOUR + 29 * MINUTE)
        assert here.told == []
        await here.round(MINUTE)
        ((to, text),) = here.told
        assert to == phone(CLERK)
        assert text.startswith("3 件事项有变化：\n1. 新事项：")
        assert all(number in text for number in numbers)
        await here.round(HOUR)
        assert len(here.told) == 1


async def test_quiet_hours_are_a_persons_own(store) -> None:
    """R-WAKE-04."""
    async with county(store) as here:
        async with store.write() as connection:
            await connection.execute(preference.insert().values(person=CLERK, language="en", quiet="none"))
        here.now = NIGHT
        await here.open()
        await here.round()
        assert [to for to, text in here.told if text.startswith("New: ")] == [phone(CLERK)]


@pytest.mark.parametrize(("now", "over"), [("21:29", None), ("21:30", "06:30"), ("06:29", "06:30"), ("06:30", None)])
def test_quiet_hours_are_over_at_their_very_end(now, over) -> None:
    hours = quiet.hours("21:30-06:30")
    end = hours.end(datetime.fromisoformat(f"2026-06-03T{now}+00:00"), ZoneInfo("UTC"))
    assert (end and f"{end:%H:%M}") == over


def test_the_budget_of_a_day_holds_beside_that_of_an_hour() -> None:
    """R-WAKE-05."""
    sent = [MORNING - 3 * HOUR, MORNING - 2 * HOUR]
    assert quiet.room(sent, 2, 3, MORNING) == MORNING
    assert quiet.room(sent, 2, 2, MORNING) == sent[0] + quiet.DAY


async def test_over_the_budget_everything_waits_and_comes_as_one(store) -> None:
    """R-WAKE-05: two messages an hour at most; what does not go into the text is counted."""
    async with county(store, per_hour=2, sms={"max_chars": 120}) as here:
        for number in range(8):
            await here.open(f"alarm/{number}")
            await here.round(MINUTE)
        assert len(here.told) == 2
        await here.round(50 * MINUTE)
        assert len(here.told) == 2
        await here.round(4 * MINUTE)
        assert len(here.told) == 3
        assert here.told[-1][1].startswith("6 件事项有变化：")
        assert "另有" in here.told[-1][1]
        assert here.told[-1][1].endswith("件，请登录平台查看。")
        assert {each.state for each in await here.messages()} == {"packed"}


async def test_ordinary_messages_wait_a_moment_for_company(store) -> None:
    """R-WAKE-05."""
    async with county(store, gather_s=30) as here:
        await here.open("a")
        await here.round()
        await here.open("b")
        await here.round(29 * MINUTE / 60)
        assert here.told == []
        await here.round(MINUTE / 60)
        assert len(here.told) == 1
        assert here.told[0][1].startswith("2 件")


async def test_a_person_is_told_by_every_way_and_an_address_once(store) -> None:
    """R-WAKE-06: a number that two share gets one message; who wants none by text gets none."""
    other = Person(code="G9001", name="某", phone=phone(CLERK), valid_from=FOUNDED)
    duty = Duty(person="G9001", role="village_clerk", place=VILLAGE)
    async with county(store) as here:
        here.config = replace(
            here.config, notify=replace(here.config.notify, webhook=WebhookSettings(secret=SECRET, timeout_s=1))
        )
        here.live.current = county_with(here, other, duty)
        await here.reach(CLERK, "webhook", f"{here.gateway.url}/hook")
        await here.open("a")
        await here.round()
        assert sorted(asked.path for asked in here.gateway.asked) == ["/", "/hook"]
        here.forget()
        await here.reach("G9001", "sms", "")
        await here.reach(CLERK, "sms", "13900000000")
        await here.open("b")
        await here.round()
        assert sorted(asked.path for asked in here.gateway.asked) == ["/", "/hook"]
        assert "13900000000" in {asked.json.get("phone") for asked in here.gateway.asked}


async def test_whom_nothing_reaches_is_on_the_list(store) -> None:
    """R-WAKE-06."""
    async with county(store) as here:
        await here.reach(CLERK, "sms", "")
        await here.open()
        await here.round()
        ((person, state, problem),) = [(row.person, row.state, row.problem) for row in await here.messages()]
        assert (person, state, problem) == (CLERK, "failed", "no-address")


async def test_texts_hold_no_names_and_nothing_that_somebody_wrote(store) -> None:
    """R-WAKE-07."""
    async with county(store) as here:
        number = await here.open(title="张三 110101199003070002", text="张三家")
        await here.sos(title="张三")
        await here.act(number, "supervise", people(here.book)["inspector"], text="张三催办")
        await here.round()
        assert here.told
        for _, text in here.told:
            assert "张三" not in text
            assert "1101011990" not in text


async def test_what_is_old_is_given_up_but_never_what_waits(store) -> None:
    async with county(store) as here:
        await here.open("a")
        await here.round()
        here.now = NIGHT
        await here.open("b")
        await here.round()
        await oldmessages.clean(store, here.now + timedelta(days=1))
        assert [(row.state, len(await here.parcels())) for row in await here.messages()] == [("waiting", 0)]


async def test_without_a_channel_nothing_is_made(store) -> None:
    async with county(store) as here:
        here.config = replace(here.config, notify=replace(here.config.notify, sms=None))
        waits = asyncio.create_task(notify.run(store, here.live, here.config))
        await here.open()
        done, _ = await asyncio.wait([waits], timeout=0.2)
        assert (done, await here.messages()) == (set(), [])
        waits.cancel()


async def test_the_running_hub_sends_and_ends_in_good_order(store) -> None:
    async with county(store, Says(), quiet="") as here:
        here.now = datetime.now(UTC)
        running = asyncio.create_task(notify.run(store, here.live, here.config))
        await here.open()
        await until(lambda: here.told)
        running.cancel()
        await asyncio.wait([running])
        assert [row.state for row in await here.parcels()] == ["sent"]
        assert COUNTY in here.told[0][1]
