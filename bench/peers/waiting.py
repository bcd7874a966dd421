"""Waiting from outside for something that the product has no reason to announce."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_LOOK_S = 0.002


async def look_until(condition: Callable[[], object]) -> None:
    """Two milliseconds between looks: cheap enough not to be measured, fine enough for what takes a second."""
    while not condition():  # noqa: ASYNC110 - nobody sets an event for a bench
        await asyncio.sleep(_LOOK_S)
