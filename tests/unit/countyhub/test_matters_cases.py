"""What becomes a case, what becomes of it later, and what never was one. The ids are those of docs/county-rules.md."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from countyhub.cases import acting
from countyhub.correlate.signals import DOWN, UP
from countyhub.lifecycle.state import Act, Actor, Office
from countyhub.registry.forms import AlarmKind
from countyhub.store.casetables import case_entry, case_evidence, cases
from countyhub.store.engine import Store, open_store
from countyhub.store.mattertables import matter, suppressed
from countyhub.store.tables import event, stream
from gridwire.events import Alarm, Checkin, DeviceState, Rating, Request, Sos
from tests.hubs import database_url
from tests.matters import COUNTY, County, open_cases, registry, rows
from tests.matters import Office as Desk

NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
BOX = f"{COUNTY}001001"
TOWN = [f"{COUNTY}0010{n:02}" for n in range(1, 7)]
SMOKE = Alarm(kind="smoke", state="pulse")
MOTION = Alarm(kind="motion", state="pulse")


class World:
    """A county of six boxes with ten cameras each, and its follower."""

    def __init__(self, store: Store, *extra: object, windows: str = "") -> None:
        self.store = store
        self.county = County()
        self.content = [*rows(TOWN, 10, kinds=("smoke", "sos", "offline", "site")), *extra]
        self.office = Desk(store, registry(self.content), NOON, windows=windows)

    async def at(self, seconds: float, *data: object, box: str = BOX, device: str = "cam-1", **more: object) -> None:
        """The box says this so long after noon; then the follower looks."""
        self.office.now = NOON + timedelta(seconds=seconds)
        happened = more.pop("happened", self.office.now)
        for each in data:
            sign = self.county.box(box).event(each, happened, device, **more)
            await self.office.commit(self.county.sends(box, sign, received=self.office.now))
        await self.office.follow()

    async def link(self, seconds: float, mark: int, *boxes: str) -> None:
        self.office.now = NOON + timedelta(seconds=seconds)
        for box in boxes:
            await self.office.commit(self.county.link(box, mark, self.office.now))
        await self.office.follow()

    async def cases(self) -> dict[str, str]:
        return {key.replace(f"/{BOX}", ""): stage for key, stage in (await open_cases(self.store)).items()}

    async def one(self, *columns: object) -> tuple:
        async with self.store.read() as connection:
            return tuple((await connection.execute(select(*columns).order_by(cases.c.number))).one())

    async def entries(self) -> list[str]:
        async with self.store.read() as connection:
            return list((await connection.execute(select(case_entry.c.act).order_by(case_entry.c.id))).scalars())


@pytest.fixture
async def world(database: str, tmp_path: Path) -> AsyncIterator[World]:
    store = await open_store(database_url(tmp_path))
    yield World(store)
    await store.close()


async def test_what_somebody_must_see_to_opens_a_case_and_the_rest_is_shown(world: World) -> None:
    """R-OPEN-01: by alarms.csv, else by the table; one case, however often it comes; its first events are kept."""
    await world.at(0, SMOKE, MOTION, Alarm(kind="tamper", state="pulse"), Alarm(kind="unheard_of", state="pulse"))
    await world.at(60, SMOKE, MOTION)
    assert await world.cases() == {"alarm/cam-1/smoke": "filed", "alarm/cam-1/tamper": "filed"}
    async with world.store.read() as connection:
        found = (await connection.execute(select(matter.c.key, matter.c.number.is_not(None)))).all()
        smoke = select(cases).where(cases.c.category == "0901")
        case = (await connection.execute(smoke)).mappings().one()
        stands_on = (await connection.execute(select(case_evidence.c.event_id).where(
            case_evidence.c.number == case["number"]))).scalars().all()  # fmt: skip
    assert len(found) == 4
    assert sum(has for _, has in found) == 2
    assert (case["title"], case["box"], case["device"], case["happened"]) == (
        "001村盒子 路口1号 烟雾",
        BOX,
        "cam-1",
        NOON,
    )
    assert sorted(stands_on) == [1, 5]
    assert await world.entries() == ["opened", "register"] * 2


async def test_the_county_decides_what_opens(database: str, tmp_path: Path) -> None:
    """R-OPEN-01: motion may open a case, and smoke need not."""
    store = await open_store(database_url(tmp_path))
    world = World(store, AlarmKind(kind="motion", category="0901"), AlarmKind(kind="tamper", opens="shown"))
    await world.at(0, MOTION, Alarm(kind="tamper", state="pulse"))
    assert await world.cases() == {"alarm/cam-1/motion": "filed"}
    await store.close()


async def test_an_event_that_cannot_be_read_holds_up_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """R-OPEN-08: stored by another release."""
    sign = world.county.box(BOX).event(SMOKE, NOON)
    await world.office.commit(world.county.sends(BOX, sign, received=NOON))
    async with world.store.write() as connection:
        await connection.execute(event.update().values(raw=b'{"data":{"kind":7}}'))
    await world.at(0, Alarm(kind="fire", state="pulse"))
    assert await world.cases() == {"alarm/cam-1/fire": "filed"}
    assert "cannot be read" in caplog.text


async def test_later_matters_join_and_after_its_end_there_is_a_new_case(world: World) -> None:
    """R-OPEN-03"""
    await world.at(0, SMOKE)
    await world.at(1000, SMOKE)
    assert await world.entries() == ["opened", "register", "joined"]
    (number,) = await world.one(cases.c.number)
    owner = Actor("P1", "county", frozenset({Office("county", COUNTY), Office("village", BOX)}))
    acted = await acting.act(
        world.store, world.office.book, number, Act(name="void", text="拜神"), owner, world.office.now
    )
    assert isinstance(acted, acting.Acted)
    await world.at(2000, SMOKE)
    async with world.store.read() as connection:
        assert len((await connection.execute(select(cases.c.number))).all()) == 2


async def settle(world: World, number: str) -> None:
    clerk = Actor("P1", "village_clerk", frozenset({Office("village", BOX)}))
    for name in ("begin", "feed_back", "close"):
        act = Act(name=name, text="ok")
        acted = await acting.act(world.store, world.office.book, number, act, clerk, world.office.now)
        assert isinstance(acted, acting.Acted)


async def told(world: World) -> list[tuple]:
    """Each case with its text, and which one the matters have now."""
    async with world.store.read() as connection:
        query = select(cases.c.number, cases.c.stage, cases.c.text, cases.c.happened).order_by(cases.c.number)
        return [tuple(row) for row in await connection.execute(query)]


INTRUSION = [Alarm(kind="intrusion", state=state) for state in ("start", "end")]


@pytest.mark.parametrize("restarts", [False, True])
async def test_what_begins_after_its_case_was_closed_is_a_new_case(world: World, restarts: bool) -> None:
    """R-CASE-02: although it is the same matter; once, whatever comes late, ends, or is read again."""
    start, end = INTRUSION
    await world.at(0, start)
    ((first, *_),) = await told(world)
    await world.at(100)
    await settle(world, first)

    async def at(seconds: float, *data: object, happened: float | None = None) -> None:
        if restarts:
            await world.office.restart()
        more = {} if happened is None else {"happened": NOON + timedelta(seconds=happened)}
        await world.at(seconds, *data, **more)

    await at(110, end)
    await at(120, start, happened=90)
    assert len(await told(world)) == 1  # an end, and what came before the closing
    await at(200, start, happened=130)
    await at(210, end)
    await at(220, start)
    (_, second) = await told(world)
    assert second[1:] == (
        "filed",
        f"前案 {first} 已于 2026-06-01 12:01 结束，此后再次发生",
        NOON + timedelta(seconds=130),
    )
    async with world.store.read() as connection:
        lines = (await connection.execute(select(case_entry.c.text).where(case_entry.c.number == first))).scalars()
        assert f"办结后再次发生，已另立案件 {second[0]}" in list(lines)
        proof = select(case_evidence.c.event_id).where(case_evidence.c.number == second[0])
        assert sorted((await connection.execute(proof)).scalars()) == [4, 5, 6]
        assert (await connection.execute(select(matter.c.number))).scalars().all() == [second[0]]
    world.office.now = NOON + timedelta(seconds=230)
    await settle(world, second[0])
    await at(240, end)
    assert len(await told(world)) == 2
    await at(250, start, end)
    assert [row[1] for row in await told(world)] == ["closed", "closed", "filed"]


@pytest.mark.parametrize("restarts", [False, True])
async def test_what_goes_down_after_the_case_of_its_outage_was_closed_is_a_new_case(
    world: World, restarts: bool
) -> None:
    """R-CASE-02: a device that fails or is dark in an outage whose case is closed; not what is only shown."""
    await world.link(0, DOWN, BOX)
    await world.at(301)
    ((first, *_),) = await told(world)
    await settle(world, first)
    if restarts:
        await world.office.restart()
    await world.at(320, DeviceState(state="down"), happened=NOON + timedelta(seconds=200))
    await world.at(330, Alarm(kind="too_dark", state="pulse"))
    assert len(await told(world)) == 1
    await world.at(340, Alarm(kind="signal_lost", state="start"), device="cam-2")
    if restarts:
        await world.office.restart()
    await world.at(350, DeviceState(state="down"), device="cam-3")
    await world.at(700)
    assert [row[1] for row in await told(world)] == ["closed", "filed"]
    assert await world.cases() == {"site": "filed"}


async def test_single_cameras_go_under_the_case_of_their_site(world: World) -> None:
    """R-OPEN-02: and one that stays away stands for itself again."""
    for number in range(1, 5):
        await world.at(number, DeviceState(state="down"), device=f"cam-{number}")
    await world.at(400)
    assert await world.cases() == {f"offline/cam-{n}": "filed" for n in range(1, 5)}
    for number in range(5, 9):  # known late: they went with the others
        late = NOON + timedelta(seconds=number)
        await world.at(450, DeviceState(state="down"), device=f"cam-{number}", happened=late)
    assert (await world.cases())["site"] == "filed"
    assert sorted((await world.cases()).values()) == ["filed"] + ["merged"] * 5
    for number in range(1, 8):
        await world.at(900, DeviceState(state="up"), device=f"cam-{number}")
    await world.at(1300)
    found = await world.cases()
    assert found.pop("offline/cam-8") == "filed"  # it was down with the site, and has a case of its own now
    assert found.pop("site") == "filed"
    assert set(found.values()) == {"merged"}


async def test_a_case_that_was_merged_stands_for_itself_when_its_device_stays_away(world: World) -> None:
    """R-OPEN-02"""
    await world.at(0, DeviceState(state="down"))
    await world.at(301)
    for number in range(2, 8):
        await world.at(
            310, DeviceState(state="down"), device=f"cam-{number}", happened=NOON + timedelta(seconds=number)
        )
    await world.at(320)
    assert (await world.cases())["offline/cam-1"] == "merged"
    for number in range(2, 8):
        await world.at(600, DeviceState(state="up"), device=f"cam-{number}")
    await world.at(901)
    assert (await world.cases())["offline/cam-1"] == "filed"
    assert (await world.entries()).count("split") == 1


async def test_a_case_that_an_unexplained_alarm_shares_stays_for_itself(world: World) -> None:
    """R-OPEN-02: two matters of one key have one case; a loss of power explains the second only."""
    lost = Alarm(kind="signal_lost", state="pulse")
    await world.at(0, lost)
    await world.at(1000, lost)
    assert await world.entries() == ["opened", "register", "joined"]
    await world.link(1010, DOWN, BOX)
    await world.at(1400)
    assert await world.cases() == {"alarm/cam-1/signal_lost": "filed", "site": "filed"}
    async with world.store.read() as connection:
        query = select(matter.c.parent_key).where(matter.c.key.startswith("alarm/")).order_by(matter.c.begin_us)
        assert [bool(key) for key in (await connection.execute(query)).scalars()] == [False, True]


async def test_a_township_takes_its_sites_in(world: World) -> None:
    """R-OPEN-02: the case of a township stands where the township is."""
    await world.link(0, DOWN, *TOWN[:4])
    await world.link(301, DOWN)
    assert list((await world.cases()).values()) == ["filed"] * 4
    await world.link(310, DOWN, TOWN[4])
    await world.link(620, DOWN)
    found = await world.cases()
    assert found.pop(f"township/{BOX[:9]}") == "filed"
    assert set(found.values()) == {"merged"}
    async with world.store.read() as connection:
        where = select(cases.c.township, cases.c.village, cases.c.title).where(cases.c.key.startswith("township/"))
        assert (await connection.execute(where)).one() == (BOX[:9], "", "镇 乡镇停电断网")


async def test_history_is_seen_and_opens_nothing_and_a_drill_is_a_drill(world: World) -> None:
    """R-OPEN-04"""
    await world.at(0, SMOKE, happened=NOON - timedelta(days=2))
    assert await world.cases() == {}
    async with world.store.read() as connection:
        assert (await connection.execute(select(matter.c.history))).scalars().all() == [True]
    await world.at(10, Alarm(kind="smoke", state="pulse", drill=True))
    assert (await world.one(cases.c.key, cases.c.drill)) == (f"drill/alarm/{BOX}/cam-1/smoke", True)


async def test_what_lasts_since_days_and_is_told_now_has_a_light(world: World) -> None:
    """R-OPEN-04: it began two days ago, but it is no history."""
    await world.at(0, DeviceState(state="down"), happened=NOON - timedelta(days=2))
    await world.at(1)
    found = await world.one(cases.c.history, cases.c.light, cases.c.text)
    assert found == (False, "none", "自 2026-05-30 12:00 起持续至今")


async def test_persons_are_answered_with_a_case_each(world: World) -> None:
    """R-OPEN-05: a service by its code, a matter by its category, a call for help at once and urgent."""
    ask = Request(item="S01", mode="direct", receipt="R1", text="办低保")
    tell = Request(item="0901", mode="report", receipt="R2", text="有烟")
    strange = Request(item="9999", mode="report", receipt="R3")
    await world.at(0, ask, tell, strange, Sos(point="大厅"), Sos(point="大厅", state="end"), device="desk")
    checkin = Checkin(method="card", person="a" * 64, key="k1")
    await world.at(1, checkin, device="desk")
    async with world.store.read() as connection:
        query = select(cases.c.origin, cases.c.stage, cases.c.category, cases.c.mode, cases.c.urgent, cases.c.receipt,
                       cases.c.title)  # fmt: skip
        found = [tuple(row) for row in await connection.execute(query.order_by(cases.c.number))]
    assert found == [
        ("person", "found", "0901", "proxy", False, "R1", "村 低保"),
        ("person", "found", "0901", "", False, "R2", "村 报警"),
        ("person", "found", "", "", False, "R3", "村 9999"),
        ("person", "filed", "0901", "", True, "", "村 大厅 求助"),
    ]


@pytest.mark.parametrize("first", ["request", "rating"])
async def test_a_rating_goes_to_the_case_of_its_receipt(world: World, first: str) -> None:
    """R-OPEN-06: whichever arrives first; without a receipt it is nobody's."""
    both = [Request(item="S01", mode="direct", receipt="R1"), Rating(score=2, receipt="R1")]
    for data in both if first == "request" else reversed(both):
        await world.at(0, data, device="desk")
    await world.at(1, Rating(score=5), device="desk")
    assert await world.one(cases.c.score) == (2,)
    assert await world.entries() == ["opened", "rated"]


