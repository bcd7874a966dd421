"""`edgeagent outbox`: what the box keeps is shown, exported, verified, sent again. Only that last needs the agent."""

from __future__ import annotations

import argparse
import sys

from edgeagent.cli.loose import read_loosely
from edgeagent.cli.outbox import export, replay, show, verify
from edgeagent.cli.say import choose
from gridwire.problem import Problem

ACTIONS = {"show": show.execute, "export": export.execute, "verify": verify.execute, "replay": replay.execute}


def execute(args: argparse.Namespace) -> int:
    """Exit code 1 when something is wrong, or cannot be done."""
    box = read_loosely(args.config)
    language = choose(args.language, box.language)
    try:
        return ACTIONS[args.action](args, box, language)
    except Problem as problem:
        print(problem.text(language), file=sys.stderr)
        return 1
