"""From observation to stored event: what is suppressed costs nothing, what rules remember commits with the alarm."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import msgspec
import pytest

from edgeagent.clock import Clock
from edgeagent.config import RuleSettings
from edgeagent.driver import MAX_PICTURE_BYTES, Alarm, Checkin, Observation, OutboxFull, Picture, Reading, TooLarge
from edgeagent.intake import Intake, gap_draft
from edgeagent.outbox import Outbox
from edgeagent.outbox.outbox import Limits
from edgeagent.rules import Rules
from gridwire.codec import EventTooLarge
from gridwire.events import Gap
from gridwire.problem import Problem

SOURCE = "grid/1/431126/431126001002"
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 1000 + b"\xff\xd9"


@asynccontextmanager
async def intake(folder, *rules, max_mb=64):
    clock = Clock()
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
            assert stored.suppressed
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
        assert not (await take(entry, alarm("start"))).suppressed
    async with intake(tmp_path, cooldown) as (entry, _):
        assert (await take(entry, alarm("start"))).suppressed
        assert not (await take(entry, alarm("end"))).suppressed
        assert (await take(entry, alarm("end"))).suppressed
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
        assert not (await take(entry, alarm("start", source="x" * 200), device="full")).suppressed


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
