"""A village's day at the terminal: its people, an agent on a box whose power fails, an uplink that is cut all day.

People wait for the tone, as people do, and do it again when none comes: what they were told is written down here.
With a `disk` its power is cut too, not only the agent killed; with a `clock` the agent's time runs faster than theirs.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from drivers.terminal.idnumber import load_village_key
from simulators.proxy import Proxy
from simulators.terminal import SimTerminal, random_card, snippet
from tests.chaos.fastclock import FastClock
from tests.chaos.powerdisk import Disk, Probes
from tests.harness import until
from tests.hubs import HubProcess
from tests.mosquitto import Mosquitto
from tests.processes import AgentProcess
from tests.terminals import village_key

PARTS = ("idcard", "iccard", "scanner", "keypad", "printer")
PATIENCE_S = 3.0
DONE, NEXT, ALREADY = (1, 2), (1, 1), (2, 1)
Tone = tuple[int, int]
Kind = Literal["checkin", "request", "rating"]


class Told(NamedTuple):
    """Somebody heard "done". `what`: the person's hash, or the score."""

    kind: Kind
    what: str


class Day:
    """`told` and `receipts` are what people took home; `tries` counts whatever was begun."""

    def __init__(
        self,
        folder: Path,
        terminal: SimTerminal,
        uplink: Proxy,
        broker: Mosquitto,
        *,
        disk: Disk | None = None,
        clock: FastClock | None = None,
    ) -> None:
        self.disk, self.clock = disk, clock
        self.probes = Probes(disk.folder) if disk is not None else None
        self.terminal, self.uplink, self.broker = terminal, uplink, broker
        self.told: list[Told] = []
        self.tries: Counter[str] = Counter()
        self.power_cuts = 0
        key_file = village_key(folder)
        self._key = load_village_key(key_file)
        self.hub = HubProcess(folder / "hub", broker.port, "[replay]\npause_s = 1\n")
        quick = {"reopen_first_s": 0.05, "reopen_last_s": 0.2, "inter_byte_timeout_s": 0.05}
        parts = [{**part, **(quick if clock is None else {})} for part in terminal.settings]
        identify_s = 1.0 if clock is None else 60.0  # people move in our time
        devices = snippet(parts, key_file=str(key_file), identify_s=identify_s, window_s=3600.0)
        self.agent = AgentProcess(folder / "box", uplink.port, devices, hub="resend_after_s = 2" if not clock else "")
        if clock is not None:
            head, table, rest = self.agent.config.read_text().partition("backoff_max_s = 1\nhealth_every_s = 5\n")
            assert table
            self.agent.config.write_text(head + rest)  # a day's timers are those of a box

    @property
    def receipts(self) -> list[str]:
        """Numbers that came out of the printer."""
        return [code.rpartition(":")[2] for slip in self.terminal.slips for code in slip.codes]

    async def until_open(self) -> None:
        """The station is open: every part is watched."""
        await self.agent.until_running()
        await self.agent.until_up()

    def begin(self) -> None:
        """The box is switched on; its clock goes on where it was."""
        self.agent.environment = self.clock.environment if self.clock is not None else {}
        self.agent.start()

    async def cut_power(self, chance: random.Random) -> None:
        """The disk stops and the agent is killed, in any order; a while in the dark, and on again."""
        await asyncio.to_thread(self._cut_power, chance)
        self.power_cuts += 1
        await asyncio.sleep(0.3)
        await asyncio.to_thread(self.begin)
        await self.until_open()

    def _cut_power(self, chance: random.Random) -> None:
        if self.disk is None or self.probes is None:
            self.agent.kill()
            return
        self.probes.write()
        steps = [self.disk.stop, self.agent.kill]
        chance.shuffle(steps)
        for step in steps:
            step()
        self.disk.replug()
        self.probes.look()

    # -- people ----------------------------------------------------------------------------------------------------

    async def check_in(self, chance: random.Random) -> None:
        """By identity card, IC card or badge; again until there is an answer."""
        way = chance.choice(("idcard", "iccard", "scanner"))
        card, uid, badge = random_card(chance), chance.randbytes(4), f"W{chance.randrange(10**7):07}"
        person = {"idcard": card.number, "iccard": uid.hex().upper(), "scanner": badge}[way]

        def show() -> None:
            if way == "idcard":
                self.terminal.present_card(card)
            elif way == "iccard":
                self.terminal.show_ic(uid)
            else:
                self.terminal.scan(badge)

        heard = await self._until_heard("checkin", show, DONE, ALREADY)
        self.terminal.lift_card()
        if heard == DONE:
            self.told.append(Told("checkin", self._key.hash_number(person).digest))

    async def ask(self, chance: random.Random) -> None:
        """A service or a matter, with or without a card, and perhaps a rating."""
        wish = chance.choice(("item:0301", "item:0302:proxy", "report:0102"))
        uid = chance.randbytes(4)
        with_card = ":proxy" in wish or chance.random() < 0.5
        done = False
        while not done:  # when the power goes while it waits, nobody was told, and the key is pressed again
            await self._until_heard("request", lambda: self.terminal.press(wish), NEXT)
            before = len(self.terminal.beeps)
            if with_card:
                self.terminal.show_ic(uid)
            done = await self._heard(before, DONE) is not None
        self.told.append(Told("request", self._key.hash_number(uid.hex().upper()).digest if with_card else ""))
        if chance.random() < 0.5:
            score = chance.randrange(1, 6)
            await self._until_heard("rating", lambda: self.terminal.press(f"rate:{score}"), DONE)
            self.told.append(Told("rating", str(score)))

    async def _until_heard(self, kind: str, do: Callable[[], object], *tones: Tone) -> Tone:
        """Do it again and again until one of these tones is heard."""
        while True:
            self.tries[kind] += 1
            before = len(self.terminal.beeps)
            do()
            if (heard := await self._heard(before, *tones)) is not None:
                return heard
            self.terminal.lift_card()
            await asyncio.sleep(1.1)  # longer than a key may bounce

    async def _heard(self, before: int, *tones: Tone) -> Tone | None:
        """The first of these tones after so many beeps; None when patience is over."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    for beep in self.terminal.beeps[before:]:
                        if (beep.times, beep.units) in tones:
                            return beep.times, beep.units
                    await asyncio.sleep(0.005)
        except TimeoutError:
            return None

    # -- the county ------------------------------------------------------------------------------------------------

    def at_hub(self, kind: Kind) -> list[dict[str, Any]]:
        rows = self.hub.rows(f"SELECT raw FROM event WHERE subject = 'desk' AND type = 'cn.gridwire.{kind}.v1'")
        return [msgspec.json.decode(raw)["data"] for (raw,) in rows]

    def times(self, kind: Kind) -> list[str]:
        """When each happened, by the agent's clock."""
        rows = self.hub.rows(f"SELECT raw FROM event WHERE subject = 'desk' AND type = 'cn.gridwire.{kind}.v1'")
        return [msgspec.json.decode(raw)["time"] for (raw,) in rows]

    async def drain(self) -> None:
        """The uplink is mended; everything arrives."""
        self.uplink.mend()
        await self.agent.until_drained()
        assert self.agent.stop() == 0
        await until(lambda: self.hub.rows("SELECT count(*) FROM event"))
        assert self.hub.stop() == 0
