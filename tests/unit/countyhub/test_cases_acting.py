"""Acts on kept cases: of two at once the second is told, families act together, every act leaves its line."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest
from sqlalchemy import select

from countyhub.cases import rows
from countyhub.cases.acting import RESIDENT, Acted, act, act_within, merge, rate, split
from countyhub.cases.attaching import MAX_BYTES, Attached, attach, read_attachment
from countyhub.cases.book import Book
from countyhub.cases.finding import find, one, timeline
from countyhub.cases.joining import join_cases
from countyhub.cases.refusals import NoSuchPerson, NotTheRole
from countyhub.lifecycle.refusals import Refused, Stale
from countyhub.lifecycle.state import HUB, Act, Actor, Office
from countyhub.registry.forms import Area, Duty
from countyhub.store.casetables import case_entry
from countyhub.store.engine import Store, open_store
from simulators.county.build import COUNTY
from tests.casebooks import (
    DAY,
    GRID,
    HOUR,
    MORNING,
    RUBBISH,
    VILLAGE,
    acted,
    acts,
    book,
    opened,
    opening,
    overtaken,
    people,
    row,
    staff,
)
from tests.registries import TOWNSHIP, VILLAGES

POSTGRES_QUICK = True
OF = book()
WHO = people(OF)
CLERK, MAYOR, DESK = WHO["village_clerk"], WHO["township"], WHO["dispatcher"]
do = partial(acted, of=OF)


async def refused(store: Store, number: str, name: str, actor: Actor, now=MORNING, of: Book = OF, **more) -> str:
    before = await row(store, number)
    done = await act(store, of, number, Act(name=name, **{"text": "因为", **more}), actor, now)
    assert isinstance(done, Refused)
    assert await row(store, number) == before
    return done.code


async def test_a_case_goes_through_its_loop(store: Store) -> None:
    number = (await opened(store, OF)).number
    await do(store, number, "pass_up", CLERK)
    await do(store, number, "assign", MAYOR, target=Office("village", VILLAGE))
    await do(store, number, "begin", CLERK)
    await do(store, number, "feed_back", CLERK)
    await do(store, number, "close", MAYOR, MORNING + HOUR)
    kept = await row(store, number)
    assert (kept.stage, kept.open, kept.closed, kept.version) == ("closed", False, MORNING + HOUR, 6)
    assert (kept.first_owner, kept.owner) == (VILLAGE, TOWNSHIP)
    assert kept.next_instant > MORNING + HOUR + 7 * DAY
    assert (await acts(store, number))[2:] == ["pass_up", "assign", "begin", "feed_back", "close"]


async def test_steps_of_a_ledger_are_kept_and_told_and_change_nothing_else(store: Store) -> None:
    """R-LIFE-21"""
    number = (await opened(store, OF)).number
    before, today = await row(store, number), OF.day(MORNING)
    step = {"name": "ledger_step", "actor": CLERK, "text": ""}
    assert await refused(store, number, step="discuss", day=today + DAY, **step) == "case.five-steps-future"
    for name in ("discuss", "verify"):
        await do(store, number, step=name, day=today, **step)
    assert await refused(store, number, step="report", day=today - DAY, **step) == "case.five-steps-date"
    async with store.read() as connection:
        (listed,) = (await find(connection)).cases
        lines = await timeline(connection, number)
    assert listed.five_steps == (today, today)
    assert [each.text for each in lines[-2:]] == [f"议帐 {today}", f"核账 {today}"]
    after = await row(store, number)
    assert (after.stage, after.owner, after.due, after.next_instant) == (
        before.stage, before.owner, before.due, before.next_instant,
    )  # fmt: skip


async def test_of_two_who_act_at_once_the_second_is_told(store: Store) -> None:
    """R-LIFE-17: by the version that they saw, and nothing of either is lost."""
    number = (await opened(store, OF)).number
    several = [
        act(store, OF, number, Act(name="note", text=str(turn), expected=1), CLERK, MORNING) for turn in range(5)
    ]
    done = await asyncio.gather(*several)
    assert sorted(each.code for each in done if isinstance(each, Refused)) == ["case.stale"] * 4
    assert (await row(store, number)).version == 2
    assert (await acts(store, number))[2:] == ["note"]


async def test_who_was_overtaken_between_reading_and_writing_changes_nothing(store: Store) -> None:
    """R-CASE-05: by the condition of the UPDATE alone, whatever locks there are."""
    number = (await opened(store, OF)).number
    async with store.read() as connection:
        kept = (await rows.load(connection, [number]))[number]
    await do(store, number, "note", CLERK)
    change = rows.Change(kept, MORNING)
    done = OF.life(MORNING).step(kept.case, Act(name="note", text="x"), CLERK, MORNING)
    change.take(done)
    with pytest.raises(rows.Overtaken):
        async with store.write() as connection:
            await rows.save(connection, OF, [change])
    assert (await acts(store, number))[2:] == ["note"]


@pytest.mark.postgres_only
async def test_who_was_overtaken_by_what_he_did_not_ask_about_is_told_nothing(store: Store) -> None:
    """R-LIFE-17: another signal joined the case meanwhile, its version is what it was."""
    number, other = [(await opened(store, OF, opening(key))).number for key in "ab"]
    note = Act(name="note", text="x", expected=1)
    for slower in (
        act(store, OF, number, note, CLERK, MORNING),
        attach(store, OF, number, "a.pdf", b"%PDF-1.7 x", CLERK, MORNING),
        merge(store, OF, other, number, CLERK, MORNING, expected=2),
        split(store, OF, number, CLERK, MORNING, text="x", expected=3),
    ):
        assert isinstance(await overtaken(store, number, slower), Acted | Attached)
    late = await act(store, OF, number, note, CLERK, MORNING)
    assert late.facts == {"found": 4, "expected": 1}


async def test_children_close_with_their_parent_or_not_at_all(store: Store) -> None:
    """R-LIFE-11, in one transaction."""
    parent, first, second = [(await opened(store, OF, opening(key, category=RUBBISH))).number for key in "abc"]
    for child in (first, second):
        assert isinstance(await merge(store, OF, parent, child, CLERK, MORNING), Acted)
    assert (await row(store, first)).parent == parent
    with pytest.raises(RuntimeError):
        async with store.write() as connection:
            await act_within(connection, OF, parent, Act(name="settle", text="x"), CLERK, MORNING)
            raise RuntimeError
    assert [(await row(store, each)).stage for each in (parent, first, second)] == ["filed", "merged", "merged"]
    done = await do(store, parent, "settle", CLERK)
    assert [case.number for case in done.also] == [first, second]
    assert [(await row(store, each)).stage for each in (parent, first, second)] == ["closed"] * 3
    assert (await acts(store, first))[-2:] == ["merge", "close_with_parent"]
    assert (await acts(store, parent))[2:] == ["adopt", "adopt", "settle"]


async def test_what_was_merged_wrongly_is_taken_out_again(store: Store) -> None:
    parent, child = (await opened(store, OF, opening("a"))).number, (await opened(store, OF, opening("b"))).number
    assert (await merge(store, OF, "430181-0", child, CLERK, MORNING)).code == "case.not-there"
    assert (await merge(store, OF, child, child, CLERK, MORNING)).code == "case.parent-missing"
    assert (await split(store, OF, child, CLERK, MORNING, text="x")).code == "case.wrong-stage"
    assert (await merge(store, OF, parent, child, CLERK, MORNING, expected=7)).code == "case.stale"
    await do(store, child, "merge", CLERK, parent=parent)
    again = await opened(store, OF, opening("b", events=(9,)))
    assert again == (parent, False)  # told where people look
    await do(store, child, "split", CLERK)
    assert [(await row(store, each)).stage for each in (parent, child)] == ["filed", "filed"]
    assert (await opened(store, OF, opening("b"))).number == child


async def test_a_resident_may_have_it_opened_again(store: Store) -> None:
    """R-LIFE-10, unless a new case about the same is open (R-CASE-06)."""
    number = (await opened(store, OF, opening("r", origin="person", urgent=True, category=RUBBISH))).number
    await do(store, number, "settle", CLERK)
    other = (await opened(store, OF, opening("r", origin="person", urgent=True, category=RUBBISH))).number
    later = MORNING + 6 * DAY
    assert await refused(store, number, "rework", RESIDENT, later) == "case.open-already"
    await do(store, other, "void", CLERK)
    await do(store, number, "rework", RESIDENT, later)
    kept = await row(store, number)
    assert (kept.stage, kept.open, kept.reworked, kept.closed) == ("handling", True, 1, None)


async def test_a_rating_attaches_to_its_case(store: Store) -> None:
    number = (await opened(store, OF)).number
    async with store.write() as connection:
        assert await rate(connection, OF, number, 2, MORNING, events=(7,))
        assert not await rate(connection, OF, "430181-20260101-0001", 2, MORNING)
    kept = await row(store, number)
    assert (kept.score, kept.version, kept.edition) == (2, 1, 2)
    assert (await acts(store, number))[-1] == "rated"


async def test_it_is_assigned_only_to_offices_that_the_registry_has(store: Store) -> None:
    number = (await opened(store, OF)).number
    await do(store, number, "pass_up", CLERK)
    for target, code in (
        (Office("village", "430181001999"), "case.target-unknown"),
        (Office("station", "T999-grid"), "case.target-unknown"),
        (Office("department", "D04"), "case.target-foreign"),  # a township has none
    ):
        assert await refused(store, number, "assign", MAYOR, target=target) == code
    await do(store, number, "assign", MAYOR, target=Office("village", VILLAGES[2]))
    await do(store, number, "reassign", MAYOR, target=Office("station", "T100-grid"))
    kept = await row(store, number)
    assert (kept.level, kept.owner, kept.first_owner) == ("station", "T100-grid", VILLAGE)


async def test_a_township_gives_only_within_its_own(store: Store) -> None:
    other = Area(code="990126300", name="另一乡", level="township", parent=COUNTY)
    far = Area(code="990126300201", name="远村", level="village", parent="990126300")
    of = book([other, far])
    number = (await opened(store, of)).number
    await do(store, number, "pass_up", CLERK, of=of)
    target = Office("village", far.code)
    assert await refused(store, number, "assign", MAYOR, of=of, target=target) == "case.target-elsewhere"
    await do(store, number, "pass_up", MAYOR, of=of)
    await do(store, number, "assign", DESK, of=of, target=target)


async def test_who_acts_is_known_by_the_duties_of_the_day() -> None:
    """R-CASE-07"""
    assert WHO["grid_worker"] == Actor(staff("grid_worker", GRID), "grid_worker", frozenset({Office("grid", GRID)}))
    assert WHO["department"].offices == {Office("department", "D04")}
    assert OF.actor(staff("department", "D01"), MORNING).offices == {Office("county", COUNTY)}  # the centre
    assert OF.actor(staff("township", "T100-grid"), MORNING).offices == {Office("station", "T100-grid")}
    with pytest.raises(NoSuchPerson):
        OF.actor("P99999", MORNING)
    clerk = CLERK.id
    both = book([
        Duty(person=clerk, role="auditor", place=COUNTY),
        Duty(person=clerk, role="grid_worker", place=GRID),
    ])  # fmt: skip
    offices = {Office("village", VILLAGE), Office("grid", GRID)}
    assert both.actor(clerk, MORNING) == Actor(clerk, "village_clerk", frozenset(offices))
    assert both.actor(clerk, MORNING, "auditor").offices == {Office("county", COUNTY)}
    with pytest.raises(NotTheRole):
        both.actor(clerk, MORNING, "county")


async def test_attachments_are_judged_by_what_they_are(store: Store) -> None:
    """R-CASE-08"""
    number = (await opened(store, OF)).number
    picture = b"\xff\xd8\xff" + b"x" * 100

    async def add(name: str, content: bytes, actor: Actor = CLERK, to: str = number) -> str:
        done = await attach(store, OF, to, name, content, actor, MORNING)
        return done.media_type if isinstance(done, Attached) else done.code

    assert await add("../../a\u202egpj.exe", picture) == "image/jpeg"
    assert await add("again.jpg", picture) == "image/jpeg"
    assert await add("a.pdf", b"%PDF-1.7 x") == "application/pdf"
    assert await add("a.webp", b"RIFF1234WEBPx") == "image/webp"
    assert await add("a.jpg", b"MZ\x90") == "case.attachment-kind"
    assert await add("a.jpg", b"") == "case.attachment-empty"
    assert await add("a.jpg", picture + b"x" * MAX_BYTES) == "case.attachment-too-large"
    assert await add("a.jpg", picture, WHO["auditor"]) == "case.not-yours"
    assert await add("a.jpg", picture, to="430181-0") == "case.not-there"
    async with store.read() as connection:
        whole = await one(connection, number)
        assert whole is not None
        assert [each.name for each in whole.attachments] == [".._.._a_gpj.exe".strip(" ."), "a.pdf", "a.webp"]
        info, content = await read_attachment(connection, number, whole.attachments[0].id)
        assert (content, info.by, info.size) == (picture, CLERK.id, 103)
        assert await read_attachment(connection, "430181-1", info.id) is None
    assert (await acts(store, number))[2:] == ["attached"] * 3
    assert (await row(store, number)).version == 1


async def test_matters_that_turn_out_to_be_one_go_under_one_case(store: Store) -> None:
    """R-CASE-09: with what was merged into them; what a person has ended, or reported, stays."""
    outage, site, camera, ended, report = [
        (await opened(store, OF, opening(key, origin="person" if key == "report" else "machine"))).number
        for key in ("township", "site", "camera", "ended", "report")
    ]
    await do(store, ended, "void", CLERK)

    async def join(numbers: list[str], into: str):
        async with store.write() as connection:
            return await join_cases(connection, OF, numbers, into, MORNING)

    assert (await join([camera], site)).merged == (camera,)
    found = await join([site, ended, report, outage, "430181-0"], outage)
    assert found.merged == (site,)
    assert [(number, why.code) for number, why in found.left] == [
        (ended, "case.wrong-stage"), (report, "case.not-yours"), ("430181-0", "case.not-there"),
    ]  # fmt: skip
    assert [(await row(store, each)).parent for each in (site, camera)] == [outage, outage]
    assert (await one_case(store, outage)).children == (site, camera)
    assert (await one_case(store, site)).children == ()
    before = [await row(store, each) for each in (outage, site, camera)]
    assert (await join([site, camera], outage)).merged == ()
    assert [await row(store, each) for each in (outage, site, camera)] == before
    other = (await opened(store, OF, opening("other"))).number
    assert (await join([camera], other)).merged == (camera,)  # found to be part of something else
    assert (await one_case(store, outage)).children == (site,)
    third = (await opened(store, OF, opening("third"))).number
    assert await join([third], camera) == (other, (third,), ())  # under what that one is part of


async def one_case(store: Store, number: str):
    async with store.read() as connection:
        return (await one(connection, number)).case


@pytest.mark.slow
async def test_many_hands_on_one_case_lose_nothing(store: Store) -> None:
    """Four stores, each acting on what it last saw: as many notes as were not refused."""
    number = (await opened(store, OF)).number
    stores = [await open_store(store.url.render_as_string(hide_password=False)) for _ in range(4)]

    async def work(mine: Store) -> int:
        done = 0
        for _ in range(20):
            version = (await row(mine, number)).version
            made = await act(mine, OF, number, Act(name="note", text="x", expected=version), CLERK, MORNING)
            assert isinstance(made, Acted | Stale)
            done += isinstance(made, Acted)
        return done

    notes = sum(await asyncio.gather(*map(work, stores)))
    for mine in stores:
        await mine.close()
    assert (await row(store, number)).version == 1 + notes
    assert (await acts(store, number)).count("note") == notes >= 20


async def test_the_hub_may_always_be_asked_what_it_does_not_know(store: Store) -> None:
    done = await act(store, OF, "430181-20260101-0001", Act(name="note", text="x"), HUB, MORNING)
    assert isinstance(done, Refused)
    assert done.code == "case.not-there"


async def test_who_had_to_wait_for_another_is_not_dated_before_it(store: Store) -> None:
    """R-CASE-10: a timeline never goes back in time, whoever brings an older clock."""
    number = (await opened(store, OF)).number
    for after in (2 * HOUR, HOUR):
        done = await act(store, OF, number, Act(name="supervise", text="请抓紧"), WHO["county"], MORNING + after)
        assert isinstance(done, Acted)
    async with store.read() as connection:
        query = select(case_entry.c.at).where(case_entry.c.number == number, case_entry.c.act == "supervise")
        at = list((await connection.execute(query.order_by(case_entry.c.id))).scalars())
    assert at == [MORNING + 2 * HOUR] * 2
