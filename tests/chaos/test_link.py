"""The promise over a bad line, counted: cut, slow, far away, half-open, and answers that never come back.

The agent, mosquitto and the hub are real; between agent and broker stands a proxy that fails by a seeded schedule.
A byte doubled by TCP does not exist; duplicates of MQTT are made as they are in life: the box is heard, its answers are
swallowed, the connection ends, and so everything that was under way is said again.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from simulators.proxy import Proxy
from tests.chaos.seed import SEED
from tests.chaos.tally import Line, Tally
from tests.harness import until
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter

WORKERS = {"sos": 1, "alarm": 3, "checkin": 3, "reading": 2, "picture": 1}
EVERY_MS = 100
KEEPALIVE_S = 10
SLOW_BYTES_PER_S = 20_000
DELAY_MS = 80
FAULTS = ["cut"] * 4 + ["drop_replies"] * 3 + ["repeat"] * 3 + ["slow"] * 3 + ["delay"] * 2 + ["freeze"]
"""In any order; the freeze lasts until the agent has found out by itself, some two keepalives."""
REPEATED = 20
"""So many rows are sent on the new connection before the hub may speak."""
LONG = 6
"""Times as many faults in the long run."""


class Village:
    """A village whose line to the county fails on demand."""

    def __init__(self, folder: Path, broker: Mosquitto, proxy: Proxy, devices: str) -> None:
        self.proxy = proxy
        self.faults: Counter[str] = Counter()
        self.ledger = Ledger(folder / "pond.txt")
        self.hub = HubProcess(folder / "hub", broker.port, "[replay]\npause_s = 1\n")
        self.agent = AgentProcess(
            folder / "box", proxy.port, devices, hub=f"resend_after_s = 2\nkeepalive_s = {KEEPALIVE_S}"
        )

    async def fail(self, fault: str, seconds: float) -> None:
        """One fault for a while, then the line is well again."""
        self.faults[fault] += 1
        if fault == "repeat":
            await self._repeat(seconds)
            return
        match fault:
            case "cut":
                self.proxy.cut()
            case "drop_replies":
                self.proxy.drop_replies()
            case "slow":
                self.proxy.slow(SLOW_BYTES_PER_S)
            case "delay":
                self.proxy.delay(DELAY_MS)
            case "freeze":
                await self._freeze()
        await asyncio.sleep(seconds)
        self.proxy.mend()

    async def _repeat(self, seconds: float) -> None:
        """The broker has it, no answer comes back, the hub is too slow to tell by itself: all of it is said again."""
        self.hub.pause()
        self.proxy.drop_replies()
        await asyncio.sleep(seconds)
        sent = await self._sent()
        self.proxy.mend()
        async with asyncio.timeout(30):
            while await self._sent() < sent + REPEATED:
                await asyncio.sleep(0.05)
        self.hub.resume()

    async def _sent(self) -> int:
        return int((await self.agent.status())["counters"]["sent"])

    async def _freeze(self) -> None:
        """Half-open, until the agent has given the connection up and tries another one."""
        await until(lambda: self.proxy.open, 30)
        self.proxy.freeze()
        before = self.proxy.connections
        await until(lambda: self.proxy.connections > before, 6 * KEEPALIVE_S)


@contextlib.asynccontextmanager
async def village(folder: Path, devices: str) -> AsyncIterator[Village]:
    """All of it, running; killed at the end."""
    with Mosquitto(folder / "broker") as broker:
        async with Proxy("127.0.0.1", broker.port) as proxy:
            place = Village(folder, broker, proxy, devices)
            with place.hub, place.agent:
                yield place


async def drain(place: Village) -> int:
    """What is stored arrives; nobody has been confused. Gives how many rows were sent, repeats included."""
    await place.agent.until_drained()
    counters = (await place.agent.status())["counters"]
    assert (counters["strange_acks"], counters["parked"]) == (0, 0)
    assert place.agent.stop() == 0
    assert place.hub.stop() == 0
    return int(counters["sent"])


def table(place: Village, tally: Tally, lines: list[Line], repeated: int) -> str:
    faults = ", ".join(f"{name} {count}" for name, count in sorted(place.faults.items()))
    rows = [f"{'':12} {'raised':>8} {'told':>8} {'at hub':>8} {'lost':>8} {'twice':>8}"]
    total = Line("all", *(sum(column) for column in zip(*(it[1:] for it in lines), strict=True)))
    rows += [f"{it.what:12} {it.raised:8} {it.told:8} {it.at_hub:8} {it.lost:8} {it.twice:8}" for it in [*lines, total]]
    line = f"line: {faults}; connections: {place.proxy.connections}"
    replies = f"bytes of replies lost: {place.proxy.bytes_dropped}; sent more than once: {repeated}"
    return "\n".join(["", f"CHAOS_SEED={SEED}", f"{line}; {replies}; declared gaps: {tally.gaps}", *rows])


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("times", [1, pytest.param(LONG, marks=pytest.mark.chaos)])
async def test_a_bad_line_loses_nothing_and_doubles_nothing(
    tmp_path: Path, counted: Callable[[str], None], times: int
) -> None:
    print(f"CHAOS_SEED={SEED}")
    chance = random.Random(SEED)
    stop_file = tmp_path / "stop"
    devices = emitter(tmp_path / "pond.txt", WORKERS, every_ms=EVERY_MS, stop_file=str(stop_file))
    async with village(tmp_path, devices) as place:
        await until(lambda: place.hub.rows("SELECT count(*) FROM event") > [(20,)], 60)
        faults = FAULTS * times
        chance.shuffle(faults)
        for fault in faults:
            await asyncio.sleep(chance.uniform(0.1, 0.7))
            await place.fail(fault, chance.uniform(0.2, 1.4))
        stop_file.touch()
        sent = await drain(place)
        tally = Tally(place)
        lines = [*tally.emitted(), tally.pictures()]
        rows = sum(place.hub.rows(f"SELECT count(*) FROM {name}")[0][0] for name in ("event", "media"))
        counted(table(place, tally, lines, sent - rows))
    assert place.proxy.bytes_dropped > 0
    assert sent >= rows + REPEATED, "hardly anything was said twice, so little was proved"
    assert {it.what: it.lost for it in lines if it.lost} == {}
    assert {it.what: it.twice for it in lines if it.twice} == {}
    assert (tally.ids_twice(), tally.pictures_altered(), tally.gaps) == (0, 0, 0)
    assert place.hub.rows("SELECT count(*) FROM number_reused") == [(0,)]
    assert place.hub.rows("SELECT count(*) FROM dead_letter") == [(0,)]
    assert place.hub.rows("SELECT coalesce(sum(missing), 0), coalesce(sum(lost), 0) FROM stream_state") == [(0, 0)]


@pytest.mark.slow
async def test_a_call_for_help_overtakes_even_the_picture_that_is_on_the_line(
    tmp_path: Path, counted: Callable[[str], None]
) -> None:
    """One packet cannot overtake another: the connection is dropped, and on the next one the call goes first."""
    quiet = tmp_path / "quiet"
    quiet.touch()
    devices = emitter(tmp_path / "camera.txt", {"picture": 1}, every_ms=1, until=5, picture_bytes=200_000)
    devices += emitter(tmp_path / "button.txt", {"sos": 1}, every_ms=5, until=1, stop_file=str(quiet))
    async with village(tmp_path, "") as place:
        await place.agent.until_status("connected", equals=True)
        place.proxy.slow(SLOW_BYTES_PER_S)
        place.agent.configure(devices)
        place.agent.reload()
        start = place.proxy.bytes_up
        await until(lambda: place.proxy.bytes_up > start + 20_000, 60)  # a picture crawls
        assert len(Ledger(tmp_path / "camera.txt").told) == 5
        assert place.hub.rows("SELECT count(*) FROM media") == [(0,)]
        quiet.unlink()
        await place.hub.until_rows("SELECT count(*) FROM event WHERE lane = 'urgent'", [(1,)])
        place.proxy.mend()
        await place.hub.until_rows("SELECT count(*) FROM media", [(5,)])
        ((called,),) = place.hub.rows("SELECT received FROM event WHERE lane = 'urgent'")
        before = [received for (received,) in place.hub.rows("SELECT received FROM media") if received <= called]
        counted(f"pictures before the call for help: {len(before)} of 5")
        await drain(place)
    assert before == []
