"""From observation to stored event: what is suppressed costs nothing, what rules remember commits with the alarm."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from edgeagent.clock import Clock, Stamp
from edgeagent.config import RuleSettings
from edgeagent.driver import MAX_PICTURE_BYTES, Alarm, Checkin, Observation, OutboxFull, Picture, Reading, TooLarge
from edgeagent.intake.intake import MAX_HELD_BYTES, PICTURE_OWNER, Intake
from edgeagent.outbox import Limits, Outbox
from edgeagent.outbox.draft import gap_draft
from edgeagent.rules import MAX_HELD, Rules
from gridwire.codec import EventTooLarge
from gridwire.events import Gap
from gridwire.problem import Problem
from tests.harness import until

SOURCE = "grid/1/431126/431126001002"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 1000 + b"\xff\xd9"


@asynccontextmanager
async def intake(folder, *rules, max_mb=64, clock=None):
    clock = clock or Clock()
    box = await Outbox.open(
        folder, Limits(max_mb, 8, 7, 0), boot="b", machine="m", gap=lambda gap: gap_draft(SOURCE, clock, gap)
    )
    try:
        yield Intake(box, Rules(rules, "UTC"), clock, SOURCE), box
    finally:
        await box.close()


def alarm(state="pulse", kind="motion", **changes):
    return Observation(data=Alarm(kind=kind, state=state, **changes))


async def take(entry, observation, device="cam", **remember):
    return await entry.take(device, None, observation, remember)


async def bodies(box, lane="alarm"):
    return [msgspec.json.decode(row.body) for row in await box.read(lane, 1, 10**9, 10**6)]


async def test_an_alarm_gets_its_severity_and_may_want_a_picture(tmp_path):
    rules = RuleSettings(severity="critical"), RuleSettings(kinds=("tamper",), picture=False)
    async with intake(tmp_path, *rules) as (entry, box):
        first = await take(entry, alarm())
        second = await take(entry, alarm(kind="tamper"))
        third = await take(entry, alarm("start"))
        end = await take(entry, alarm("end"))
        assert [it.picture_wanted for it in (first, second, third, end)] == [True, False, True, False]
        assert [body["data"]["severity"] for body in await bodies(box)] == ["critical"] * 4
        assert entry.emitted == {"alarm": 4}


async def test_the_grid_and_the_subject_are_the_device_s(tmp_path):
    async with intake(tmp_path) as (entry, box):
        await entry.take("gate", "431126001002001", alarm(), {})
        ((body),) = await bodies(box)
        assert (body["subject"], body["grid"], body["source"]) == ("gate", "431126001002001", SOURCE)


async def test_what_is_suppressed_is_counted_by_reason_and_commits_nothing(tmp_path):
    async with intake(tmp_path, RuleSettings(drop=True)) as (entry, _box):
        commits = (tmp_path / "outbox.db-wal").stat().st_size
        for _ in range(3):
            stored = await take(entry, alarm())
            assert not stored.is_stored
            assert not stored.picture_wanted
        assert (tmp_path / "outbox.db-wal").stat().st_size == commits
        assert entry.suppressed == {"dropped": 3}
        assert entry.emitted == {}


async def test_what_the_driver_remembers_commits_also_when_the_alarm_is_suppressed(tmp_path):
    async with intake(tmp_path, RuleSettings(drop=True)) as (entry, _):
        await take(entry, alarm(), lit=b"1")
    async with intake(tmp_path) as (_, box):
        assert box.recall("lit") == b"1"


async def test_the_rules_remember_over_a_restart(tmp_path):
    cooldown = RuleSettings(cooldown_s=3600)
    async with intake(tmp_path, cooldown) as (entry, _):
        assert (await take(entry, alarm("start"))).is_stored
    async with intake(tmp_path, cooldown) as (entry, _):
        assert not (await take(entry, alarm("start"))).is_stored
        assert (await take(entry, alarm("end"))).is_stored
        assert not (await take(entry, alarm("end"))).is_stored
        assert entry.suppressed == {"cooldown": 1, "not-started": 1}


async def test_alarms_of_one_device_are_decided_one_after_the_other(tmp_path):
    async with intake(tmp_path, RuleSettings(cooldown_s=3600)) as (entry, box):
        await asyncio.gather(*(take(entry, alarm("start")) for _ in range(50)))
        await asyncio.gather(*(take(entry, alarm("start"), device=f"cam-{n}") for n in range(50)))
        assert len(await bodies(box)) == 51
        assert entry.suppressed == {"cooldown": 49}


async def test_an_alarm_that_found_no_room_is_not_remembered_as_stored(tmp_path):
    async with intake(tmp_path, RuleSettings(cooldown_s=3600), max_mb=1) as (entry, box):
        with pytest.raises(OutboxFull):
            while True:
                await take(entry, Observation(data=Checkin(method="card", person="p", key="k", name="x" * 60)))
        with pytest.raises(OutboxFull):
            while True:
                await take(entry, alarm("start", source="x" * 200, detail={"a": "b" * 30_000}), device="full")
        box.settle("record", 1, box.book.lanes["record"].next - 1)
        assert (await take(entry, alarm("start", source="x" * 200), device="full")).is_stored


async def test_what_is_too_large_or_wrong_is_refused_and_hurts_nobody_else(tmp_path):
    async with intake(tmp_path) as (entry, box):
        with pytest.raises(TooLarge):
            await take(entry, Observation(data=Picture(), pictures=(b"x" * (MAX_PICTURE_BYTES + 1),)))
        with pytest.raises(EventTooLarge):
            await take(entry, alarm(detail={"a": "b" * 70_000}))
        with pytest.raises(Problem):
            await take(entry, alarm(kind="No Such Name!"))
        await take(entry, Observation(data=Reading(quantity="level", value=1.0)))
        await take(entry, Observation(data=Picture(), pictures=(JPEG, JPEG)))
        assert [row["seq"] for row in await bodies(box, "record")] == [1]
        assert len((await bodies(box, "record"))[0]["data"]["pictures"]) == 2
        assert entry.emitted == {"reading": 1, "picture": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        Observation(data=Checkin(method="card", person="p", key="k"), pictures=(JPEG,)),
        Observation(data=Checkin(method="card", person="p", key=object())),
        Observation(data=Alarm(kind="motion", state="pulse", detail={"a": {1, 2}.__iter__()})),
        Observation(data=Reading(quantity="level", value=float("nan"))),
    ],
    ids=["pictures-without-a-place", "object", "iterator", "nan"],
)
async def test_data_that_cannot_be_encoded_ends_in_the_driver_that_sent_it_and_nowhere_else(tmp_path, wrong):
    async with intake(tmp_path) as (entry, box):
        both = asyncio.gather(take(entry, wrong), take(entry, alarm()), return_exceptions=True)
        refused, stored = await asyncio.wait_for(both, 10)
        assert isinstance(refused, (Problem, TypeError, ValueError, OverflowError))
        assert stored.seq == 1
        assert [body["seq"] for body in await bodies(box)] == [1]
        assert list((tmp_path / "pictures").iterdir()) == []


def test_a_gap_is_about_the_box():
    gap = Gap(stream="01ARZ3NDEKTSV4RRFFQ69G5FAV", lane="reading", ranges=((1, 2),), reason="quota")
    body = msgspec.json.decode(gap_draft(SOURCE, Clock(), gap).build("01ARZ3NDEKTSV4RRFFQ69G5FAV", 3))
    assert (body["subject"], body["type"], body["lane"], body["seq"]) == ("box", "cn.gridwire.gap.v1", "record", 3)


# -- what the rules hold back ------------------------------------------------------------------------------------

LONG, GAP = RuleSettings(min_duration_s=30), RuleSettings(merge_gap_s=30)


class SetClock(Clock):
    """A clock that goes on by itself as far as it is told to, and can be set."""

    def __init__(self):
        super().__init__()
        self.wall, self.boottime_s = datetime(2026, 5, 1, 12, tzinfo=UTC), 1000.0

    def go_on(self, seconds):
        self.wall += timedelta(seconds=seconds)
        self.boottime_s += seconds

    def stamp(self):
        return Stamp(self.wall, self.boottime_s, self.state())

    def state(self):
        return "synced"


def told(bodies_):
    return [(body["subject"], body["data"]["state"], body["time"][11:19]) for body in bodies_]


async def test_a_start_that_is_held_is_on_disk_and_raised_once_after_a_restart(tmp_path):
    clock = SetClock()
    async with intake(tmp_path, LONG, clock=clock) as (entry, box):
        stored = await entry.take("cam", "431126001002001", alarm("start"), {"lit": b"1"})
        assert (stored.is_stored, stored.why, stored.picture_wanted) == (False, "held", False)
        assert (entry.held, entry.suppressed, await bodies(box)) == (1, {}, [])
    clock.go_on(29)
    async with intake(tmp_path, LONG, clock=clock) as (entry, box):
        assert (entry.held, box.recall("lit")) == (1, b"1")
        await entry.release()
        assert await bodies(box) == []
        clock.go_on(1)
        await entry.release()
        await entry.release()
        (body,) = await bodies(box)
        assert told([body]) == [("cam", "start", "12:00:00")]
        assert (body["grid"], body["recordedtime"][11:19]) == ("431126001002001", "12:00:30")
        assert (entry.held, entry.emitted) == (0, {"alarm": 1})
    async with intake(tmp_path, LONG, clock=clock) as (entry, box):
        clock.go_on(100)
        await entry.release()
        assert (await take(entry, alarm("end"))).is_stored
        assert told(await bodies(box)) == [("cam", "start", "12:00:00"), ("cam", "end", "12:02:10")]


async def test_a_start_that_ended_too_early_is_stored_neither_now_nor_after_a_restart(tmp_path):
    clock = SetClock()
    async with intake(tmp_path, LONG, clock=clock) as (entry, _):
        await take(entry, alarm("start"))
        assert (await take(entry, alarm("end"), lit=b"0")).why == "too-short"
        assert (entry.held, entry.suppressed) == (0, {"too-short": 2})
    clock.go_on(100)
    async with intake(tmp_path, LONG, clock=clock) as (entry, box):
        await entry.release()
        assert (entry.held, await bodies(box), box.recall("lit")) == (0, [], b"0")


async def test_an_end_that_is_held_is_stored_after_a_restart_with_the_number_of_merged_starts(tmp_path):
    clock = SetClock()
    async with intake(tmp_path, GAP, clock=clock) as (entry, _):
        for state in ("start", "end", "start", "end"):
            await take(entry, alarm(state))
            clock.go_on(5)
        assert (entry.held, entry.suppressed) == (1, {"merged": 2})
    clock.go_on(30)
    async with intake(tmp_path, GAP, clock=clock) as (entry, box):
        await entry.release()
        assert told(await bodies(box)) == [("cam", "start", "12:00:00"), ("cam", "end", "12:00:15")]
        assert (await bodies(box))[1]["data"]["detail"] == {"merged": "1"}


async def test_what_is_due_is_stored_before_the_next_alarm_of_its_device(tmp_path):
    clock = SetClock()
    async with intake(tmp_path, LONG, clock=clock) as (entry, box):
        await take(entry, alarm("start"))
        clock.go_on(31)
        await take(entry, alarm("end"))
        assert [body["data"]["state"] for body in await bodies(box)] == ["start", "end"]
        assert entry.suppressed == {}


async def test_what_is_held_of_any_device_is_raised_without_another_alarm(tmp_path):
    async with intake(tmp_path, RuleSettings(min_duration_s=0.05)) as (entry, box):
        running = asyncio.create_task(entry.run())
        try:
            await asyncio.gather(*(take(entry, alarm("start"), device=f"cam-{n}") for n in range(20)))

            async def are_stored():
                return len(await bodies(box)) == 20

            await until(are_stored)
            assert (entry.held, entry.emitted) == (0, {"alarm": 20})
        finally:
            running.cancel()
            await asyncio.wait({running})


@pytest.mark.parametrize(("boot", "began"), [("", "20:00:00"), ("another boot", "12:00:00")])
async def test_a_clock_that_was_set_meanwhile_moves_the_beginning_with_it(tmp_path, boot, began):
    clock = SetClock()
    async with intake(tmp_path, LONG, clock=clock) as (entry, _):
        await take(entry, alarm("start"))
    clock.wall += timedelta(hours=8)
    clock.boot = boot or clock.boot
    async with intake(tmp_path, LONG, clock=clock) as (entry, box):
        await entry.release()
        assert told(await bodies(box)) == [("cam", "start", began)]


async def test_an_alarm_that_finds_no_room_to_be_held_or_raised_is_not_forgotten(tmp_path):
    clock = SetClock()
    async with intake(tmp_path, LONG, max_mb=1, clock=clock) as (entry, box):
        await take(entry, alarm("start", source="first"))
        for filler in (Checkin(method="card", person="p", key="k", name="x" * 60), Alarm(kind="other", state="pulse")):
            with pytest.raises(OutboxFull):
                while True:
                    await take(entry, Observation(data=filler), device="full")
        clock.go_on(60)
        with pytest.raises(OutboxFull):
            await entry.release()
        with pytest.raises(OutboxFull):
            await take(entry, alarm("end", source="first"))
        assert (entry.held, entry.suppressed) == (1, {})
        box.settle("record", 1, box.book.lanes["record"].next - 1)
        await entry.release()
        await take(entry, alarm("end", source="first"))
        mine = [body["data"]["state"] for body in await bodies(box) if body["subject"] == "cam"]
        assert mine == ["start", "end"]


async def test_long_alarms_those_with_pictures_and_those_beyond_the_bound_do_not_wait(tmp_path):
    async with intake(tmp_path, LONG) as (entry, box):
        assert (await take(entry, alarm("start", detail={"a": "b" * MAX_HELD_BYTES}))).why == "stored"
        pictured = Observation(data=Alarm(kind="person", state="start"), pictures=(JPEG,))
        assert (await take(entry, pictured)).why == "stored"
        whys = [(await take(entry, alarm("start"), device=f"cam-{n}")).why for n in range(MAX_HELD + 5)]
        assert whys == ["held"] * MAX_HELD + ["stored"] * 5
        assert entry.held == MAX_HELD
        assert len(await bodies(box)) == 7


async def test_what_no_hub_would_take_is_refused_when_it_comes_not_when_it_is_due(tmp_path):
    async with intake(tmp_path, LONG) as (entry, _):
        with pytest.raises(Problem):
            await take(entry, alarm("start", kind="No Such Name!"))
        with pytest.raises(EventTooLarge):
            await take(entry, alarm("start", detail={"a": "b" * 70_000}))
        assert entry.held == 0


async def test_a_raised_start_wants_its_picture_which_then_belongs_to_it(tmp_path):
    clock, raised = SetClock(), []
    async with intake(tmp_path, LONG, RuleSettings(kinds=("sound",), picture=False), clock=clock) as (entry, box):
        entry.on_raised = lambda device, stored: raised.append((device, stored))
        await take(entry, alarm("start"))
        await take(entry, alarm("start", kind="sound"))
        clock.go_on(30)
        await entry.release()
        ((device, stored),) = raised
        assert (device, stored.id, stored.picture_wanted) == ("cam", (await bodies(box))[0]["id"], True)
        token = PICTURE_OWNER.set(stored.id)
        await take(entry, Observation(data=Picture(cause="command"), pictures=(JPEG,)))
        await take(entry, Observation(data=Picture(cause="schedule"), pictures=(JPEG,)))
        PICTURE_OWNER.reset(token)
        await take(entry, Observation(data=Picture(cause="command"), pictures=(JPEG,)))
        pictures = [body["data"] for body in await bodies(box, "record")]
        assert [(it.get("owner", ""), it.get("cause", "alarm")) for it in pictures] == [
            (stored.id, "alarm"), ("", "schedule"), ("", "command"),
        ]  # fmt: skip
