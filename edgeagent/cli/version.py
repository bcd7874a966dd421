"""`edgeagent version`: which agent, which wire, which Python."""

from __future__ import annotations

import argparse
import platform
from importlib import metadata

from edgeagent.cli.say import choose, say


def execute(args: argparse.Namespace) -> int:
    language = choose(args.language)
    print(f"edgeagent {_installed()}")
    print(say(language, en="wire", zh="通信协议") + f" {_wire()}")
    print(f"Python {platform.python_version()} ({platform.machine()})")
    return 0


def _installed() -> str:
    try:
        return metadata.version("gridwire")
    except metadata.PackageNotFoundError:
        return "?"


def _wire() -> str:
    """The version that stands in every topic: `grid/1`."""
    return "1"
