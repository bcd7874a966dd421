"""What is old goes, kind by kind; what is not settled stays, and so do the keys: nothing is ever taken twice."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, func, select, text, update

from countyhub import cli
from countyhub.config import RetentionSettings
from countyhub.ingest import intake
from countyhub.ingest.inbox import Inbox
from countyhub.ingest.intake import Intake
from countyhub.store import casetables, hooktables, mattertables, partitions, retention, upkeep
from countyhub.store import tables as t
from countyhub.store.engine import Store, open_store
from countyhub.store.partitions import Month
from gridwire.codec import encode_event
from gridwire.events import Alarm, Gap
from gridwire.instants import microseconds
from tests.hubs import database_url
from tests.instances import BOX, SOURCE, STREAM, event

POSTGRES_QUICK = True
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=500)
DAYS = RetentionSettings(
    pictures_days=90, events_days=400, dead_letters_days=200, gaps_days=400, orders_days=200
)  # fmt: skip
JPEG = b"\xff\xd8\xff\xe0" + bytes(500) + b"\xff\xd9"
ALARM = Alarm(kind="motion", state="start")


def came(seq: int, when: datetime, data: object = ALARM) -> Intake:
    return intake.read(f"{SOURCE}/up/event", encode_event(event(data, seq)), received=when)


async def count(store: Store, table: object) -> int:
    async with store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def filled(store: Store) -> None:
    inbox = Inbox(store)
    for seq, when in ((1, OLD), (2, OLD), (3, NOW), (4, OLD), (5, NOW)):
        await inbox.commit([came(seq, when)])
        await inbox.commit([intake.read(f"{SOURCE}/up/media/{STREAM}/{seq}", JPEG, received=when)])
    gap = Gap(stream=STREAM, lane="alarm", ranges=((7, 9),), reason="quota")
    await inbox.commit([came(1, OLD, gap)])
    await inbox.commit([came(3, NOW, Alarm(kind="tamper", state="start"))])  # a number used twice, and an order
    for number in range(2):
        await inbox.commit([intake.read(f"{SOURCE}/up/event", b"garbage %d" % number, received=OLD)])
    async with store.write() as connection:
        await connection.execute(update(t.dead_letter).where(t.dead_letter.c.id == 1).values(stored=OLD))
        await connection.execute(update(t.command).values(created=OLD, expires=OLD))
        (order,) = (await connection.execute(select(t.command.c.id))).one()
        open_one = {
            "id": "open",
            "box": BOX,
            "op": "replay",
            "args": b"{}",
            "by": "hub",
            "created": OLD,
            "expires": NOW,
        }
        await connection.execute(t.command.insert().values(open_one))
        for name in (order, "open"):
            reply = {"id": name, "part": 1, "parts": 2, "box": BOX, "ok": True, "code": "", "text": "", "result": b"{}"}
            await connection.execute(t.command_reply.insert().values(received=OLD, **reply))
        for number, (state, finished) in enumerate([("done", OLD), ("dead", OLD), ("done", NOW), ("waiting", None)]):
            await connection.execute(hooktables.webhook_delivery.insert().values(
                webhook="hook", message=f"m{number}", source="event", source_id=number, type="t", body=b"{}",
                state=state, attempts=1, failures=0, created=OLD, due=OLD, finished=finished, error=""))  # fmt: skip


async def test_a_look_first_then_what_is_old_goes_and_what_is_open_stays(store: Store) -> None:
    await filled(store)
    expected = {"pictures": 3, "events": 4, "letters": 1, "reused": 0, "gaps": 1, "orders": 1, "replies": 1}
    expected |= {"deliveries": 2, "matters": 0, "links": 0, "suppressed": 0, "attachments": 0, "cases": 0}
    before = await count(store, t.event)
    for dry_run in (True, True, False):
        assert await count(store, t.event) == before
        found = await retention.prune(store, DAYS, NOW, dry_run=dry_run)
        assert {pruned.kind: pruned.rows for pruned in found} == expected
    assert [await count(store, table) for table in (t.event, t.media, t.dead_letter, t.number_reused)] == [2, 2, 1, 1]
    assert await count(store, t.event_key) == 11
    assert await count(store, t.stream_state) == 3
    assert all(pruned.rows == 0 for pruned in await retention.prune(store, DAYS, NOW))


async def test_what_was_pruned_and_comes_again_is_a_repeat(store: Store) -> None:
    await filled(store)
    await retention.prune(store, DAYS, NOW)
    outcome = await Inbox(store).commit([came(1, NOW), came(4, NOW)])
    assert (outcome.stored, outcome.repeats) == (0, 2)


async def test_ids_never_come_again_even_when_everything_went(store: Store) -> None:
    await filled(store)
    async with store.read() as connection:
        highest = (await connection.execute(select(func.max(t.event.c.id)))).scalar_one()
    await retention.prune(store, DAYS, NOW + timedelta(days=1000))
    assert await count(store, t.event) == 0
    assert (await Inbox(store).commit([came(10, NOW)])).last_id == highest + 1


async def test_for_ever_is_for_ever(store: Store) -> None:
    await filled(store)
    never = RetentionSettings(**dict.fromkeys(RetentionSettings.__struct_fields__, 0))
    assert await retention.prune(store, never, NOW + timedelta(days=30000)) == []


@pytest.mark.postgres_only
async def test_the_inbox_has_months_which_are_given_up_whole(store: Store) -> None:
    await filled(store)
    async with store.read() as connection:
        months = await connection.run_sync(partitions.existing)
        assert Month(2025, 7) in months
        assert not (await connection.execute(text("SELECT 1 FROM event_default"))).all()
        held = (await connection.execute(text(f"SELECT count(*) FROM {Month(2025, 7).table}"))).scalar_one()
    assert held == 4
    await retention.prune(store, DAYS, NOW)
    async with store.read() as connection:
        assert Month(2025, 7) not in await connection.run_sync(partitions.existing)


@pytest.mark.postgres_only
async def test_a_month_that_cannot_be_made_now_is_made_later_with_its_rows(store: Store) -> None:
    """Somebody reads the whole inbox, as a backup does: events go on into the default part."""
    async with store.read() as connection:
        await connection.execute(select(t.event))
        for seq in (1, 2):
            assert (await Inbox(store).commit([came(seq, OLD)])).stored == 1
    async with store.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM event_default"))).scalar_one() == 2
    assert await retention.make_months(store, NOW) != []
    async with store.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM event_default"))).scalar_one() == 0
        found = (await connection.execute(select(t.event.c.seq).order_by(t.event.c.id))).scalars().all()
    assert found == [1, 2]
    assert [pruned.rows for pruned in await retention.prune(store, DAYS, NOW) if pruned.kind == "events"] == [2]


@pytest.mark.postgres_only
async def test_nobody_waits_for_a_month_to_go(store: Store) -> None:
    await filled(store)
    async with store.read() as connection:
        await connection.execute(select(t.event))
        found = {pruned.kind: pruned.rows for pruned in await retention.prune(store, DAYS, NOW)}
    assert (found["events"], found["pictures"]) == (0, 3)
    assert {pruned.kind: pruned.rows for pruned in await retention.prune(store, DAYS, NOW)}["events"] == 4


def test_months() -> None:
    at = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    assert partitions.ahead(at) == [Month(2026, 11), Month(2026, 12), Month(2027, 1)]
    assert Month(2026, 12).end == Month(2027, 1).begin == datetime(2027, 1, 1, tzinfo=UTC)
    assert partitions.month_named(Month(2026, 2).table) == Month(2026, 2)
    assert partitions.month_named(partitions.DEFAULT) is None


async def test_the_daily_round_makes_months_and_gives_up_what_is_old(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(store)
    caplog.set_level("INFO")
    await upkeep.once(store, DAYS, NOW + timedelta(days=200))
    assert await count(store, t.media) == 0
    assert "5 rows of pictures" in caplog.text
    assert ("a part for 2027-06" in caplog.text) is store.is_postgres
    assert await count(store, t.event) == 2


@pytest.mark.parametrize("words", [("--dry-run",), (), ("--json",)])
def test_by_hand(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    path, url = tmp_path / "countyhub.toml", database_url(tmp_path)
    path.write_text(f'county = "431126"\ndata_dir = "{tmp_path}"\n[database]\nurl = "{url}"\n')

    async def fill() -> None:
        store = await open_store(url)
        await filled(store)
        await store.close()

    asyncio.run(fill())
    assert cli.main(["prune", *words, "--config", str(path), "--language", "zh"]) == 0
    said = capsys.readouterr().out
    if "--json" in words:
        assert {each["kind"]: each["rows"] for each in json.loads(said)}["pictures"] == 3
    else:
        assert f"之前）：{'将清理' if words else '已清理'} 3 行" in said
    assert cli.main(["prune", "--dry-run", "--config", str(path), "--language", "en"]) == 0
    assert (": 3 would go" in capsys.readouterr().out) is ("--dry-run" in words)


async def with_case(store: Store, *, open_: bool, events: tuple[int, ...]) -> None:
    """A case that stands on these rows of the inbox."""
    columns: dict[str, Any] = {
        column.name: ""
        for column in casetables.cases.columns
        if isinstance(column.type, String) and not column.nullable
    }
    columns |= {"number": "1", "key": "k", "open": open_, "version": 1, "edition": 1, "arrived": OLD, "changed": OLD}
    async with store.write() as connection:
        await connection.execute(casetables.cases.insert().values(**columns, state=b"{}"))
        rows = [{"number": "1", "event_id": each} for each in events]
        await connection.execute(casetables.case_evidence.insert(), rows)


async def close_case(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(update(casetables.cases).values(open=False))


async def test_what_an_open_case_stands_on_stays_until_it_is_done(store: Store) -> None:
    """R-OPEN-11"""
    await filled(store)
    async with store.read() as connection:
        ids = list((await connection.execute(select(t.event.c.id).where(t.event.c.received == OLD))).scalars())
    await with_case(store, open_=True, events=(ids[0], ids[2]))
    for dry_run in (True, False):
        found = await retention.prune(store, DAYS, NOW, dry_run=dry_run)
        assert {pruned.kind: pruned.rows for pruned in found}["events"] == len(ids) - 2
    async with store.read() as connection:
        left = list((await connection.execute(select(t.event.c.id).where(t.event.c.received == OLD))).scalars())
    assert sorted(left) == [ids[0], ids[2]]
    await upkeep.once(store, DAYS, NOW)  # makes no month for them, and gives nothing up
    assert await count(store, t.event) == 4
    if store.is_postgres:
        async with store.read() as connection:
            assert Month(2025, 7) not in await connection.run_sync(partitions.existing)
    await close_case(store)
    assert {pruned.kind: pruned.rows for pruned in await retention.prune(store, DAYS, NOW)}["events"] == 2
    assert await count(store, t.event) == 2


async def test_matters_go_with_their_events_unless_they_last_or_are_in_hand(store: Store) -> None:
    await with_case(store, open_=True, events=(1,))
    end_us = microseconds(OLD)
    plain = {"begin_us": 1, "end_us": end_us, "open": False, "size": 1, "history": False, "number": None}
    rows = [plain | {"key": "over"}, plain | {"key": "lasts", "open": True}, plain | {"key": "case", "number": "1"}]
    async with store.write() as connection:
        await connection.execute(mattertables.matter.insert(), rows)
        link = {"box": BOX, "connected": True, "connection": 1, "boot": "b"}
        await connection.execute(mattertables.link.insert(), [link | {"at": at} for at in (OLD, NOW)])
        counted = {"reason": "repeated", "count": 1}
        days = [counted | {"day": at.date()} for at in (OLD, NOW)]
        await connection.execute(mattertables.suppressed.insert(), days)
    gone = {pruned.kind: pruned.rows for pruned in await retention.prune(store, DAYS, NOW)}
    assert (gone["matters"], gone["links"], gone["suppressed"]) == (1, 1, 1)
    async with store.read() as connection:
        left = (await connection.execute(select(mattertables.matter.c.key))).scalars().all()
    assert sorted(left) == ["case", "lasts"]
