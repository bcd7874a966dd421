"""Killed between the commit and the answer, for certain: what nobody was told of is there all the same, once.

The agent dies when an event is on its disk and its driver has not heard so; the hub when events are in its database and
the box has not heard so. Each stop is looked at before the kill, and counted only if it really fell between.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from edgeagent.outbox import inspect
from gridwire.events import EVENT_LANES
from tests.chaos.between import as_a_restart_finds_it, stop_after_write
from tests.chaos.seed import SEED
from tests.chaos.tally import Line, Tally, name_of
from tests.filewatch import Writes
from tests.harness import until
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter

WORKERS = {"sos": 1, "alarm": 3, "checkin": 3, "reading": 1}
EVERY_MS = 15
WITHIN_S = {"agent": 0.002, "hub": 0.004}
"""So long after the write of a commit its answer is surely given."""
QUICK, LONG = 1, 40
"""Kills of each that must fall between."""
MAX_STOPS = 120
"""For each of them, before the machine is said to be unfit for this."""
_NEWEST = " UNION ALL ".join(
    f"SELECT * FROM (SELECT body FROM {lane} ORDER BY n DESC LIMIT 80)" for lane in EVENT_LANES
)


class Pair:
    """A box and its hub; `between` holds what was found committed and unanswered when one of them was killed."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.ledger = Ledger(folder / "pond.txt")
        self.stop_file = folder / "stop"
        self.hub = HubProcess(folder / "hub", port, "[replay]\npause_s = 1\n")
        devices = emitter(self.ledger.path, WORKERS, every_ms=EVERY_MS, stop_file=str(self.stop_file))
        self.agent = AgentProcess(folder / "box", port, devices, hub="resend_after_s = 2")
        self.stops = {"agent": 0, "hub": 0}
        self.kills = {"agent": 0, "hub": 0}
        self.between: dict[str, list[object]] = {"agent": [], "hub": []}

    async def start(self, name: str) -> None:
        """Up, and at work again."""
        getattr(self, name).start()
        before = self.progress()
        await until(lambda: all(now > then + 20 for now, then in zip(self.progress(), before, strict=True)), 60)

    def progress(self) -> tuple[int, int]:
        """Events told by the agent, events committed by the hub."""
        ((count,),) = self.hub.rows("SELECT count(*) FROM event_key") or [(0,)]
        return len(self.ledger.told_ids), count

    async def kill_between(self, name: str, chance: random.Random) -> None:
        """Stop it again and again after a write, until it stands between; then kill it, and start it again."""
        process = getattr(self, name)
        with Writes(Path(f"{process.database}-wal")) as writes:
            for _ in range(MAX_STOPS):
                if await asyncio.to_thread(stop_after_write, writes, process.pid, chance, WITHIN_S[name]):
                    self.stops[name] += 1
                    if found := await (self.untold() if name == "agent" else self.unacknowledged()):
                        break
                process.resume()
                await asyncio.sleep(chance.uniform(0, 0.05))
            else:
                pytest.fail(f"{name} was never between commit and answer in {MAX_STOPS} stops")
        process.kill()
        told = self.ledger.told_ids  # what the kernel was just writing down when the agent was stopped is told
        found = [it for it in found if it not in told]
        self.kills[name] += bool(found)
        self.between[name] += found
        await self.start(name)

    async def untold(self) -> list[object]:
        """Ids that the stopped agent has on its disk and has told nobody of."""
        bodies = await asyncio.to_thread(as_a_restart_finds_it, self.agent.database, self.folder / "aside", _NEWEST)
        events = [msgspec.json.decode(body) for (body,) in bodies]
        told = self.ledger.told_ids
        return [event["id"] for event in events if name_of(event) and event["id"] not in told]

    async def unacknowledged(self) -> list[object]:
        """Numbers that the stopped hub has in its database and has not acknowledged to the box."""
        query = "SELECT stream, lane, seq FROM event_key"
        committed = set(await asyncio.to_thread(as_a_restart_finds_it, self.hub.database, self.folder / "aside", query))
        await asyncio.sleep(0.1)  # what the hub has already said arrives ...
        wanted = len(self.ledger.told_ids) + 15
        await until(lambda: len(self.ledger.told_ids) >= wanted, 60)  # ... and is written down with the next commits
        with inspect.opened(self.agent.folder / "store") as content:
            unsettled = {
                (stream.id, lane, seq)
                for lane, book in content.book.lanes.items()
                for run in book.unsettled()
                for stream, low, high in content.book.spans(lane, *run)
                for seq in range(low, high + 1)
            }
        return sorted(committed & unsettled)

    async def drain(self) -> None:
        self.stop_file.touch()
        await self.agent.until_running()
        await self.agent.until_drained()
        assert self.agent.stop() == 0
        assert self.hub.stop() == 0


@contextlib.asynccontextmanager
async def pair(folder: Path) -> AsyncIterator[Pair]:
    with Mosquitto(folder / "broker") as broker:
        place = Pair(folder, broker.port)
        with place.hub:
            await place.hub.until_connected()
            with place.agent:
                await until(lambda: min(place.progress()) > 20, 60)
                yield place


def table(place: Pair, tally: Tally, lines: list[Line]) -> str:
    rows = [
        f"{name}: stopped {place.stops[name]} times, killed between commit and answer {place.kills[name]} times, "
        f"with {len(place.between[name])} events unanswered"
        for name in ("agent", "hub")
    ]
    rows.append(f"declared gaps: {tally.gaps}; blind intervals: {len(tally.blind('pond'))}")
    rows.append(f"{'':12} {'raised':>8} {'told':>8} {'at hub':>8} {'lost':>8} {'twice':>8}")
    total = Line("all", *(sum(column) for column in zip(*(it[1:] for it in lines), strict=True)))
    rows += [f"{it.what:12} {it.raised:8} {it.told:8} {it.at_hub:8} {it.lost:8} {it.twice:8}" for it in [*lines, total]]
    return "\n".join(["", f"CHAOS_SEED={SEED}", *rows])


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("times", [QUICK, pytest.param(LONG, marks=pytest.mark.chaos)])
async def test_a_kill_between_commit_and_answer(tmp_path: Path, counted: Callable[[str], None], times: int) -> None:
    print(f"CHAOS_SEED={SEED}")
    chance = random.Random(SEED)
    async with pair(tmp_path) as place:
        for name in chance.sample(["agent", "hub"] * times, 2 * times):
            await place.kill_between(name, chance)
        await place.drain()
        tally = Tally(place)
        lines = tally.emitted()
        counted(table(place, tally, lines))
    at_hub = {event for (event,) in place.hub.rows("SELECT event_id FROM event")}
    assert set(place.between["agent"]) <= at_hub, "what nobody was told of is stored all the same"
    assert min(place.kills.values()) >= max(1, times // 2), "hardly any kill fell between"
    assert {it.what: it.lost for it in lines if it.lost} == {}
    assert {it.what: it.twice for it in lines if it.twice} == {}
    assert (tally.ids_twice(), tally.gaps) == (0, 0)
    assert place.hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert place.hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    assert place.hub.rows("SELECT coalesce(sum(missing), 0), coalesce(sum(lost), 0) FROM stream_state") == [(0, 0)]
