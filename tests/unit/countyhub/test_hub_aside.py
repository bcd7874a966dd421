"""What the database refuses for good, or nobody can read, is put aside alone: cases, messages and feeds go on."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from countyhub import cli, escalation
from countyhub.feeds.source import EventSource
from countyhub.ingest import intake
from countyhub.store import aside
from countyhub.store import tables as t
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store
from countyhub.store.mattertables import matter
from countyhub.store.worktables import aside as put_aside
from gridwire.codec import encode_event
from gridwire.events import Alarm, Event, Request, Sos
from tests.casebooks import DAY, GRID, MORNING, hourly, opened, opening
from tests.gateways import Says
from tests.harness import until
from tests.matters import COUNTY, County, packed, registry, rows
from tests.matters import Office as Desk
from tests.waking import MINUTE, county

POSTGRES_QUICK = True
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
BOX = f"{COUNTY}001001"
REFUSES = {
    "sqlite": "CREATE TRIGGER refuses_{table} BEFORE INSERT ON {table} WHEN {new} "
    "BEGIN SELECT RAISE(ABORT, 'refused'); END",
    "postgresql": "ALTER TABLE {table} ADD CONSTRAINT refuses CHECK (NOT ({old}))",
}


async def refuse(store: Store, table: str, what: str, pattern: str) -> None:
    """From now on the database refuses such rows: as with data that it cannot hold, trying again does not help."""
    async with store.write() as connection:
        new, old = (f"{what.replace('.', prefix)} LIKE '{pattern}'" for prefix in ("NEW.", ""))
        ddl = REFUSES[connection.dialect.name].format(table=table, new=new, old=old)
        await connection.execute(text(ddl))


async def rows_aside(store: Store) -> list[tuple[str, str]]:
    async with store.read() as connection:
        query = select(put_aside.c.work, put_aside.c.key).order_by(put_aside.c.at, put_aside.c.row)
        return [tuple(row) for row in await connection.execute(query)]


@contextlib.asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[None]:
    task = asyncio.create_task(desk.follower.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def keys(store: Store, table=cases) -> set[str]:
    async with store.read() as connection:
        return set((await connection.execute(select(table.c.key))).scalars())


def desk(store: Store) -> tuple[Desk, County]:
    return Desk(store, registry(rows([BOX], 9, kinds=("smoke",))), NOON), County()


async def sent(office: Desk, boxes: County, *told: object) -> list[Event]:
    events = [boxes.box(BOX).event(data, NOON, f"cam-{n}") for n, data in enumerate(told)]
    await office.commit(*(packed(boxes.box(BOX), [event], NOON) for event in events))
    return events


async def test_events_that_the_database_refuses_are_put_aside_and_the_rest_become_cases(store: Store) -> None:
    """R-OPEN-12: among hundreds, of two kinds; also for whoever reads them again."""
    await refuse(store, "cases", ".text", "%坏%")
    await refuse(store, "matter", ".key", "%坏%")
    office, boxes = desk(store)
    smoke = Alarm(kind="smoke", state="pulse")
    filler = [Alarm(kind="motion", state="pulse")] * 150
    bad = [Request(item="S01", mode="direct", receipt="R1", text="坏"), Alarm(kind="fire", state="pulse", source="坏")]
    await sent(office, boxes, smoke, *filler, bad[0], *filler, bad[1], smoke)
    good = {f"alarm/{BOX}/cam-0/smoke", f"alarm/{BOX}/cam-303/smoke"}
    async with running(office):
        await until_found(store, good)
    expected = [("correlate", "event 152"), ("correlate", "event 303")]
    assert await rows_aside(store) == expected
    assert await keys(store) == good
    assert len(await keys(store, matter)) == 302
    await office.restart()
    await office.follow()
    assert await rows_aside(store) == expected
    assert await keys(store) == good


async def until_found(store: Store, wanted: set[str]) -> None:
    async def are_there() -> bool:
        return wanted <= await keys(store)

    await until(are_there)


async def test_where_everything_is_refused_it_is_not_the_events(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """R-OPEN-12: nothing more is put aside after some, and all the rest become cases when the cause is gone."""
    await refuse(store, "matter", ".key", "alarm%")
    office, boxes = desk(store)
    await sent(office, boxes, *[Alarm(kind="smoke", state="pulse")] * (aside.MOST_IN_A_ROW + 5))
    async with running(office):
        await until(lambda: "no event is to blame" in caplog.text)
    assert len(await rows_aside(store)) == aside.MOST_IN_A_ROW


async def test_texts_of_boxes_never_reach_the_followers_unstorable(store: Store) -> None:
    """R-OPEN-12: U+0000 and half characters make a dead letter of their own event, the longest names a case."""
    office, boxes = desk(store)
    longest = Alarm(kind="smoke", state="pulse", source="长" * 256)
    asked = Request(item="S01", mode="report", receipt="MARK", text="x")
    events = [boxes.box(BOX).event(data, NOON) for data in (asked, Sos(point="MARK"), longest, longest)]
    for event, bad in zip(events, (b"\\u0000", b"\\ud800", b"", b""), strict=True):
        raw = encode_event(event).replace(b"MARK", b"1" + bad + b"2")
        await office.commit(intake.read(f"{boxes.box(BOX).source}/up/event", raw, received=NOON))
    await office.follow()
    async with store.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(t.dead_letter))).scalar_one() == 2
        found = (await connection.execute(select(cases.c.key, func.length(cases.c.key)))).all()
    assert [(row[0][:6], row[1]) for row in found] == [("alarm/", 160)]
    assert await rows_aside(store) == []


async def test_one_case_that_cannot_be_written_does_not_stop_the_deadlines_of_others(store: Store) -> None:
    """R-ESC-06."""
    strict = hourly(escalates=False)
    numbers = [(await opened(store, strict, opening(key, category="9901"))).number for key in "abc"]
    await refuse(store, "case_entry", ".number || .act", f"{numbers[1]}turned%")
    await escalation.once(store, strict, MORNING + DAY)
    assert await rows_aside(store) == [("escalation", f"case {numbers[1]}")]
    async with store.read() as connection:
        turned = select(case_entry.c.number).where(case_entry.c.act == "turned_red").order_by(case_entry.c.number)
        assert list((await connection.execute(turned)).scalars()) == [numbers[0], numbers[2]]
    assert await escalation.once(store, strict, MORNING + DAY + timedelta(minutes=59)) == 0


async def test_a_line_that_cannot_be_told_keeps_no_call_for_help_from_being_heard(store: Store) -> None:
    """R-WAKE-23: nor does a call that cannot be told keep others."""
    await refuse(store, "notify_message", ".text", "%-0002%")
    async with county(store) as here:
        first = await here.open("a")
        await here.open("b")
        await here.sos("sos/1", place=GRID, device="t-1")
        await here.round()
        assert any(first in told for _, told in here.told)
        assert any("SOS" in told for _, told in here.told)
        assert [key.split()[2] for _, key in await rows_aside(store)] == ["line"]


async def test_a_call_for_help_that_is_refused_is_tried_again_and_holds_up_no_other(store: Store) -> None:
    """R-WAKE-23."""
    await refuse(store, "notify_message", ".text", "%-0001%")
    async with county(store) as here:
        bad = await here.sos("sos/1", place=GRID, device="t-1")
        good = await here.sos("sos/2", place=GRID, device="t-2")
        await here.round()
        assert len(here.told) == 1
        assert good in here.told[0][1]
        assert await rows_aside(store) == [("notify", f"case {bad} sos")]
        async with store.write() as connection:
            drop = {"sqlite": "DROP TRIGGER refuses_notify_message",
                    "postgresql": "ALTER TABLE notify_message DROP CONSTRAINT refuses"}  # fmt: skip
            await connection.execute(text(drop[connection.dialect.name]))
        await here.round(2 * MINUTE)
        assert any(bad in told for _, told in here.told)


async def test_what_a_gateway_answers_is_stored_whatever_it_is(store: Store) -> None:
    """R-WAKE-23: a NUL in its error text; it was tried twice a second for ever."""
    async with county(store, Says(400, "no\x00 \x01such number")) as here:
        await here.open("a")
        async with asyncio.timeout(30):
            await here.round()
        assert [row.state for row in await here.parcels()] == ["failed"]


async def test_a_message_that_cannot_be_packed_fails_alone(store: Store) -> None:
    """R-WAKE-23."""
    await refuse(store, "notify_parcel", ".text", "%-0002%")
    async with county(store) as here:
        for key in "abc":
            await here.open(key)
        await here.round()
        assert [(row.state, row.problem) for row in await here.messages()] == [
            ("packed", ""), ("failed", "refused"), ("packed", ""),
        ]  # fmt: skip
        assert len(here.told) == 2


async def test_an_event_that_cannot_be_read_is_left_out_of_feeds_and_told(store: Store) -> None:
    office, boxes = desk(store)
    await sent(office, boxes, *[Alarm(kind="smoke", state="pulse")] * 3)
    async with store.write() as connection:
        await connection.execute(t.event.update().where(t.event.c.id == 2).values(raw=b'{"data":{"pictures":[7]}}'))
    async with store.read() as connection:
        page = await EventSource(COUNTY, "").page(connection, office.registry, 0, (), 3)
    assert [item.row_id for item in page.items] == [1, 3]
    assert (page.through, list(page.unreadable)) == (3, [2])


@pytest.mark.sqlite_only
async def test_what_was_put_aside_is_shown_and_taken_up_again(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """R-OPEN-12: by `countyhub check`, in a list, and after the cause is gone as a case."""
    await refuse(store, "cases", ".text", "%坏%")
    office, boxes = desk(store)
    asked = Request(item="S01", mode="direct", receipt="R1", text="坏")
    await sent(office, boxes, asked, Alarm(kind="smoke", state="pulse"))
    async with running(office):
        await until_found(store, {f"alarm/{BOX}/cam-1/smoke"})
    config = tmp_path / "countyhub.toml"
    config.write_text(f'county = "{COUNTY}"\ndata_dir = "{tmp_path}"\n')
    words = ["--config", str(config), "--language", "en"]

    async def told(*command: str) -> str:
        await asyncio.to_thread(cli.main, [*command, *words])
        return capsys.readouterr().out

    assert "1 were passed over (correlate; newest event 1" in await told("check", "--only", "aside")
    assert '"check.put-aside"' in await told("check", "--only", "aside", "--json")
    assert "correlate  event 1  IntegrityError" in await told("matters", "aside")
    async with store.write() as connection:
        await connection.execute(text("DROP TRIGGER refuses_cases"))
    assert "event 1" in await told("matters", "aside", "--again")
    assert "nothing was put aside" in await told("matters", "aside")
    await office.restart()
    office.now = datetime.now(UTC) + timedelta(minutes=5)  # the stream is known for longer than it may wait for a clock
    await office.follow()
    office.now += timedelta(seconds=2)
    await office.follow()
    assert len(await keys(store)) == 2
