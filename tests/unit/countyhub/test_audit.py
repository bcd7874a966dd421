"""The audit: a chain that tells of every change to it, on both databases."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from countyhub.accounts import auditupkeep
from countyhub.audit import anchors, pruning, reading, trail
from countyhub.audit.chain import Anchor
from countyhub.audit.trail import Asker
from countyhub.audit.verify import Broken, verify
from countyhub.config import BrokerSettings, Config
from countyhub.store.audittables import audit
from countyhub.store.engine import Store

NOW = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
TRIGGERS = {"sqlite": ("DROP TRIGGER audit_stays", "DROP TRIGGER audit_stays_as_it_is"),
            "postgresql": ("DROP TRIGGER audit_stays ON audit",)}  # fmt: skip


async def fill(store: Store, number: int = 5, at: datetime = NOW) -> None:
    instants = iter(at + timedelta(minutes=each) for each in range(number))
    with trail.as_(Asker("user/wang"), clock=lambda: next(instants)), trail.as_(Asker("user/li", "P1", "10.0.0.7")):
        for each in range(number):
            async with store.write() as connection:
                await trail.note(connection, "case.act", f"case/{each}", act="close")


async def verdict(store: Store, *known: Anchor) -> Broken | None:
    async with store.read() as connection:
        return (await verify(connection, known)).broken


async def tamper(store: Store, *statements: str) -> None:
    """As somebody would who owns the database."""
    kind = "postgresql" if store.is_postgres else "sqlite"
    async with store.write() as connection:
        for statement in (*TRIGGERS[kind], *statements):
            await connection.execute(text(statement))


async def test_a_row_says_who_and_what_and_a_rolled_back_act_was_never_done(store: Store) -> None:
    await fill(store, 2)
    with pytest.raises(RuntimeError):
        async with store.write() as connection:
            await trail.note(connection, "case.act", "case/9")
            raise RuntimeError
    async with store.read() as connection:
        newest, _ = await reading.newest(connection)
        found = await verify(connection)
    assert (newest.who, newest.person, newest.address, newest.object) == ("user/li", "P1", "10.0.0.7", "case/1")
    assert newest.at == NOW + timedelta(minutes=1), "by the clock that was handed in"
    assert (found.first, found.last, found.broken) == (1, 2, None)


async def test_the_hashes_are_those_that_anybody_can_reckon_and_hang_on_each_other(store: Store) -> None:
    """As docs/accounts.md tells it, without a line of ours: who changes a row must change every later one."""
    await fill(store, 3)
    async with store.write() as connection:
        await trail.note(connection, "case.act", "案件/1", by=Asker("a\nb", "", "x\ty"), at=NOW, act="关\n闭")
        rows = (await connection.execute(select(audit).order_by(audit.c.id))).all()
    before = bytes(32)
    for row in rows:
        at_us = round((row.at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000)
        said = [row.id, at_us, row.kind, row.who, row.person, row.address, row.object, row.detail.decode()]
        told = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        assert (row.previous, row.hash) == (before, hashlib.sha256(before + told).digest())
        before = row.hash
    assert (rows[-1].who, rows[-1].address, rows[-1].detail.decode()) == ("a b", "x y", '{"act":"关 闭"}')


async def test_the_database_itself_refuses_changes(store: Store) -> None:
    await fill(store)
    for statement in ("UPDATE audit SET who = 'x' WHERE id = 2", "DELETE FROM audit WHERE id = 5", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="audit is"):
            async with store.write() as connection:
                await connection.execute(text(statement))
    assert await verdict(store) is None


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET who = 'user/wang' WHERE id = 3", Broken(3, "changed")),
        ("UPDATE audit SET at = at + 1 WHERE id = 2", Broken(2, "changed")),
        ("DELETE FROM audit WHERE id = 3", Broken(3, "missing")),
        ("DELETE FROM audit WHERE id = 1", Broken(1, "missing")),
        ("DELETE FROM audit WHERE id > 3", Broken(4, "head")),
        ("UPDATE audit SET previous = hash WHERE id = 4", Broken(4, "linked")),
    ],
)
async def test_the_first_broken_row_is_named(store: Store, statement: str, broken: Broken) -> None:
    await fill(store)
    await tamper(store, statement)
    assert await verdict(store) == broken


async def test_an_end_that_was_cut_off_with_its_head_is_told_by_an_anchor(store: Store, tmp_path: Path) -> None:
    await fill(store, 3)
    async with store.read() as connection:
        await anchors.note(connection, tmp_path, NOW)
        last = (await reading.newest(connection, limit=1))[0]
    await fill(store, 2)
    async with store.read() as connection:
        await anchors.note(connection, tmp_path, NOW)
    known = anchors.read(tmp_path / anchors.FILE)
    assert [each.id for each in known] == [3, 5]
    assert await verdict(store, *known) is None
    await tamper(store, "DELETE FROM audit WHERE id > 3")
    async with store.write() as connection:
        await connection.execute(text("UPDATE audit_head SET last = 3, hash = :h"), {"h": last.hash})
    assert await verdict(store) is None, "the chain alone cannot know"
    assert await verdict(store, *known) == Broken(4, "cut")
    await fill(store, 2)
    assert await verdict(store, *known) is None or (await verdict(store, *known)).fault == "anchor"
    with trail.as_(Asker("user/other")):
        async with store.write() as connection:
            await trail.note(connection, "login")
    assert (await verdict(store, Anchor(4, bytes(32)))) == Broken(4, "anchor")


async def test_what_is_older_than_the_law_wants_is_given_up_from_the_old_end(store: Store) -> None:
    await fill(store, 4, NOW - timedelta(days=400))
    await fill(store, 3, NOW)
    assert await pruning.prune(store, 200, NOW, dry_run=True) == 4
    assert await pruning.prune(store, 1, NOW + timedelta(days=1)) == 4, "never less than six months"
    async with store.read() as connection:
        found = await verify(connection)
        newest = (await reading.newest(connection, limit=1))[0]
    assert (found.first, found.last, found.broken) == (5, 8, None)
    assert (newest.kind, newest.object) == ("audit.pruned", "audit/1-4")
    await tamper(store, "DELETE FROM audit WHERE id = 5")
    assert await verdict(store) == Broken(5, "missing")


async def test_each_day_the_end_is_noted_and_each_start_tells_of_other_settings(store: Store, tmp_path: Path) -> None:
    def settings(**given: object) -> Config:
        return Config(county="431126", data_dir=str(tmp_path), **given)

    for config in (settings(), settings(), settings(name="宁远县", broker=BrokerSettings(password="secret"))):
        await auditupkeep.once(store, config, NOW)
    async with store.read() as connection:
        rows = await reading.newest(connection, kind="settings.changed")
    told = [msgspec.json.decode(row.detail)["changed"] for row in rows]
    assert told == ["broker, name", "–"], "the same settings are no news"
    assert b"secret" not in rows[0].detail
    assert [each.id for each in anchors.read(tmp_path / anchors.FILE)] == [1, 1, 2]
