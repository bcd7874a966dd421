"""Since when a device is watched: blind intervals open and close, and no restart hides one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.clock import Clock
from edgeagent.config import DeviceSettings
from edgeagent.devices import Supervisor
from edgeagent.devices.sight import Sight, last_alive, mark_alive
from edgeagent.driver import DeviceConfig, DeviceState
from edgeagent.intake import Intake
from edgeagent.outbox import Limits, Outbox
from edgeagent.rules import Rules

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)


def test_down_opens_and_up_closes():
    sight, blind = Sight(state="up").after("down", "timeout", NOON, LATER)
    assert (sight.blind_since, blind) == (NOON, None)
    sight, blind = sight.after("down", "refused", LATER, LATER)
    assert (sight.blind_since, blind) == (NOON, None)
    sight, blind = sight.after("up", "", LATER, LATER)
    assert (sight.blind_since, blind) == (None, (NOON, LATER))


def test_degraded_is_watched():
    sight, blind = Sight("down", "timeout", NOON).after("degraded", "slow", LATER, LATER)
    assert (sight, blind) == (Sight("degraded", "slow"), (NOON, LATER))


@pytest.mark.parametrize("state", ["up", "degraded"])
def test_whoever_was_watched_is_not_after_the_agent_was_gone(state):
    assert Sight(state).interrupted(NOON).blind_since == NOON


@pytest.mark.parametrize("sight", [Sight(), Sight("down", "", NOON), Sight("up", "", NOON)])
def test_an_interval_that_is_open_stays_as_it_began(sight):
    assert sight.interrupted(LATER) == sight


def test_a_clock_that_was_set_back_gives_no_interval_that_ends_before_it_begins():
    _, blind = Sight("down", "x", LATER).after("up", "", NOON, NOON)
    assert blind == (NOON, NOON)


@pytest.mark.parametrize(
    ("before", "state", "reason", "blind", "news"),
    [
        (Sight("up"), "up", "", None, False),
        (Sight("up"), "up", "", (NOON, LATER), True),
        (Sight("up"), "degraded", "", None, True),
        (Sight("down", "a"), "down", "b", None, True),
        (Sight("down", "a"), "down", "a", None, False),
    ],
)
def test_what_deserves_an_event(before, state, reason, blind, news):
    assert before.is_news(state, reason, blind) is news


@given(st.lists(st.tuples(st.sampled_from(["up", "degraded", "down", "gone"]), st.integers(0, 60)), max_size=20))
def test_every_minute_is_watched_or_in_an_interval(story):
    """Whatever happens: whenever the device was down or the agent gone, an interval covers it once it is up again."""
    sight, now, unseen, told = Sight(), NOON, [], []
    for state, minutes in [("up", 0), *story, ("up", 1)]:
        begun, now = now, now + timedelta(minutes=minutes)
        if state == "gone":
            sight = sight.interrupted(begun)
            unseen.append((begun, now))
            continue
        if sight.state == "down":
            unseen.append((begun, now))
        sight = Sight.from_bytes(sight.to_bytes())
        sight, blind = sight.after(state, "", now, now)
        told += [blind] if blind else []
    for begin, end in unseen:
        assert any(since <= begin and end <= until for since, until in told)


# With a real outbox: what a process that was killed leaves behind.


class NoSettings(DeviceConfig, frozen=True):
    """None."""


CAMERA = {"cam": DeviceSettings(driver="no-such-driver", options=NoSettings())}


@asynccontextmanager
async def process(folder):
    """An agent's store and supervisor; leaving it is a kill: nothing is said or noted."""
    clock = Clock()
    box = await Outbox.open(folder, Limits(64, 8, 7, 0), boot="b", machine="m", gap=lambda gap: None)
    intake = Intake(box, Rules((), "UTC"), clock, "grid/1/431126/431126001002")
    supervisor = Supervisor(intake, box, folder / "devices", "en")
    try:
        yield box, supervisor
    finally:
        for task in supervisor._tasks.values():
            task.cancel()
        await box.close()


async def states(box):
    rows = await box.read("record", 1, 10**9, 1000)
    return [msgspec.convert(msgspec.json.decode(row.body)["data"], DeviceState) for row in rows]


async def up_once(folder):
    """A process in which the device was watched, last at NOON + 5 s."""
    async with process(folder) as (box, supervisor):
        handle = supervisor._handle("cam", CAMERA["cam"])
        await handle.report("up")
        await mark_alive(box, NOON + timedelta(seconds=5))


async def test_killed_twice_before_the_device_is_up_again_the_interval_begins_with_the_first(tmp_path):
    await up_once(tmp_path)
    async with process(tmp_path) as (box, supervisor):
        assert last_alive(box) == NOON
        await supervisor.apply(CAMERA)
        await mark_alive(box, datetime.now(UTC))
    async with process(tmp_path) as (box, supervisor):
        assert last_alive(box) > NOON
        handle = supervisor._handle("cam", CAMERA["cam"])
        await handle.report("up")
        told = [state for state in await states(box) if state.blind_from is not None]
        assert [state.blind_from for state in told] == [NOON]


async def test_a_device_that_was_taken_out_is_blind_from_then_on(tmp_path):
    async with process(tmp_path) as (box, supervisor):
        await supervisor.apply(CAMERA)
        await supervisor.devices["cam"].report("up")
        before = datetime.now(UTC)
        await supervisor.apply({})
        await supervisor.apply({})
        sight = Sight.from_bytes(box.recall("device/cam/sight"))
        assert before - timedelta(seconds=10) < sight.blind_since <= before
        await supervisor.apply(CAMERA)
        assert supervisor.devices["cam"]._sight.blind_since == sight.blind_since
