"""`edgeagent run`: the agent as a process: its signals, and what its end means.

Exit code 78 for a wrong configuration, after which systemd starts it no more; 73 when the outbox cannot be opened.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from edgeagent.agent import Agent
from edgeagent.configfile import BadConfig, Loaded
from edgeagent.downlink.countyconfig import with_county_or_without
from edgeagent.outbox import NotAnOutbox, OutboxInUse, OutboxNewer
from gridwire import logs
from gridwire.problem import Language

log = logging.getLogger(__name__)

EX_CANTCREAT = 73
"""Of sysexits.h."""


async def _serve(loaded: Loaded) -> bool:
    """Until it is told to stop; whether it is to start again at once, with the configuration that is there then."""
    agent = Agent(loaded)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, agent.stopping.set)
    loop.add_signal_handler(signal.SIGINT, agent.stopping.set)
    loop.add_signal_handler(signal.SIGHUP, agent.reloading.set)
    async with agent:
        await agent.run()
    return agent.again


def execute(args: argparse.Namespace) -> int:
    """Run until SIGTERM; gives the exit code."""
    path: Path = args.config
    logs.start(args.log_format)
    try:
        loaded = with_county_or_without(path)
    except BadConfig as problem:
        languages: tuple[Language, ...] = (problem.language,) if problem.language else ("zh", "en")
        sys.stderr.write("\n".join(problem.text(language) for language in languages) + "\n")
        return BadConfig.exit_code
    for warning in loaded.warnings:
        log.warning("%s", warning.text(loaded.config.language))
    try:
        while asyncio.run(_serve(loaded)):
            loaded = with_county_or_without(path)
    except BadConfig as problem:  # changed by hand just when the county's part came
        sys.stderr.write(problem.text(loaded.config.language) + "\n")
        return BadConfig.exit_code
    except (OutboxInUse, OutboxNewer, NotAnOutbox) as problem:
        sys.stderr.write(problem.text(loaded.config.language) + "\n")
        return EX_CANTCREAT
    except OSError as error:
        sys.stderr.write(f"{loaded.config.store.dir}: {error}\n")
        return EX_CANTCREAT
    return 0