async def test_a_case_that_proves_to_be_nothing_is_withdrawn(world: World) -> None:
    """R-OPEN-07 and R-LIFE-12: the end of a short outage came late; but not if somebody has begun."""
    await world.at(0, DeviceState(state="down"), DeviceState(state="down"), device="cam-1")
    await world.at(0, DeviceState(state="down"), device="cam-2")
    await world.at(400)
    assert await world.cases() == {"offline/cam-1": "filed", "offline/cam-2": "filed"}
    async with world.store.read() as connection:
        (number,) = (await connection.execute(select(cases.c.number).where(cases.c.device == "cam-2"))).one()
    clerk = Actor("P1", "village_clerk", frozenset({Office("village", BOX)}))
    await acting.act(world.store, world.office.book, number, Act(name="begin"), clerk, world.office.now)
    for device in ("cam-1", "cam-2"):
        up = NOON + timedelta(seconds=100)
        await world.at(500, DeviceState(state="up"), device=device, happened=up)
    assert await world.cases() == {"offline/cam-1": "void", "offline/cam-2": "handling"}


async def test_a_case_stays_when_its_device_proves_to_have_failed_at_another_time(world: World) -> None:
    """R-OPEN-07: what it was opened for did not happen, but what joined it by the same word did."""
    await world.at(0, DeviceState(state="down"))
    await world.at(400)
    assert await world.cases() == {"offline/cam-1": "filed"}
    late = [(DeviceState(state="up"), 100), (DeviceState(state="down"), 150)]
    box = world.county.box(BOX)
    events = [box.event(data, NOON + timedelta(seconds=at)) for data, at in late]
    world.office.now = NOON + timedelta(seconds=500)
    await world.office.commit(world.county.sends(BOX, *events, received=world.office.now))
    await world.office.follow()
    await world.at(1000)
    assert await world.cases() == {"offline/cam-1": "filed"}
    async with world.store.read() as connection:
        (row,) = (await connection.execute(select(matter))).all()
    assert (row.open, row.number) == (True, *(await world.one(cases.c.number)))


