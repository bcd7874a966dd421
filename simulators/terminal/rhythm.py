"""The life before a terminal: people come, show a card or a code, and go; at random but from a seed."""

import asyncio
import random

from simulators.terminal.cards import random_card, random_number
from simulators.terminal.terminal import SimTerminal

_M1_BYTES = 4


async def keep_visiting(terminal: SimTerminal, every_s: float, chance: random.Random) -> None:
    """Somebody comes about each `every_s` seconds; runs until cancelled."""
    while True:
        await asyncio.sleep(every_s * chance.uniform(0.5, 1.5))
        match chance.choice(("idcard", "iccard", "scanner")):
            case "idcard":
                terminal.present_card(random_card(chance))
                await asyncio.sleep(min(every_s / 2, 3.0))
                terminal.lift_card()
            case "iccard":
                terminal.show_ic(chance.randbytes(_M1_BYTES))
            case _:
                terminal.scan(f"W{random_number(chance)[6:14]}")
