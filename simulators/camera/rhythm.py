"""The life before the cameras of a demo: people and vehicles come and go, at random but from a seed."""

import asyncio
import random
from collections.abc import Sequence

from simulators.camera.camera import Camera

# What a village road sees, and how often: mostly motion, seldom a tampered camera.
_KINDS = {"motion": 10, "person": 6, "vehicle": 5, "line_crossing": 3, "field": 2, "digital_input": 1, "tamper": 1}


async def keep_raising(cameras: Sequence[Camera], every_s: float, chance: random.Random) -> None:
    """Raise an alarm about each `every_s` seconds somewhere, and clear it later; runs until cancelled."""
    async with asyncio.TaskGroup() as group:
        while True:
            await asyncio.sleep(every_s * chance.uniform(0.5, 1.5))
            kind = chance.choices(list(_KINDS), list(_KINDS.values()))[0]
            camera = chance.choice(cameras)
            if kind not in camera.state.active:
                group.create_task(_episode(camera, kind, every_s * chance.uniform(0.3, 2.0)))


async def _episode(camera: Camera, kind: str, lasts_s: float) -> None:
    camera.raise_alarm(kind)
    if kind in camera.state.active:
        await asyncio.sleep(lasts_s)
        camera.raise_alarm(kind, active=False)
