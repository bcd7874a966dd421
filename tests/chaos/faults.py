"""Every kind of fault of the mixed run: who dies, who stands still, what the line does, a full disk, a wrong clock.

Each is a function of the county that does it once and leaves everything running. What happens to the box's files and
to anybody's identity is in `disasters`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.chaos.county import DELAY_MS, SLOW_BYTES_PER_S, County
from tests.smalldisk import fill

Fault = Callable[[County], Awaitable[None]]
YEARS_S = 365 * 86400


def kill(*victims: str) -> Fault:
    """kill -9 of all of them at once; they come back in any order, each after a while of its own."""

    async def work(place: County) -> None:
        for name in place.chance.sample(victims, len(victims)):
            await asyncio.to_thread(getattr(place, name).kill)
        for name in place.chance.sample(victims, len(victims)):
            await place.linger(0, 0.5)
            await (place.start_agent() if name == "agent" else asyncio.to_thread(getattr(place, name).start))

    return work


def freeze(name: str) -> Fault:
    """SIGSTOP and, later, SIGCONT."""

    async def work(place: County) -> None:
        getattr(place, name).pause()
        await place.linger(0.2, 2)
        getattr(place, name).resume()

    return work


async def cut(place: County) -> None:
    place.proxy.cut()
    await place.linger(0.2, 1.5)
    place.proxy.mend()


async def slow(place: County) -> None:
    place.proxy.slow(SLOW_BYTES_PER_S)
    await place.linger(0.5, 2)
    place.proxy.mend()


async def far(place: County) -> None:
    place.proxy.delay(DELAY_MS)
    await place.linger(0.5, 2)
    place.proxy.mend()


async def half_open(place: County) -> None:
    """Nothing passes and nobody is told; then what was under way arrives after all, or never."""
    place.proxy.freeze()
    await place.linger(0.5, 3)
    if place.chance.random() < 0.5:
        place.proxy.cut()
    place.proxy.mend()


async def duplicating(place: County) -> None:
    """The box is heard and hears no answer: it says all of it again."""
    place.proxy.drop_replies()
    await place.linger(0.5, 2)
    place.proxy.mend()


async def full_disk(place: County) -> None:
    """To the last byte, for a while, sometimes with a kill in the midst of it."""
    filler = await asyncio.to_thread(fill, place.store)
    await place.linger(0.3, 1.5)
    if killed := place.chance.random() < 0.4:
        place.agent.kill()
    filler.unlink()
    if killed or not place.agent.is_running:
        await place.start_agent()


async def clock_steps(place: County) -> None:
    """Backwards, forwards and perhaps right again, sometimes with a start in between."""
    for years in place.chance.sample((-40, -1, 1, 14), 2):
        place.machine.step(years * YEARS_S + place.chance.randrange(86400))
        await place.store_some(5)
        if place.chance.random() < 0.3:
            place.agent.kill()
            await place.start_agent()
    if place.chance.random() < 0.7:
        place.machine.step(0)


FAULTS: dict[str, Fault] = {
    "kill agent": kill("agent"),
    "kill broker": kill("broker"),
    "kill hub": kill("hub"),
    "kill agent+broker": kill("agent", "broker"),
    "kill agent+hub": kill("agent", "hub"),
    "kill broker+hub": kill("broker", "hub"),
    "kill all": kill("agent", "broker", "hub"),
    "freeze hub": freeze("hub"),
    "freeze broker": freeze("broker"),
    "freeze agent": freeze("agent"),
    "line cut": cut,
    "line slow": slow,
    "line far": far,
    "line half-open": half_open,
    "line duplicating": duplicating,
    "disk full": full_disk,
    "clock steps": clock_steps,
}
"""None of these may cost a single event."""
