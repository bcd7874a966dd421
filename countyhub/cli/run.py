"""`countyhub run`: the hub, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import logging

from countyhub import configfile, hub


def execute(args: argparse.Namespace) -> int:
    config = configfile.load(args.config)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")  # journald adds the time
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return asyncio.run(hub.run(config))
