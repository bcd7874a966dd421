"""What cases do by themselves: each light, escalation, registration and archiving once, late or not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, update

from countyhub import escalation
from countyhub.cases.finding import board, one, timeline
from countyhub.lifecycle.state import Office
from countyhub.registry.forms import Deadline
from countyhub.store.casetables import cases
from countyhub.store.engine import Store
from tests.casebooks import (
    DAY,
    HOUR,
    MORNING,
    RUBBISH,
    VILLAGE,
    acted,
    acts,
    book,
    hourly,
    opened,
    opening,
    people,
    row,
)
from tests.harness import until
from tests.registries import TOWNSHIP

POSTGRES_QUICK = True
MINUTE = timedelta(minutes=1)
OF = book()
STILL = book(escalates=False)
WHO = people(OF)
CLERK, MAYOR = WHO["village_clerk"], WHO["township"]
STRICT = hourly()
HOURLY = hourly(escalates=False)
do, do_hourly = partial(acted, of=OF), partial(acted, of=HOURLY)


async def lines(store: Store, number: str) -> list[tuple[str, float, str]]:
    """Of the timeline after registration: act, minutes after the morning, text."""
    async with store.read() as connection:
        found = await timeline(connection, number)
    return [(each.act, (each.at - MORNING) / MINUTE, each.text) for each in found[2:]]


async def test_each_limit_turns_yellow_once_and_red_once(store: Store) -> None:
    """R-ESC-01: at its own instant, whenever the hub comes to it."""
    number = (await opened(store, HOURLY, opening(category="9901"))).number
    assert await escalation.once(store, HOURLY, MORNING + 44 * MINUTE) == 0
    assert await escalation.once(store, HOURLY, MORNING + 46 * MINUTE) == 1
    assert await escalation.once(store, HOURLY, MORNING + 46 * MINUTE) == 0
    assert (await row(store, number)).light == "yellow"
    assert await escalation.once(store, HOURLY, MORNING + 60 * MINUTE) == 1
    kept = await row(store, number)
    assert (kept.light, kept.version, kept.edition, kept.next_instant) == ("red", 1, 3, None)
    assert await lines(store, number) == [("turned_yellow", 45, "办结"), ("turned_red", 60, "办结")]


async def test_after_a_standstill_nothing_is_missed_and_nothing_is_told_twice(store: Store) -> None:
    number = (await opened(store, HOURLY, opening(category="9901"))).number
    assert await escalation.once(store, HOURLY, MORNING + DAY) == 1
    assert await lines(store, number) == [("turned_yellow", 45, "办结"), ("turned_red", 60, "办结")]


async def test_who_acts_before_the_hub_comes_round_takes_nothing_from_the_timeline(store: Store) -> None:
    """R-ESC-02: what is over when it is closed was over."""
    number = (await opened(store, HOURLY, opening(category="9901"))).number
    await do_hourly(store, number, "begin", CLERK, MORNING + 50 * MINUTE)
    await do_hourly(store, number, "feed_back", CLERK, MORNING + 70 * MINUTE)
    await do_hourly(store, number, "close", CLERK, MORNING + 71 * MINUTE)
    assert [each[:2] for each in await lines(store, number)] == [
        ("turned_yellow", 45), ("begin", 50), ("turned_red", 60), ("feed_back", 70), ("close", 71),
    ]  # fmt: skip
    assert (await row(store, number)).light == "red"


@pytest.mark.parametrize("name", ["close", "merge", "split"])
async def test_what_was_told_as_over_is_not_met_by_who_had_to_wait(store: Store, name: str) -> None:
    """R-ESC-02: one moment for the timeline and for the clock, that of the change."""
    number, other = [(await opened(store, HOURLY, opening(key, category="9901"))).number for key in "ab"]
    if name == "split":
        await do_hourly(store, number, "merge", CLERK, MORNING, parent=other)
    for before in ("begin", "feed_back") if name == "close" else ():
        await do_hourly(store, number, before, CLERK, MORNING)
    assert await escalation.once(store, HOURLY, MORNING + 60 * MINUTE) >= 1
    await do_hourly(store, number, name, CLERK, MORNING + 59 * MINUTE, parent=other if name == "merge" else "")
    async with store.read() as connection:
        found = await one(connection, number)
        last = (await timeline(connection, number))[-1]
    assert found is not None
    (clock,) = found.case.clocks
    assert last.at == MORNING + 60 * MINUTE
    assert clock.on_time is (False if name == "close" else None)
    assert clock.since <= last.at


async def test_a_drill_has_its_lights_and_is_not_escalated(store: Store) -> None:
    """R-ESC-05: beside a real one that is."""
    drill, real = [
        (await opened(store, STRICT, opening(key, category="9901", drill=key == "a"))).number for key in "ab"
    ]
    while await escalation.once(store, STRICT, MORNING + DAY):
        pass
    assert [(await row(store, each)).escalated for each in (drill, real)] == [0, 1]
    assert "turned_red" in await acts(store, drill)
    assert (await row(store, drill)).next_instant is None


async def test_suspension_stops_the_clock(store: Store) -> None:
    number = (await opened(store, HOURLY, opening(category="9901"))).number
    await do_hourly(store, number, "ask_pause", CLERK, MORNING)
    await do_hourly(store, number, "agree_pause", MAYOR, MORNING + 30 * MINUTE)
    kept = await row(store, number)
    assert (kept.light, kept.due, kept.next_instant) == ("grey", None, None)
    assert await escalation.once(store, HOURLY, MORNING + DAY) == 0
    await do_hourly(store, number, "resume", CLERK, MORNING + DAY)
    assert (await row(store, number)).next_instant == MORNING + DAY + 15 * MINUTE
    assert await escalation.once(store, HOURLY, MORNING + 2 * DAY) == 1
    assert [each[0] for each in await lines(store, number)][-2:] == ["turned_yellow", "turned_red"]


async def test_what_is_over_moves_up_once_for_each_limit(store: Store) -> None:
    """R-LIFE-14, by itself: village, township, county, and no further; first owner and deadline stay."""
    number = (await opened(store, OF, opening(category=RUBBISH))).number
    await escalation.once(store, OF, MORNING + 5 * MINUTE)
    kept = await row(store, number)
    assert (kept.owner, kept.first_owner, kept.first_due) == (TOWNSHIP, VILLAGE, MORNING + 5 * MINUTE)
    assert await acts(store, number) == ["opened", "register", "turned_yellow", "turned_red", "escalate"]
    for minute in range(6, 60 * 24, 7):
        await escalation.once(store, OF, MORNING + minute * MINUTE)
    kept = await row(store, number)
    assert (kept.level, kept.escalated, kept.first_due, kept.next_instant) == ("county", 2, MORNING + 5 * MINUTE, None)
    told = await acts(store, number)
    assert (told.count("escalate"), told.count("turned_red"), told.count("turned_yellow")) == (2, 4, 4)


async def test_a_person_who_acts_first_does_not_spare_the_escalation(store: Store) -> None:
    number = (await opened(store, OF, opening(category=RUBBISH))).number
    await do(store, number, "note", CLERK, MORNING + 6 * MINUTE)
    assert (await row(store, number)).next_instant == MORNING + 6 * MINUTE
    assert await escalation.once(store, OF, MORNING + 6 * MINUTE) == 1
    assert (await acts(store, number))[2:] == ["turned_yellow", "turned_red", "note", "escalate"]


async def test_a_county_may_do_without_escalation(store: Store) -> None:
    number = (await opened(store, STILL, opening(category=RUBBISH))).number
    await escalation.once(store, STILL, MORNING + DAY)
    assert (await row(store, number)).escalated == 0


async def test_what_nobody_registers_the_hub_registers(store: Store) -> None:
    """R-ESC-03: after two hours, and its clocks begin then."""
    number = (await opened(store, OF, opening("request/1", origin="person"))).number
    assert await escalation.once(store, OF, MORNING + HOUR) == 0
    assert await escalation.once(store, OF, MORNING + 2 * HOUR) == 1
    kept = await row(store, number)
    assert (kept.stage, kept.owner, kept.registered) == ("filed", VILLAGE, MORNING + 2 * HOUR)
    assert kept.first_due == MORNING + 2 * HOUR + 30 * MINUTE


async def test_what_is_closed_is_archived_after_seven_days(store: Store) -> None:
    """R-ESC-04: at the very end of the 7 days a resident may still speak up."""
    number = (await opened(store, OF, opening(category=RUBBISH, origin="person", urgent=True))).number
    await do(store, number, "settle", CLERK, MORNING)
    assert await escalation.once(store, OF, MORNING + 7 * DAY) == 0
    await do(store, number, "note", CLERK, MORNING + 7 * DAY + MINUTE)
    assert (await row(store, number)).stage == "closed"
    assert await escalation.once(store, OF, MORNING + 7 * DAY + MINUTE) == 1
    kept = await row(store, number)
    assert (kept.stage, kept.next_instant, kept.light) == ("archived", None, "green")


async def test_feedback_that_was_not_true_gains_no_time(store: Store) -> None:
    """R-LIFE-04, on the timeline: the limit that was over meanwhile is told when the work goes on."""
    answer = Deadline(category="98", level="", name="反馈", amount=60, unit="minutes", until="feedback")
    of = book([answer], escalates=False)
    number = (await opened(store, of, opening(category="9801"))).number
    await do(store, number, "begin", CLERK, MORNING, of=of)
    await do(store, number, "feed_back", CLERK, MORNING + 10 * MINUTE, of=of)
    assert await escalation.once(store, of, MORNING + DAY) == 0
    await do(store, number, "redo", CLERK, MORNING + DAY, of=of)
    assert (await acts(store, number))[2:] == ["begin", "feed_back", "redo", "turned_yellow", "turned_red"]
    assert (await row(store, number)).light == "red"


async def test_more_than_a_round_takes_several_rounds(store: Store) -> None:
    for index in range(45):
        await opened(store, HOURLY, opening(str(index), category="9901"))
    now = MORNING + HOUR
    assert [await escalation.once(store, HOURLY, now, limit=25) for _ in range(3)] == [25, 20, 0]


async def test_a_case_that_cannot_be_read_holds_up_no_other(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    broken = (await opened(store, HOURLY, opening("a", category="9901"))).number
    well = (await opened(store, HOURLY, opening("b", category="9901"))).number
    async with store.write() as connection:
        await connection.execute(update(cases).where(cases.c.number == broken).values(state=b"{"))
    assert await escalation.once(store, HOURLY, MORNING + HOUR) == 1
    assert (await row(store, well)).light == "red"
    assert broken in caplog.text
    assert await escalation.once(store, HOURLY, MORNING + HOUR) == 0


async def test_a_year_without_calendar_is_told_aloud(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """R-CAL-02: in the log once a year, and counted where a deadline was reckoned without it."""
    far = datetime(2031, 5, 7, 1, 0, tzinfo=UTC)
    await opened(store, OF, opening(arrived=far, happened=far), far)
    await opened(store, OF, opening("this year"))
    told: set[int] = set()
    with caplog.at_level(logging.ERROR):
        escalation.warn_of_years(OF, far, told)
        escalation.warn_of_years(OF, far, told)
        escalation.warn_of_years(OF, MORNING, told)
    assert told == {2031}
    assert len(caplog.records) == 2
    assert [each.facts["year"] for each in escalation.missing_years(OF, far)] == [2031]
    async with store.read() as connection:
        assert (await board(connection)).guessed == 1


async def test_it_runs_by_itself(store: Store) -> None:
    """The loop itself, on cases that are due already."""
    number = (await opened(store, HOURLY, opening(category="9901"))).number

    async def is_red() -> bool:
        return (await row(store, number)).light == "red"

    running = asyncio.create_task(escalation.run(store, HOURLY))
    try:
        await until(is_red)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_what_was_given_to_a_department_moves_up_to_the_county(store: Store) -> None:
    number = (await opened(store, OF)).number
    await do(store, number, "pass_up", CLERK, MORNING)
    await do(store, number, "pass_up", MAYOR, MORNING)
    await do(store, number, "assign", WHO["dispatcher"], MORNING, target=Office("department", "D04"))
    await escalation.once(store, OF, MORNING + 30 * DAY)
    assert (await row(store, number)).level == "county"
    async with store.read() as connection:
        assert (await connection.execute(select(cases.c.next_instant))).scalars().all() == [None]
