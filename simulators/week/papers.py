"""What the week's people lay on a reader, as a box masks it. Invented, and seen to be: 99 is nobody's region. Pure."""

from __future__ import annotations

from random import Random
from typing import Final, Literal

from simulators.terminal.cards import random_number

REGION: Final = "990126"
_WITH_IDENTITY: Final = 2 / 3


def papers(who: str) -> tuple[Literal["id", "card"], str]:
    """Kind and masked number; the same for the same person, whatever else is drawn."""
    chance = Random(who)
    if chance.random() < _WITH_IDENTITY:
        number = random_number(chance, REGION)
        return "id", number[:6] + "*" * 8 + number[14:]
    return "card", f"****{chance.randrange(16**4):04X}"
