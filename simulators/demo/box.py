"""`python -m simulators.demo.box CONFIG`: the agent of the demo's village, as `edgeagent run`, but for its clock.

County and village are one machine here, so the box's clock is the county's clock, whether or not anybody keeps that
right: it counts as synchronised. Everything else is the agent as it is installed.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from edgeagent.agent import Agent
from edgeagent.clock import Clock
from edgeagent.downlink.countyconfig import with_county_or_without
from gridwire import logs
from gridwire.events import ClockState


class CountysClock(Clock):
    """This machine's clock, by which the hub goes too."""

    def state(self) -> ClockState:
        return "synced"


async def _serve(config: Path) -> bool:
    """Until it is told to stop; whether it is to start again with what the county has changed."""
    agent = Agent(with_county_or_without(config))
    agent.clock = CountysClock()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, agent.stopping.set)
    async with agent:
        await agent.run()
    return agent.again


def main() -> None:
    logs.start()
    while asyncio.run(_serve(Path(sys.argv[1]))):
        """Again, with the configuration that is there now."""


if __name__ == "__main__":
    main()
