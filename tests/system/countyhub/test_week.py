"""A county with a lived-in week: what is in it, found by the hub's own questions; the same for the same seed."""

import asyncio
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from countyhub.accounts import masking
from countyhub.audit import reading
from countyhub.audit.verify import verify
from countyhub.cases import finding
from countyhub.cases.finding import Listed
from countyhub.cases.listing import Filter
from countyhub.overview import attention, boxviews
from countyhub.registry.forms import ROLES, Area, Camera, Grid, Polygon
from countyhub.registry.live import LiveRegistry
from countyhub.store.engine import Store, open_store
from countyhub.store.mattertables import suppressed
from countyhub.store.notifytables import message, parcel
from countyhub.store.rolluptables import box_day, box_hour
from countyhub.store.tables import event, media
from countyhub.store.worktables import aside
from gridwire.events import TYPE_OF, Checkin
from simulators.demo.village import BOX, PLACES
from simulators.week import __main__ as command
from simulators.week.county import COUNTY, ROAD, ZONE, NotEmpty
from simulators.week.fill import Week, fill
from tests.logins import CHEAP

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""A Friday, noon in the county."""


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> tuple[Path, Week]:
    """A database with the week of seed 1, and what is remarkable in it."""
    folder = tmp_path_factory.mktemp("week")
    return folder, asyncio.run(_fill(folder, NOW, 1))


async def _fill(folder: Path, now: datetime, seed: int) -> Week:
    log = logging.getLogger("countyhub")
    before = log.level
    log.setLevel(logging.ERROR)
    store = await open_store(_url(folder))
    try:
        return await fill(store, now=now, seed=seed, windows=folder / "windows")
    finally:
        await store.close()
        log.setLevel(before)


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'hub.db'}"


@pytest.fixture
async def store(lived):
    found = await open_store(_url(lived[0]))
    yield found
    await found.close()


async def listed(store: Store, **wanted: object) -> list[Listed]:
    async with store.read() as connection:
        return list((await finding.find(connection, Filter(**wanted), limit=500)).cases)


async def acts(store: Store, number: str) -> list[str]:
    async with store.read() as connection:
        return [entry.act for entry in await finding.timeline(connection, number)]


async def test_the_lights_are_one_red_two_yellow_one_grey(store):
    async with store.read() as connection:
        found = await finding.board(connection)
    assert (found.lights["red"], found.lights["yellow"], found.lights["grey"]) == (1, 2, 1)
    assert found.lights["green"] >= 4
    assert found.guessed == 0, "the calendar has its years"
    (red,) = await listed(store, open=True, lights=frozenset({"red"}))
    assert (red.category, red.level, red.escalated) == (ROAD, "township", 1)
    assert await acts(store, red.number) == ["opened", "register", "begin", "turned_yellow", "turned_red", "escalate"]
    (grey,) = await listed(store, open=True, lights=frozenset({"grey"}))
    assert (await acts(store, grey.number))[-2:] == ["ask_pause", "agree_pause"]


async def test_most_cases_were_closed_in_time_and_rated_well(store):
    every = await listed(store, drill=False)
    over = [case for case in every if case.closed and case.stage == "closed"]
    assert len(every) > 60
    assert len(over) > 45
    async with store.read() as connection:
        reds = [each.number for each in await finding.entries_since(connection, 0, 5000) if each.act == "turned_red"]
    assert len(reds) == 1, "that one is still open"
    scores = [case.score for case in every if case.score]
    assert len(scores) > 15
    assert sum(scores) / len(scores) > 4
    assert len({case.village for case in every}) == 12


async def test_some_went_another_way(store):
    every = await listed(store)
    assert [case.supervised for case in every if case.supervised] == [1]
    (returned,) = [case for case in every if case.returned]
    assert "give_back" in await acts(store, returned.number)
    (again,) = [case for case in every if case.reworked]
    assert (again.stage, again.score) == ("closed", 5), "the last rating counts"
    assert [case.stage for case in every if case.drill] == ["closed"]
    assert any(case.stage == "void" for case in every)


async def test_a_power_cut_became_one_case_with_four_below_it(store, lived):
    sites = [case for case in await listed(store, box=lived[1].stormed) if case.key.startswith("site/")]
    (site,) = sites
    below = await listed(store, parent=site.number)
    assert len(below) == 4
    assert {case.stage for case in (site, *below)} == {"closed"}
    assert [(await acts(store, case.number))[-1] for case in below] == ["close_with_parent"] * 4


async def test_a_call_for_help_was_over_within_two_minutes(store):
    (call,) = await listed(store, urgent=True, drill=False)
    assert call.stage == "closed"
    assert call.closed - call.happened <= timedelta(minutes=2)
    async with store.read() as connection:
        query = select(message.c.person, message.c.made).where(message.c.number == call.number, message.c.urgent)
        told = (await connection.execute(query)).all()
        sent = (await connection.execute(select(parcel.c.state).distinct())).scalars().all()
    assert [row.made - call.happened < timedelta(seconds=30) for row in told] == [True]
    assert set(sent) == {"sent"}


async def test_a_camera_is_dark_and_a_box_is_away(store, lived):
    week = lived[1]
    async with store.read() as connection:
        boxes = {box.id: box for box in await boxviews.boxes(connection)}
    assert len(boxes) == 12
    (dark,) = [
        (box.id, device.id, device.since) for box in boxes.values() for device in box.devices if device.state == "down"
    ]
    assert dark == (*week.dark, NOW - timedelta(hours=50))
    assert await listed(store, open=True, box=week.dark[0], device=week.dark[1])
    (away,) = [box for box in boxes.values() if box.link != "online"]
    assert (away.id, away.link) == (week.away, "lost")
    assert NOW - timedelta(days=1) < away.since == away.last_seen + timedelta(minutes=1)
    assert away.missing == 7
    assert away.waiting > 20
    assert [case.key for case in await listed(store, open=True, box=week.away)] == [f"site/{week.away}"]


async def test_what_could_not_be_read_or_made_no_case_is_counted(store, lived):
    async with store.read() as connection:
        trouble = await attention.trouble(connection, NOW - timedelta(days=7))
        counts = dict(
            (
                await connection.execute(select(suppressed.c.reason, func.sum(suppressed.c.count)).group_by("reason"))
            ).all()
        )
        put_aside = (await connection.execute(select(func.count()).select_from(aside))).scalar_one()
        pictures = (await connection.execute(select(func.count()).select_from(media))).scalar_one()
    assert trouble.dead_letters == 3
    assert {each.kind for each in trouble.items} == {"dead", "missing"}
    assert sum(count for reason, count in counts.items() if reason.startswith("window/")) > 50
    assert not await listed(store, box=lived[1].fair, origin="machine", since=NOW - timedelta(days=2, hours=9),
                            until=NOW - timedelta(days=2, hours=-7), categories=frozenset({"0802"}))  # fmt: skip
    assert put_aside == 0
    assert pictures > 60


async def test_the_audit_is_whole_and_tells_the_days_of_the_week(store):
    async with store.read() as connection:
        verdict = await verify(connection)
        rows = [row async for row in reading.every(connection)]
        entries = {(f"case/{each.number}", each.at) for each in await finding.entries_since(connection, 0, 5000)}
    assert verdict.broken is None
    assert verdict.last > 150
    instants = [row.at for row in rows]
    assert instants == sorted(instants)
    assert [row.kind for row in rows if row.at < NOW - timedelta(days=7)] == ["registry.imported"]
    assert {(row.object, row.at) for row in rows if row.kind == "case.act"} <= entries, "when the case's timeline says"
    assert len({row.at.astimezone(ZONE).date() for row in rows[1:]}) >= 7


async def test_the_county_has_what_a_demo_needs(store):
    registry = LiveRegistry(store, ZONE)
    await registry.refresh()
    rows = registry.current
    levels = [row.level for row in rows.in_force(Area, NOW)]
    assert [levels.count(level) for level in ("county", "township", "village")] == [1, 3, 12]
    grids, outlines = rows.in_force(Grid, NOW), {row.code for row in rows.in_force(Polygon, NOW)}
    assert len(grids) == 40
    assert {row.code for row in grids} <= outlines
    assert 60 <= len(rows.in_force(Camera, NOW)) <= 75
    mine = {row.device: row.grid for row in rows.in_force(Camera, NOW) if row.box == BOX}
    assert mine == {place.id: f"{BOX}{place.grid}" for place in PLACES}
    async with store.write() as connection:
        made = await command.users.make(connection, rows, await CHEAP.hash("kd73-qwpl-x9"), NOW, "en")
        assert {role for each in made for role in each.user.roles} == set(ROLES)
        await connection.rollback()


async def test_a_database_that_holds_a_county_is_left_alone(lived):
    with pytest.raises(NotEmpty):
        await command.run(command.parse_arguments(["--url", _url(lived[0])]))


@pytest.mark.slow
async def test_the_same_seed_is_the_same_week(lived, store, tmp_path):
    async def told(some: Store) -> list[tuple]:
        async with some.read() as connection:
            events = (await connection.execute(select(event.c.id, event.c.event_id, event.c.raw))).all()
            entries = await finding.entries_since(connection, 0, 5000)
        return [*map(tuple, events), *((each.number, each.at, each.act, each.actor, each.text) for each in entries)]

    await _fill(tmp_path, NOW, 1)
    other = await open_store(_url(tmp_path))
    assert await told(other) == await told(store)
    await other.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("now", "seed"),
    [
        (datetime(2026, 10, 5, 19, 7, tzinfo=UTC), 2),  # within the national holidays, at night
        (datetime(2031, 2, 10, 23, 30, tzinfo=UTC), 3),  # a year whose calendar nobody knows yet
    ],
)
async def test_it_can_be_lived_at_any_time(tmp_path, now, seed, capsys):
    await command.run(command.parse_arguments(["--url", _url(tmp_path), "--now", now.isoformat(), "--seed", str(seed),
                                               "--users"]))  # fmt: skip
    told = capsys.readouterr().out
    assert COUNTY in told
    assert "auditor" in told
    found = await open_store(_url(tmp_path))
    async with found.read() as connection:
        counts = await finding.board(connection)
    await found.close()
    assert counts.lights["red"] == 1
    assert counts.lights["yellow"] >= 2
    assert counts.guessed == 0


async def test_whom_a_card_names_is_masked_and_there_to_be_looked_at(store):
    """Nobody's: every number is of a region that there is not."""
    async with store.read() as connection:
        raws = (await connection.execute(select(event.c.raw).where(event.c.type == TYPE_OF[Checkin]))).scalars()
        said = [msgspec.convert(msgspec.json.decode(raw)["data"], Checkin) for raw in raws]
    named = [each for each in said if each.name]
    assert len(named) > len(said) / 3
    assert all(each.verified and each.masked for each in said)
    assert all(re.fullmatch(r"990126\*{8}\d{3}[\dX]", each.masked) for each in named)
    assert all(masking.is_hidden(each) and masking.name(each.name) != each.name for each in named)


async def test_the_charts_have_a_week_behind_them(store):
    """Boxes by the hour, and cameras by the day."""
    async with store.read() as connection:
        hours = (await connection.execute(select(func.count(func.distinct(box_hour.c.hour))))).scalar_one()
        boxes = (await connection.execute(select(func.count(func.distinct(box_day.c.box))))).scalar_one()
    assert hours >= 4 * 24
    assert boxes >= 12
