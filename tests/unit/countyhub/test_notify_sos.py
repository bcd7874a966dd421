"""A call for help: who is woken, in which order, until somebody answers. On both databases, with a real gateway."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from countyhub import notify
from countyhub.notify.alerts import NoSuchCall
from countyhub.registry.forms import Duty
from countyhub.store.casetables import cases
from countyhub.store.notifytables import alert, message, parcel
from simulators.county.build import COUNTY
from tests.casebooks import GRID, HOUR, VILLAGE, people, rows, staff
from tests.gateways import Says
from tests.registries import TOWNSHIP, registry
from tests.waking import MINUTE, SECOND, county, phone

NIGHT = datetime(2026, 6, 3, 18, 0, tzinfo=UTC)
"""02:00 in the county."""
LINE = [
    phone(staff(role, place))
    for role, place in (
        ("village_clerk", VILLAGE), ("township", TOWNSHIP), ("dispatcher", COUNTY), ("county", COUNTY),
    )
]  # fmt: skip


def of_the_village() -> list[str]:
    """Telephones of all grid workers of the village."""
    codes = [row.person for row in rows() if isinstance(row, Duty) and row.role == "grid_worker"
             and row.place.startswith(VILLAGE)]  # fmt: skip
    return sorted(map(phone, codes))


async def test_it_passes_on_every_two_minutes_until_everybody_was_woken(store) -> None:
    """R-WAKE-10, R-WAKE-11: at night, over every budget, and then again after a while."""
    async with county(store, per_hour=1, per_day=1) as here:
        here.now = NIGHT
        number = await here.sos()
        await here.round()
        assert sorted(here.phones) == of_the_village()  # the button's grid is not known
        assert here.told[0][1].startswith("【SOS 紧急求助】")
        assert f"02:00，案号 {number}" in here.told[0][1]
        for expected in LINE:
            here.forget()
            await here.round(119 * SECOND)
            assert here.told == []
            await here.round(SECOND)
            assert here.phones == [expected]
        here.forget()
        await here.round(2 * MINUTE)
        await here.round(9 * MINUTE)
        assert here.told == []
        await here.round(MINUTE)
        assert sorted(here.phones) == of_the_village()
        for _ in LINE:
            await here.round(2 * MINUTE)
        here.forget()
        await here.round(2 * MINUTE)
        await here.round(19 * MINUTE)
        assert here.told == []
        await here.round(MINUTE)
        assert sorted(here.phones) == of_the_village()


async def test_first_the_workers_of_the_grid_where_it_is_known(store) -> None:
    """R-WAKE-10."""
    async with county(store) as here:
        await here.sos(place=GRID)
        await here.round()
        assert here.phones == [phone(staff("grid_worker", GRID))]


@pytest.mark.parametrize("way", ["act", "acknowledge", "note"])
async def test_an_answer_ends_it(store, way: str) -> None:
    """R-WAKE-12: any act of the staff, or the acknowledgement; also one that came a moment before the next is due."""
    async with county(store) as here:
        number = await here.sos()
        await here.round()
        here.now += 119 * SECOND
        if way == "acknowledge":
            await notify.acknowledge(store, number, "console/1", here.now)
        else:
            name = "begin" if way == "act" else "note"
            await here.act(number, name, people(here.book)["village_clerk"])
        here.forget()
        for _ in range(3):
            await here.round(2 * MINUTE)
        assert here.called == []
        assert await ended(here) == [(number, "console/1" if way == "acknowledge" else staff("village_clerk", VILLAGE))]
        with pytest.raises(NoSuchCall):
            await notify.acknowledge(store, number, "console/1", here.now)


async def ended(here) -> list[tuple[str, str]]:
    async with here.store.read() as connection:
        return [(row.number, row.ended_by) for row in await connection.execute(select(alert))]


async def test_who_was_woken_is_told_once_that_somebody_has_taken_it_over(store) -> None:
    """R-WAKE-16: in the night, by the same ways; not who took it over, and nobody who was never told."""
    async with county(store) as here:
        here.now = NIGHT
        await here.reach(staff("grid_worker", GRID), "sms", "13900000001")
        number = await here.sos(place=GRID)
        await here.round()
        await here.round(2 * MINUTE)
        assert here.phones == ["13900000001", LINE[0]]
        await here.act(number, "note", people(here.book)["village_clerk"])
        here.forget()
        for _ in range(3):
            await here.round(2 * MINUTE)
        ((to, text),) = here.told
        assert to == "13900000001"
        assert text.startswith("【SOS 紧急求助】")
        assert re.search(rf"，案号 {number}：已由\S+村信息员接手，不再继续通知。$", text)
        assert await kinds(here) == ["sos", "sos", "taken"]


@pytest.mark.parametrize(("ended", "said"), [("console/1", "已由工作人员接手"), (None, "案件已结束")])
async def test_the_end_of_a_call_is_told_whoever_ended_it(store, ended: str | None, said: str) -> None:
    """R-WAKE-16: also what was still on its way when it was answered; what never went out is followed by nothing."""
    async with county(store, lambda asked: Says(503 if asked.json["phone"] == LINE[0] else 200)) as here:
        number = await here.sos(place=GRID)
        await here.round()
        await here.round(2 * MINUTE)
        if ended is None:
            async with store.write() as connection:
                await connection.execute(update(cases).where(cases.c.number == number).values(open=False))
            here.now += 2 * MINUTE
        else:
            await notify.acknowledge(store, number, ended, here.now)
        here.forget()
        await here.round()
        await here.round(MINUTE)
        ((to, text),) = here.told
        assert to == phone(staff("grid_worker", GRID))
        assert said in text


async def kinds(here) -> list[str]:
    return [row.kind for row in await here.messages()]


async def test_what_has_not_gone_out_when_somebody_answers_does_not_go(store) -> None:
    """R-WAKE-12."""
    async with county(store, Says(503)) as here:
        number = await here.sos(place=GRID)
        await here.round()
        await notify.acknowledge(store, number, "x", here.now)
        here.gateway.answer = Says()
        here.forget()
        await here.round(HOUR)
        assert here.told == []
        assert [row.state for row in await here.parcels()] == ["dropped"]


async def test_of_very_many_those_who_have_no_message_yet_get_none_when_somebody_answers(store) -> None:
    """R-WAKE-12: messages are packed fifty at a time."""
    async with county(store, Says(503)) as here:
        number = await here.sos(place=GRID)
        await here.round()
        async with store.write() as connection:
            await connection.execute(update(message).values(state="waiting", parcel=None, due=here.now))
            await connection.execute(update(parcel).values(state="sent", due=None))
        await notify.acknowledge(store, number, "x", here.now)
        assert [(row.state, row.problem, row.due) for row in await here.messages()] == [("dropped", "answered", None)]


async def test_what_is_being_sent_when_somebody_answers_is_not_tried_again(store) -> None:
    """R-WAKE-12."""
    from countyhub.notify import channels
    from countyhub.notify.loop import Notifier

    async with county(store, Says(503)) as here:
        number = await here.sos(place=GRID)
        process = Notifier(store, here.live, here.config, channels.build(here.config), lambda: here.now)
        await process.make()
        (claim,) = await process.claim(8)
        await notify.acknowledge(store, number, "x", here.now)
        await process.send(claim)
        assert [(row.state, row.problem) for row in await here.parcels()] == [("dropped", "answered")]


async def test_a_gateway_that_fails_does_not_hold_up_the_next_in_line(store) -> None:
    """R-WAKE-11."""
    async with county(store, lambda asked: Says(503 if asked.json["phone"] != LINE[0] else 200)) as here:
        await here.sos(place=GRID)
        await here.round()
        await here.round(2 * MINUTE)
        assert LINE[0] in here.phones


async def test_nobody_at_an_office_means_the_next_at_once(store) -> None:
    """R-WAKE-10: also where nobody there can be reached, who then stands on the list."""
    async with county(store) as here:
        await here.reach(staff("grid_worker", GRID), "sms", "")
        await here.sos(place=GRID)
        await here.round()
        assert here.phones == LINE[:1]
        assert [row.problem for row in await here.messages()] == ["no-address", ""]


async def test_a_drill_goes_to_the_first_in_line_only_and_waits_for_the_morning(store) -> None:
    """R-WAKE-13."""
    async with county(store) as here:
        here.now = NIGHT
        await here.sos(place=GRID, drill=True)
        await here.round()
        assert here.told == []
        await here.round(5 * HOUR)
        ((to, text),) = here.told
        assert to == phone(staff("grid_worker", GRID))
        assert text.startswith("【演练】")
        for _ in range(3):
            await here.round(2 * MINUTE)
        assert len(here.told) == 1
        assert await kinds(here) == ["sos"]


async def test_a_button_pressed_again_calls_again_unless_it_was_just_answered(store) -> None:
    """R-WAKE-14."""
    async with county(store) as here:
        number = await here.sos(place=GRID)
        await here.round()
        await notify.acknowledge(store, number, "x", here.now)
        here.forget()
        here.now += MINUTE
        await here.sos(place=GRID)
        await here.round()
        assert here.called == []
        here.now += 15 * MINUTE
        await here.sos(place=GRID)
        await here.round()
        assert [to for to, _ in here.called] == [phone(staff("grid_worker", GRID))]


async def test_pressing_again_while_it_calls_does_not_begin_anew(store) -> None:
    """R-WAKE-14."""
    async with county(store) as here:
        await here.sos(place=GRID)
        await here.round()
        here.now += MINUTE
        await here.sos(place=GRID)
        await here.round()
        await here.round(MINUTE)
        assert here.phones == [phone(staff("grid_worker", GRID)), LINE[0]]


async def test_each_press_of_a_button_may_be_a_case_and_it_still_calls_once(store) -> None:
    """R-WAKE-14: another button calls for itself; who answers one call has answered those of its button; when only the
    first is voided, the others go on."""
    first = [phone(staff("grid_worker", GRID)), LINE[0]]
    async with county(store) as here:
        numbers = [await here.sos(f"sos/{press}", place=GRID, device="t-1") for press in range(3)]
        other = await here.sos("sos/other", place=GRID, device="t-2")
        await here.round()
        await here.round(2 * MINUTE)
        assert sorted(here.phones) == sorted(first * 2)
        await here.act(numbers[0], "void", people(here.book)["village_clerk"])
        await notify.acknowledge(store, other, "x", here.now)
        here.forget()
        await here.round(2 * MINUTE)
        assert sorted({by for _, by in await ended(here)}) == sorted(["x", staff("village_clerk", VILLAGE)])
        assert here.called == []


async def test_the_next_call_of_a_button_goes_on_when_the_first_is_over_without_an_answer(store) -> None:
    """R-WAKE-14."""
    async with county(store) as here:
        numbers = [await here.sos(f"sos/{press}", place=GRID, device="t-1") for press in range(2)]
        await here.round()
        async with store.write() as connection:
            await connection.execute(update(cases).where(cases.c.number == numbers[0]).values(open=False))
        here.forget()
        await here.round(2 * MINUTE)
        assert here.phones == [] or numbers[1] in here.told[0][1]
        await here.round(2 * MINUTE)
        assert numbers[1] in here.told[0][1]


@pytest.mark.slow
async def test_an_answer_counts_from_its_own_moment_also_in_the_pause_between_two_laps(store) -> None:
    """R-WAKE-12, R-WAKE-14: who presses again long after the answer is not held back by the call that was answered."""
    async with county(store) as here:
        number = await here.sos("sos/0", place=GRID, device="t-1")
        for _ in range(2):  # laps: after the second nobody is woken for 20 minutes
            await here.round()
            for _ in range(len(LINE) + 1):
                await here.round(2 * MINUTE)
            here.now += 10 * MINUTE
        here.now -= 9 * MINUTE
        await here.act(number, "void", people(here.book)["village_clerk"])
        answered = here.now
        await here.round(SECOND)
        assert await ended(here) == [(number, staff("village_clerk", VILLAGE))]
        here.forget()
        here.now = answered + 12 * MINUTE
        await here.sos("sos/1", place=GRID, device="t-1")
        await here.round()
        assert here.phones == [phone(staff("grid_worker", GRID))]


async def test_one_who_has_two_duties_is_woken_once_a_lap(store) -> None:
    async with county(store) as here:
        clerk = Duty(person=staff("grid_worker", GRID), role="village_clerk", place=VILLAGE)
        here.live.current = registry([*rows(), clerk])
        await here.sos(place=GRID)
        await here.round()
        await here.round(2 * MINUTE)
        assert sorted(here.phones) == sorted([phone(staff("grid_worker", GRID)), LINE[0]])


async def test_who_opened_it_has_not_answered_it(store) -> None:
    """A dispatcher who takes a call and opens the case is on the telephone, not on the way."""
    async with county(store) as here:
        dispatcher = people(here.book)["dispatcher"]
        from tests import casebooks

        wanted = casebooks.opening("sos/1", origin="person", urgent=True, place=GRID, arrived=here.now)
        await casebooks.opened(store, here.book, wanted, here.now, opener=dispatcher)
        await here.round()
        await here.round(2 * MINUTE)
        assert here.phones == [phone(staff("grid_worker", GRID)), LINE[0]]


async def test_a_call_that_comes_a_day_late_wakes_nobody(store) -> None:
    async with county(store) as here:
        await here.sos()
        here.now += timedelta(days=1, minutes=1)
        await here.round()
        assert here.told == []


async def test_four_processes_wake_each_once(store) -> None:
    """R-WAKE-11: the next in line is woken by one of them, whoever looks."""
    async with county(store) as here:
        for number in range(5):
            await here.sos(f"sos/{number}", place=GRID)
        for _ in range(3):
            rounds = (notify.once(store, here.live, here.config, here.now) for _ in range(4))
            await asyncio.gather(*rounds)
            here.now += 2 * MINUTE
        first = phone(staff("grid_worker", GRID))
        assert sorted(here.phones) == sorted([first, LINE[0], LINE[1]] * 5)


async def test_a_case_that_is_void_calls_nobody_any_more(store) -> None:
    """R-WAKE-12: whoever closes it, the hub too."""
    async with county(store) as here:
        number = await here.sos(place=GRID)
        await here.round()
        async with store.write() as connection:
            await connection.execute(update(cases).where(cases.c.number == number).values(open=False))
        here.forget()
        await here.round(2 * MINUTE)
        assert here.called == []
        assert await ended(here) == [(number, "closed")]
