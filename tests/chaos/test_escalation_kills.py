"""Four processes turn lights and escalate, two are killed in the middle of it: every deadline fires, and fires once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from countyhub import escalation
from countyhub.cases.opening import open_case
from countyhub.store.casetables import case_entry, cases
from countyhub.store.engine import Store, open_store
from tests import postgres
from tests.casebooks import DAY, MORNING, RUBBISH, acts, book, opening
from tests.hubs import ROOT

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.timeout(300),
    pytest.mark.usefixtures("postgres_installed"),
]
CASES = 600
NOW = MORNING + DAY


def worker(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.chaos.escalator", url, NOW.isoformat()]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def one_alone(store: Store) -> list[str]:
    """What the timeline of one such case says when nobody disturbs."""
    async with store.write() as connection:
        number = (await open_case(connection, book(), opening("alone", category=RUBBISH), MORNING)).number
    assert await escalation.once(store, book(), NOW) == 1
    return await acts(store, number)


async def test_no_deadline_fires_twice_or_is_missed(counted: Callable[[str], None]) -> None:
    url = postgres.cluster().fresh()
    store = await open_store(url)
    expected = await one_alone(store)
    for start in range(0, CASES, 100):
        async with store.write() as connection:
            for index in range(start, start + 100):
                await open_case(connection, book(), opening(f"alarm/{index}", category=RUBBISH), MORNING)
    workers = [worker(url) for _ in range(4)]
    for victim in workers[:2]:  # in the middle of the round after its first
        await asyncio.to_thread(victim.stdout.readline)
        victim.kill()
    for each in workers:
        await asyncio.to_thread(each.communicate)
    assert [each.returncode for each in workers[2:]] == [0, 0]
    async with store.read() as connection:
        query = select(case_entry.c.number, func.count()).group_by(case_entry.c.number, case_entry.c.act)
        lines = Counter(number for number, _ in await connection.execute(query))
        numbers = list((await connection.execute(select(cases.c.number))).scalars())
        due = select(func.count()).where(cases.c.next_instant <= NOW)
        assert (await connection.execute(due)).scalar() == 0
    assert len(lines) == len(numbers) == CASES + 1
    for number in numbers:
        assert await acts(store, number) == expected
    counted(f"{CASES} cases, 4 processes, 2 killed: each told {expected[2:]}")
    await store.close()
