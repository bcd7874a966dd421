"""`edgeagent run`: the agent itself."""

from __future__ import annotations

import argparse


def execute(args: argparse.Namespace) -> int:
    from edgeagent import agent

    return agent.main(args.config, args.log_format)
