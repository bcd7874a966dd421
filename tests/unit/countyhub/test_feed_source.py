"""What is read to be sent on: pages in the order of commit, with what the registry says of that time."""

from __future__ import annotations

from countyhub.feeds.envelope import encode
from countyhub.feeds.source import CaseSource, EventSource, Item, Page, Source
from countyhub.feeds.subscriptions import Subscription
from countyhub.store import tables as t
from countyhub.store.engine import Store
from gridwire.events import Alarm, Reading, Sos
from tests.feedparts import TOWNSHIP, commit, known, step
from tests.hubs import COUNTY
from tests.instances import BOX, NOON, SOURCE

EVENTS, CASES = EventSource(COUNTY, "https://hub.example"), CaseSource(COUNTY)


async def page(store: Store, source: Source, after: int, kinds: tuple[str, ...] = (), limit: int = 100) -> Page:
    async with store.read() as connection:
        return await source.page(connection, known(), after, kinds, limit)


async def test_an_event_says_where_it_belongs_and_when_it_came(store: Store) -> None:
    await commit(store, 7, data=Alarm(kind="fire", state="start", drill=True), grid=f"{BOX}003")
    (item,) = (await page(store, EVENTS, 0)).items
    assert (item.kind, item.what, item.path) == ("alarm", "fire", (BOX, TOWNSHIP, COUNTY))
    event = item.event
    assert (event.source, event.id, event.sequence) == (SOURCE, "01ARZ3NDEKTSV4RRFF00000007", f"{item.row_id:019d}")
    assert (event.village, event.villagename, event.township, event.townshipname) == (
        BOX,
        "东山村",
        TOWNSHIP,
        "文庙街道",
    )
    assert (event.time, event.received, event.timequality, event.drill, event.grid) == (
        NOON, NOON, "synced", True, f"{BOX}003",
    )  # fmt: skip
    assert item.topic(COUNTY) == f"hub/1/{COUNTY}/event/{TOWNSHIP}/{BOX}/alarm"
    assert b'"data":{"kind":"fire","state":"start","drill":true}' in encode(event)


async def test_pages_follow_each_other_without_holes_and_repeats(store: Store) -> None:
    await commit(store, *range(1, 8))
    seen: list[int] = []
    after = 0
    while (found := await page(store, EVENTS, after, limit=3)).items:
        seen += [item.event.seq for item in found.items]
        after = found.through
    assert seen == [1, 2, 3, 4, 5, 6, 7]


async def test_what_is_not_wanted_is_passed_over_and_not_looked_at_again(store: Store) -> None:
    await commit(store, 1, 2)
    await commit(store, 1, data=Sos())
    await commit(store, 1, 2, data=Reading(quantity="level", value=1.0))
    found = await page(store, EVENTS, 0, ("sos",))
    assert [item.kind for item in found.items] == ["sos"]
    assert found.through == 5
    assert await page(store, EVENTS, 5, ("sos",)) == Page([], 5)
    assert await page(store, EVENTS, 0, ("case",)) == Page((), 5)


async def test_what_was_pruned_is_not_waited_for(store: Store) -> None:
    await commit(store, 1, 2, 3)
    async with store.write() as connection:
        await connection.execute(t.event.delete())
    assert await page(store, EVENTS, 1) == Page([], 3)


async def test_steps_of_cases(store: Store) -> None:
    await step(store, "431126-20260501-0001", "opened", after="filed", actor="")
    await step(store, "431126-20260501-0001", "assign", before="filed", after="assigned", text="请处理")
    first, second = (await page(store, CASES, 0)).items
    assert (first.kind, first.path) == ("case", (BOX, TOWNSHIP, COUNTY))
    assert second.topic(COUNTY) == f"hub/1/{COUNTY}/case/{TOWNSHIP}/431126-20260501-0001"
    assert second.event.data.text == "请处理"
    assert second.event.data.title == "积水"
    assert first.event.id != second.event.id
    assert first.event.sequence < second.event.sequence
    assert (await page(store, CASES, first.row_id, limit=1)).items == [second]
    assert (await page(store, CASES, 0, ("alarm",))).items == ()


def subscription(**changes: object) -> Subscription:
    values = {"id": "1", "name": "", "url": "", "secret": "", "created": NOON, "types": ("alarm", "sos")} | changes
    return Subscription(**values)


async def test_who_wants_what(store: Store) -> None:
    await commit(store, 1)
    await commit(store, 1, data=Sos())
    alarm, sos = (await page(store, EVENTS, 0)).items

    def wanted(item: Item, **changes: object) -> bool:
        return subscription(**changes).wants(item, known(), NOON)

    assert wanted(alarm)
    assert wanted(sos)
    assert not wanted(alarm, types=("sos",))
    assert wanted(alarm, kinds=("motion",))
    assert not wanted(alarm, kinds=("fire",))
    assert wanted(sos, kinds=("fire",))
    for area, expected in ((BOX, True), (TOWNSHIP, True), (COUNTY, True), ("431126002", False), ("nonsense", False)):
        assert wanted(alarm, areas=(area,)) is expected
    assert wanted(alarm, areas=("431126002", TOWNSHIP))
