"""`countyhub check` on accounts, console and audit: each fault with a real cause."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text, update

from countyhub import configfile
from countyhub.audit import anchors, trail
from countyhub.checks import accounts, catalogue
from countyhub.checks import scene as scenes
from countyhub.store.audittables import audit
from countyhub.store.engine import open_store
from tests.hubs import COUNTY, database_url
from tests.logins import user

TRIGGERS = {"sqlite": ("DROP TRIGGER audit_stays_as_it_is",), "postgresql": ("DROP TRIGGER audit_stays ON audit",)}


@pytest.fixture
async def store(tmp_path, database):
    found = await open_store(database_url(tmp_path))
    yield found
    await found.close()


async def codes(folder, web="", now=None):
    """Code -> line of what the check finds."""
    file, url = folder / "countyhub.toml", database_url(folder)
    where = f'[database]\nurl = "{url}"\n' if url.startswith("postgresql") else ""
    file.write_text(f'county = "{COUNTY}"\ndata_dir = "{folder}"\n{web}{where}')
    async with scenes.look(configfile.load(file)) as scene:
        seen = scene._replace(now=now or datetime.now(UTC))
        lines = [line async for _, line in catalogue.run(seen, frozenset({"accounts"}))]
    return {line.code: line for line in lines if line.level != "pass"}


async def test_nobody_one_and_two_who_may_manage_users(tmp_path, store):
    assert (await codes(tmp_path))["check.no-users"].level == "fail"
    await user(store, "look", ["inspector"])
    assert (await codes(tmp_path))["check.no-admin"].level == "warn"
    await user(store, "chief", ["county"])
    found = await codes(tmp_path)
    assert ("chief" in found["check.one-admin"].text("en"), list(found)) == (True, ["check.one-admin"])
    await user(store, "second", ["county"])
    assert await codes(tmp_path) == {}


async def test_a_console_that_must_not_listen_is_told(tmp_path, store):
    for name in ("one", "two"):
        await user(store, name, ["county"])
    found = await codes(tmp_path, '[web]\nhost = "0.0.0.0"\n')
    assert found["hub.console-open"].level == "fail"
    assert await codes(tmp_path, '[web]\nhost = "0.0.0.0"\nproxies = ["10.0.0.1"]\n') == {}


async def test_an_audit_that_was_changed_or_never_noted_elsewhere(tmp_path, store):
    now = datetime.now(UTC)
    for name in ("one", "two"):
        await user(store, name, ["county"])
    later = now + accounts.ANCHOR_DUE + timedelta(hours=1)
    assert (await codes(tmp_path, now=later))["check.anchor-missing"].level == "warn"
    async with store.write() as connection:
        await anchors.note(connection, tmp_path, later)
    assert await codes(tmp_path, now=later) == {}
    assert "check.anchor-missing" in await codes(tmp_path, now=later + accounts.ANCHOR_DUE + timedelta(hours=1))
    async with store.write() as connection:
        await trail.note(connection, "logout")
        for statement in TRIGGERS[connection.dialect.name]:  # who can do that can change rows
            await connection.execute(text(statement))
        await connection.execute(update(audit).where(audit.c.id == 2).values(who="user/nobody"))
    broken = (await codes(tmp_path, now=later))["check.audit-broken"]
    assert (broken.level, "row 2" in broken.text("en"), "第 2 条" in broken.text("zh")) == ("fail", True, True)
