"""A village's day: 60 check-ins, 40 requests, ratings, no uplink until the evening, the power cut twice. Counted."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.proxy import Proxy
from simulators.terminal import SimTerminal
from tests.chaos.seed import SEED
from tests.chaos.villageday import PARTS, Day
from tests.mosquitto import Mosquitto

CHECKINS, REQUESTS = 60, 40


async def people_come(day: Day, chance: random.Random) -> None:
    """One after the other; twice the power goes while somebody is being served."""
    visits = [day.check_in] * CHECKINS + [day.ask] * REQUESTS
    chance.shuffle(visits)
    dark = set(chance.sample(range(10, len(visits) - 10), 2))
    for number, visit in enumerate(visits):
        serving = asyncio.create_task(visit(chance))
        if number in dark:
            await asyncio.sleep(chance.uniform(0.0, 0.02))
            await day.cut_power()
        await serving


def count(day: Day, counted: Callable[[str], None]) -> dict[str, int]:
    """What is wrong: nothing, if all is well."""
    told = Counter(one.kind for one in day.told)
    at_hub = {kind: day.at_hub(kind) for kind in ("checkin", "request", "rating")}
    people = Counter(data["person"] for data in at_hub["checkin"])
    asked = Counter(data.get("person", "") for data in at_hub["request"])
    scores = Counter(str(data["score"]) for data in at_hub["rating"])
    printed, filed = Counter(day.receipts), Counter(data["receipt"] for data in at_hub["request"])
    lost = {
        "check-ins lost": (Counter(one.what for one in day.told if one.kind == "checkin") - people).total(),
        "requests lost": (Counter(one.what for one in day.told if one.kind == "request") - asked).total(),
        "ratings lost": (Counter(one.what for one in day.told if one.kind == "rating") - scores).total(),
        "receipts lost": (printed - filed).total(),
        "check-ins twice": people.total() - len(people),
        "receipts twice": filed.total() - len(filed),
        "bound to no receipt of the day": sum(
            data.get("receipt", "") not in filed for data in at_hub["rating"] if data.get("receipt")
        ),
    }
    counted(
        f"CHAOS_SEED={SEED}; power cuts {day.power_cuts}; told done: {dict(told)}; tried: {dict(day.tries)}; "
        f"at the hub: { ({kind: len(found) for kind, found in at_hub.items()}) }; "
        f"receipts printed {printed.total()}; {lost}"
    )
    return lost


@pytest.mark.slow
@pytest.mark.chaos
@pytest.mark.timeout(900)
async def test_a_day_without_uplink_arrives_complete_and_once(tmp_path: Path, counted: Callable[[str], None]) -> None:
    print(f"CHAOS_SEED={SEED}")
    with Mosquitto(tmp_path / "broker", persistence=True) as broker:
        async with Proxy("127.0.0.1", broker.port) as uplink, SimTerminal(tmp_path / "ports", PARTS) as terminal:
            day = Day(tmp_path, terminal, uplink, broker)
            with day.hub, day.agent:
                await day.until_open()
                uplink.cut()
                await people_come(day, random.Random(SEED))
                assert day.at_hub("checkin") == []
                await day.drain()
            wrong = count(day, counted)
    assert day.power_cuts == 2
    assert Counter(one.kind for one in day.told)["request"] == REQUESTS
    assert {what: number for what, number in wrong.items() if number} == {}
    assert day.hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert day.hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    assert day.hub.rows("SELECT coalesce(sum(missing), 0), coalesce(sum(lost), 0) FROM stream_state") == [(0, 0)]
