"""Who comes to the demo's terminal: grid workers with a card or badge on the village's roster, now and then a stranger.

Invented, and seen to be: the numbers begin with 99, which is nobody's region, and the names are 甲, 乙, 丙.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from simulators.demo.happened import person_hash
from simulators.terminal.cards import random_number

REGION: Final = "990126"
NOT_AGAIN_S: Final = 100.0
"""Well above the window in which a card counts once, so that nobody comes back just when it ends."""
_UID_BYTES: Final = 4
_STRANGERS: Final = 0.1


@dataclass(frozen=True)
class Visitor:
    """`what`: number on the identity card, UID of the IC card in hex, or the code on the badge."""

    name: str
    grid: str
    part: Literal["idcard", "iccard", "scanner"]
    what: str
    is_worker: bool = True


def _workers() -> tuple[Visitor, ...]:
    """Each with an identity card, an IC card and a badge; the same in every demo."""
    chance, found = random.Random(99), []
    for grid, name in (("001", "演示甲"), ("002", "演示乙"), ("003", "演示丙")):
        number = random_number(chance, REGION)
        found += [
            Visitor(name, grid, "idcard", number),
            Visitor(name, grid, "iccard", chance.randbytes(_UID_BYTES).hex().upper()),
            Visitor(name, grid, "scanner", f"W{number[6:]}"),
        ]
    return tuple(found)


WORKERS: Final = _workers()


def roster(secret: bytes, village: str) -> str:
    """The file that the village's technician would write: keyed hashes, names, grids."""
    rows = (f"{person_hash(secret, each.what)},{each.name},{village}{each.grid}" for each in WORKERS)
    return "\n".join(("person,name,grid", *rows, ""))


class Visitors:
    """Picks who comes next."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._came_s: dict[Visitor, float] = {}

    def next(self, now_s: float) -> Visitor:
        """A worker who has not been here lately; when all have, or by chance, a stranger."""
        rested = [each for each in WORKERS if now_s - self._came_s.get(each, -NOT_AGAIN_S) >= NOT_AGAIN_S]
        if not rested or self._chance.random() < _STRANGERS:
            return Visitor("演示访客", "", "idcard", random_number(self._chance, REGION), is_worker=False)
        found = self._chance.choice(rested)
        self._came_s[found] = now_s
        return found
