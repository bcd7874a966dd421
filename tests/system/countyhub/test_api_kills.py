"""The hub's process is killed while reports come in over HTTP: sent again with their keys, each is one case."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import random
from datetime import UTC, datetime

import pytest

from countyhub.api import tokens
from countyhub.store.engine import open_store
from tests.apis import Caller
from tests.harness import until
from tests.hubs import HubProcess
from tests.ports import NOBODY, free_port

pytestmark = [pytest.mark.usefixtures("database"), pytest.mark.slow, pytest.mark.chaos]
KEYS, KILLS, SENDERS = 60, 6, 4
GONE = (OSError, http.client.HTTPException)
AGAIN_S = 0.05
"""A sender tries again after this."""


@pytest.fixture
async def hub(tmp_path):
    found = HubProcess(tmp_path / "hub", NOBODY)
    port = free_port()
    found.config.write_text(found.config.read_text().replace("enabled = false", f"port = {port}"))
    store = await open_store(found.url)
    async with store.write() as connection:
        wish = tokens.wish("sender", ["cases:open"])
        _, text = await tokens.add(connection, wish, by="test", now=datetime.now(UTC))
    await store.close()
    found.caller = Caller(f"http://127.0.0.1:{port}", text)
    with found:
        yield found


async def send(hub: HubProcess, waiting: list[str], numbers: dict[str, str]) -> None:
    """Each until it is answered; whatever the answer was lost to, it goes again."""
    while waiting:
        key = waiting.pop()
        try:
            said = await hub.caller("POST", "/cases", {"title": key}, idempotency_key=key)
        except GONE:
            waiting.insert(0, key)
            await asyncio.sleep(AGAIN_S)
            continue
        if said.status == 201:
            number = said.json["case"]["number"]
            assert numbers.setdefault(key, number) == number
        else:
            assert said.code in ("api.in-progress", "api.database-away"), said
            waiting.insert(0, key)
            await asyncio.sleep(AGAIN_S)


async def test_every_report_becomes_one_case_whatever_is_killed_when(hub, counted):
    keys = [f"key-{number}" for number in range(KEYS)]
    waiting, numbers, chance = list(keys), {}, random.Random(7)
    senders = [asyncio.create_task(send(hub, waiting, numbers)) for _ in range(SENDERS)]
    for turn in range(1, KILLS + 1):
        await until(lambda turn=turn: len(numbers) >= KEYS * turn // (KILLS + 2), 60)
        await asyncio.sleep(chance.random() * 0.05)  # anywhere in the midst of it
        hub.kill()
        hub.start()
        await until(lambda turn=turn: hub.log.count("console on") >= turn + 1, 60)
        # Who was cut off would be let in again after a minute.
        hub.execute("UPDATE api_answer SET at = at - 61000000 WHERE status IS NULL")
    await asyncio.wait_for(asyncio.gather(*senders), 90)
    for key in keys:  # and once more, long after
        said = await hub.caller("POST", "/cases", {"title": key}, idempotency_key=key)
        assert said.json["case"]["number"] == numbers[key]
    rows = hub.rows("SELECT title, number FROM cases ORDER BY title")
    assert sorted(rows) == sorted(numbers.items())
    opened = hub.rows("SELECT count(*) FROM case_entry WHERE act = 'opened'")
    assert opened == [(KEYS,)]
    counted(f"{KEYS} reports over HTTP, {KILLS} kills -9: {len(rows)} cases, none twice")
    with contextlib.suppress(GONE):
        hub.stop()
