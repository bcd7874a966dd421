"""A county for the mixed run: mosquitto behind a line that fails, a hub, a box on a small disk with a clock of its own.

`fail` does one fault by name and leaves everything running again; what a fault may have destroyed is written into the
account. Everything drawn comes from one seed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

from simulators.proxy import Proxy
from tests.chaos.account import Account
from tests.chaos.otherbox import OtherBox
from tests.harness import until
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess, Ledger, emitter
from tests.smalldisk import small_disk_if_allowed

WORKERS = {"sos": 1, "alarm": 3, "checkin": 3, "reading": 2, "picture": 1}
EVERY_MS = 60
DISK_MB = 160
KEEPALIVE_S = 10
SHOWN_WITHIN_S = 15.0
"""Births and health come at least every ten seconds."""
SLOW_BYTES_PER_S = 20_000
DELAY_MS = 80
_STORE = "max_mb = 24\npictures_max_mb = 8"
_HUB = f"resend_after_s = 2\nkeepalive_s = {KEEPALIVE_S}"


class County:
    """What runs: `broker`, `hub`, `agent`, and between agent and broker the `proxy`."""

    def __init__(self, folder: Path, broker: Mosquitto, proxy: Proxy, chance: random.Random) -> None:
        self.folder, self.broker, self.proxy, self.chance = folder, broker, proxy, chance
        self.stop_file = folder / "stop"
        self.account = Account(Ledger(folder / "pond.txt"))
        self.hub = HubProcess(folder / "hub", broker.port, "[replay]\npause_s = 1\n")
        self.machine = OtherBox(folder / "machine", "machine")
        self.agent = self.new_agent(folder / "box", self.account.ledger, self.machine)
        self.store = folder / "box" / "store"
        self.starts: Counter[str] = Counter()
        self.disk_why_not = ""

    def new_agent(self, folder: Path, ledger: Ledger, machine: OtherBox) -> AgentProcess:
        devices = emitter(ledger.path, WORKERS, every_ms=EVERY_MS, picture_bytes=3000, stop_file=str(self.stop_file))
        agent = AgentProcess(folder, self.proxy.port, devices, hub=_HUB, store=_STORE)
        agent.environment = machine.environment
        return agent

    # -- the box ------------------------------------------------------------------------------------------------------

    async def start_agent(self, *, set_back: bool = False) -> None:
        """Up, and it stores again. `set_back`: on a storage that may have forgotten what it had stored."""
        if set_back:
            self.account.set_back()
        before = len(self.account.ledger.told_ids)
        self.agent.start()
        await until(lambda: len(self.account.ledger.told_ids) > before or not self.agent.is_running, 60)
        assert self.agent.is_running, f"the agent does not start any more:\n{self.agent.log}"

    async def store_some(self, count: int) -> None:
        """Until so many more events were told to be stored."""
        wanted = len(self.account.ledger.told_ids) + count
        await until(lambda: len(self.account.ledger.told_ids) >= wanted or not self.agent.is_running, 60)

    async def linger(self, low_s: float, high_s: float) -> None:
        await asyncio.sleep(self.chance.uniform(low_s, high_s))

    async def until_heard(self, stream: str) -> None:
        """The hub has an event of this stream."""
        await until(lambda: self.hub.rows(f"SELECT 1 FROM event_key WHERE stream = '{stream}' LIMIT 1"), 60)

    def stream(self) -> str:
        """In which the newest event that was told stands."""
        return list(self.account.ledger.told_at.values())[-1][0]

    # -- the hub ------------------------------------------------------------------------------------------------------

    def at_hub(self) -> set[str]:
        return {event for (event,) in self.hub.rows("SELECT event_id FROM event")}

    async def until_shown(self) -> None:
        """What can still arrive has; of what cannot, the hub shows that it is gone, or it counts as gone in silence."""
        so_far = self.account.on_its_way(self.at_hub())  # what is stored from now on would never end
        await until(lambda: so_far <= self.at_hub(), 60)
        try:
            await until(lambda: not self.account.unshown(self.hub, self.at_hub()), SHOWN_WITHIN_S)
        except TimeoutError:
            self.account.give_up_on(self.account.unshown(self.hub, self.at_hub()))

    async def drain(self) -> None:
        """Clock and line are right, nobody raises anything more; what is stored arrives, what is asked for comes."""
        self.proxy.mend()
        self.machine.step(0)
        self.stop_file.touch()
        await self.agent.until_running()
        await self.agent.until_drained(120)
        await until(lambda: not self.account.on_its_way(self.at_hub()), 60)
        assert self.agent.stop() == 0
        assert self.hub.stop() == 0


@contextlib.asynccontextmanager
async def county(folder: Path, chance: random.Random) -> AsyncIterator[County]:
    """All of it, running; killed at the end."""
    with (
        small_disk_if_allowed(folder / "box" / "store", DISK_MB) as why_not,
        Mosquitto(folder / "broker", persistence=True, extra="autosave_interval 1") as broker,
    ):
        async with Proxy("127.0.0.1", broker.port) as proxy:
            place = County(folder, broker, proxy, chance)
            place.disk_why_not = why_not
            with place.hub:
                await place.hub.until_connected()
                with place.agent:
                    await until(lambda: len(place.at_hub()) >= 20, 60)
                    yield place
