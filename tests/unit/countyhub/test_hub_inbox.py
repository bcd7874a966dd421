"""The inbox on a real database: once, each for itself, and nothing that comes can hold up the rest."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import func, select, text

from countyhub.ingest import boxes, intake, rereading
from countyhub.ingest.committed import Committed
from countyhub.ingest.inbox import Inbox, Outcome
from countyhub.ingest.intake import Intake
from countyhub.store import tables as t
from countyhub.store.engine import Store
from gridwire import messages
from gridwire.codec import Refused, decode_up, encode_batch, encode_event
from gridwire.events import Alarm, DeviceState, Gap
from gridwire.refusals import UnknownType
from tests.instances import BOX, NOON, SOURCE, STREAM, event

POSTGRES_QUICK = True
ALARM = Alarm(kind="motion", state="start")


def came(*events: object, name: str = "batch") -> Intake:
    raws = [found if isinstance(found, bytes) else encode_event(found) for found in events]
    return intake.read(f"{SOURCE}/up/{name}", encode_batch(raws), received=NOON)


async def count(store: Store, table: object) -> int:
    async with store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def test_a_repeat_is_answered_and_not_stored_again(store: Store) -> None:
    inbox = Inbox(store)
    first = await inbox.commit([came(event(ALARM, 1), event(ALARM, 2), event(ALARM, 1))])
    assert (first.stored, first.repeats) == (2, 1)
    again = await inbox.commit([came(event(ALARM, 2), event(ALARM, 3))])
    assert (again.stored, again.repeats, again.last_id) == (1, 1, 3)
    assert [answer.ranges.to_pairs() for answer in again.answers] == [((2, 3),)]


async def test_any_order_settles_the_same(store: Store) -> None:
    inbox = Inbox(store)
    for seq in (5, 3, 1, 4, 2):
        await inbox.commit([came(event(ALARM, seq))])
    async with store.read() as connection:
        row = (await connection.execute(select(t.stream_state))).one()
    assert (row.stored_through, row.above) == (5, b"[]")


async def test_a_number_used_twice_is_kept_once_for_each_content(store: Store) -> None:
    inbox = Inbox(store)
    other = came(event(Alarm(kind="tamper", state="start"), 1))
    await inbox.commit([came(event(ALARM, 1))])
    told = [await inbox.commit([other]) for _ in range(2)]
    assert [outcome.reused for outcome in told] == [{(BOX, STREAM)}, set()]
    assert all(answer.ranges.to_pairs() == ((1, 1),) for outcome in told for answer in outcome.answers)
    assert (await count(store, t.number_reused), await count(store, t.event), await count(store, t.command)) == (
        1,
        1,
        1,
    )


async def test_what_no_database_takes_becomes_a_dead_letter(store: Store) -> None:
    """A counter of 100 bits passes the wire's definition and no integer column."""
    status = messages.Status(state="online", boot="b", connection=2**100, version="1")
    poison = intake.read(f"{SOURCE}/up/status", msgspec.json.encode(status), received=NOON)
    outcome = await Inbox(store).commit([came(event(ALARM, 1)), poison, came(event(ALARM, 2))])
    assert sorted(number for answer in outcome.answers for number in answer.ranges) == [1, 2]
    assert (outcome.stored, outcome.dead) == (2, 1)
    async with store.read() as connection:
        assert (await connection.execute(select(t.dead_letter.c.code))).scalars().all() == ["hub.cannot-store"]


async def test_keys_that_the_runs_do_not_know_are_found_all_the_same(store: Store) -> None:
    """As after a repair by hand: the batch fails on the key table, and each event is looked up."""
    inbox = Inbox(store)
    await inbox.commit([came(event(ALARM, 1))])
    async with store.write() as connection:
        await connection.execute(text("DELETE FROM stream_state"))
    outcome = await inbox.commit([came(event(ALARM, 1), event(ALARM, 2))])
    assert (outcome.stored, outcome.repeats) == (1, 1)


async def test_garbage_counts_once_however_often_it_comes(store: Store) -> None:
    inbox = Inbox(store)
    garbage = intake.read(f"{SOURCE}/up/event", b"garbage", received=NOON)
    for _ in range(3):
        assert (await inbox.commit([garbage])).answers == []
    async with store.read() as connection:
        assert (await connection.execute(select(t.dead_letter.c["count"]))).scalars().all() == [3]


