"""`edgeagent version`: which agent, which wire, which Python."""

from __future__ import annotations

import argparse
import platform

from edgeagent import __version__
from edgeagent.cli.say import choose, say


def execute(args: argparse.Namespace) -> int:
    language = choose(args.language)
    print(f"edgeagent {__version__}")
    print(f"{say(language, en='wire', zh='通信协议')} grid/1")
    print(f"Python {platform.python_version()} ({platform.machine()})")
    return 0