async def test_pieces_that_become_one_have_one_case(world: World) -> None:
    """R-OPEN-03: the older case is the one that stays, unless it was closed already."""
    await world.at(0, SMOKE)
    (number,) = await world.one(cases.c.number)
    await world.at(500, SMOKE)
    await world.at(600, SMOKE, happened=NOON + timedelta(seconds=250))
    async with world.store.read() as connection:
        (row,) = (await connection.execute(select(matter))).all()
    assert (row.size, row.number) == (3, number)
    await settle(world, number)
    await world.at(1500, SMOKE)
    await world.at(1510, SMOKE, happened=NOON + timedelta(seconds=790))
    await world.at(1520, SMOKE, happened=NOON + timedelta(seconds=1080))
    await world.at(1530, SMOKE, happened=NOON + timedelta(seconds=1290))
    async with world.store.read() as connection:
        (row,) = (await connection.execute(select(matter))).all()
        newest = (await connection.execute(select(cases.c.number).where(cases.c.open))).scalar_one()
    assert (row.size, row.number) == (7, newest)
    assert newest != number


async def test_events_of_a_box_without_a_clock_wait_for_it(world: World) -> None:
    """R-OPEN-09: yesterday's backlog is history once the box knows the time; a box that never knows it is heard."""
    unsure = {"clock": "unsynced", "monotonic": "100.000", "happened": datetime(1970, 1, 1, 0, 1, 40, tzinfo=UTC)}
    await world.at(0, SMOKE, **unsure)
    assert await world.cases() == {}
    booted = NOON - timedelta(days=3)
    async with world.store.write() as connection:
        await connection.execute(stream.update().values(booted=booted))
    await world.at(5)
    assert await world.cases() == {}
    async with world.store.read() as connection:
        row = (await connection.execute(select(matter))).one()
    assert (row.history, row.begin_us) == (True, int((booted + timedelta(seconds=100)).timestamp() * 1e6))
    await world.office.restart()
    await world.at(10)
    async with world.store.read() as connection:
        assert (await connection.execute(select(matter))).one() == row


