"""A gateway that takes a moment for each message, so that kills fall before, between and after, and only counts."""

from __future__ import annotations

import asyncio
import random

from tests.gateways import Asked, Gateway, Says


class SlowGateway(Gateway):
    """Keeps no second copy back."""

    def __init__(self, dice: random.Random) -> None:
        super().__init__(Says())
        self._dice = dice

    async def before_answer(self, asked: Asked) -> None:
        await asyncio.sleep(self._dice.uniform(0, 0.15))