async def test_a_dead_letter_is_stored_under_its_number_once_it_can_be_read(store: Store) -> None:
    """The old release did not know the type; its number was acknowledged, and is not given up."""
    raw = encode_event(event(ALARM, 1))
    (arrived,) = decode_up(raw, source=SOURCE)
    old = Intake(f"{SOURCE}/up/batch", BOX, NOON, refused=(
        Refused(raw, UnknownType(type="cn.gridwire.alarm.v1"), arrived.key, arrived.digest),
    ))  # fmt: skip
    outcome = await Inbox(store).commit([old])
    assert (outcome.stored, outcome.dead, outcome.answers[0].ranges.to_pairs()) == (0, 1, ((1, 1),))
    results = [await rereading.retry(store, row) async for row in rereading.find(store)]
    assert [result.stored for result in results] == [True]
    assert [row async for row in rereading.find(store)] == []
    async with store.read() as connection:
        key = (await connection.execute(select(t.event_key))).one()
        stored = (await connection.execute(select(t.event))).one()
    assert (key.state, key.event_id, stored.seq, stored.raw) == ("stored", stored.id, 1, raw)
    assert (await Inbox(store).commit([came(raw)])).repeats == 1


async def test_a_gap_settles_numbers_and_late_comers_are_stored_all_the_same(store: Store) -> None:
    inbox = Inbox(store)
    gap = Gap(stream=STREAM, lane="alarm", ranges=((1, 3),), reason="quota")
    await inbox.commit([came(event(gap, 1), event(ALARM, 4))])
    async with store.read() as connection:
        query = select(t.stream_state.c.stored_through).where(t.stream_state.c.lane == "alarm")
        assert (await connection.execute(query)).scalar_one() == 4
    assert (await inbox.commit([came(event(ALARM, 2))])).stored == 1


async def test_a_camera_that_goes_down_shows_before_the_next_health(store: Store) -> None:
    inbox = Inbox(store)
    birth = messages.Birth(
        box=BOX, version="1", boot="b", started=NOON, config_hash="0",
        devices=(messages.DeviceInfo(id="cam-1", driver="onvif"),),
    )  # fmt: skip
    await inbox.commit([intake.read(f"{SOURCE}/up/birth", msgspec.json.encode(birth), received=NOON)])
    await inbox.commit([came(event(DeviceState(state="down", reason="refused"), 1))])
    async with store.read() as connection:
        row = (await connection.execute(select(t.device_state))).one()
    assert (row.state, row.reason, row.since) == ("down", "refused", NOON)


async def test_the_brokers_memory_does_not_make_a_box_seen(store: Store) -> None:
    status = messages.Status(state="online", boot="b", connection=1, version="1")
    retained = intake.read(f"{SOURCE}/up/status", msgspec.json.encode(status), received=NOON, retained=True)
    await Inbox(store).commit([retained])
    async with store.read() as connection:
        row = (await connection.execute(select(t.box))).one()
    assert (row.status, row.last_seen) == ("online", None)


async def test_who_comes_back_to_the_feed_hears_what_was_missed(store: Store) -> None:
    inbox, feed = Inbox(store), Committed(store)
    outcome: Outcome = await inbox.commit([came(event(ALARM, 1), event(ALARM, 2))])
    listener = feed.since(1)
    assert [row.seq for row in await anext(listener)] == [2]
    later = await inbox.commit([came(event(ALARM, 3))])
    feed.tell(later.last_id)
    assert [row.id for row in await anext(listener)] == [outcome.last_id + 1]
    await listener.aclose()


@pytest.mark.parametrize(
    ("state", "boot", "connection", "stale"),
    [
        ("lost", "b", 4, True),
        ("lost", "b", 5, False),
        ("lost", "b", 6, False),
        ("lost", "a", 9, True),
        ("online", "c", 1, False),
        ("online", "b", 4, True),
        ("offline", "b", 5, False),
    ],
)
def test_which_status_is_old(state: str, boot: str, connection: int, stale: bool) -> None:
    status = messages.Status(state=state, boot=boot, connection=connection, version="1")
    assert boxes.is_stale(status, boot="b", connection=5) is stale
    assert boxes.is_stale(status, boot="", connection=0) is False