async def test_a_box_that_never_knows_the_time_is_heard(world: World) -> None:
    """R-OPEN-09: after two minutes as of its arrival, later ones at once; persons always at once."""
    unsure = {"clock": "unsynced", "monotonic": "100.000", "happened": datetime(1970, 1, 1, 0, 1, 40, tzinfo=UTC)}
    await world.at(0, SMOKE, Sos(), **unsure)
    assert [key.split("/")[0] for key in await world.cases()] == ["sos"]
    await world.office.restart()
    await world.at(121)
    await world.at(123)
    assert len(await world.cases()) == 2
    await world.at(500, Alarm(kind="fire", state="pulse"), **unsure)
    assert len(await world.cases()) == 3
    async with world.store.read() as connection:
        begins = set((await connection.execute(select(matter.c.begin_us))).scalars())
    assert begins == {int((NOON + timedelta(seconds=at)).timestamp() * 1e6) for at in (0, 500)}


WINDOW = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:works@county
SUMMARY:水塘清淤
LOCATION:*
DTSTART:20260601T040000Z
DTEND:20260601T050000Z
END:VEVENT
END:VCALENDAR
"""


async def test_what_a_window_suppresses_is_counted_and_files_are_read_again(database: str, tmp_path: Path) -> None:
    """R-OPEN-10 and R-CORR-11: with the registry, too, everything is worked out anew from what is remembered."""
    (tmp_path / "ics").mkdir()
    (tmp_path / "ics" / "pond.ics").write_text(WINDOW)
    store = await open_store(database_url(tmp_path))
    world = World(store, windows=str(tmp_path / "ics"))
    await world.at(0, SMOKE, SMOKE)
    await world.at(1, SMOKE)
    assert await world.cases() == {}
    async with store.read() as connection:
        counted = select(suppressed.c.reason, suppressed.c.count)
        assert (await connection.execute(counted)).all() == [("window/works@county", 3)]
    (tmp_path / "ics" / "pond.ics").unlink()
    await world.at(20, Alarm(kind="fire", state="pulse"))
    assert await world.cases() == {"alarm/cam-1/fire": "filed"}
    await store.close()


async def test_a_new_registry_is_followed(world: World) -> None:
    """R-OPEN-10: a box moves to another township, whose outage it is from then on."""
    await world.link(0, DOWN, *TOWN[:4])
    await world.link(301, DOWN)
    other = [each for each in world.content if getattr(each, "box", "") not in TOWN[:4] or not hasattr(each, "device")]
    world.office.registry = registry(other)  # these boxes have no cameras any more: nothing of theirs changes
    await world.link(310, DOWN, TOWN[4])
    await world.link(620, UP, TOWN[5])
    found = await world.cases()
    assert found.pop(f"township/{BOX[:9]}") == "filed"
    assert set(found.values()) == {"merged"}
