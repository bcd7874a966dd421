"""`edgeagent sample`: a commented configuration, made from the definition of the settings."""

from __future__ import annotations

import argparse
import sys

from edgeagent.cli.say import choose
from edgeagent.configfile import DriverBroken, NoSuchDriver
from edgeagent.configfile.sample import device, sample
from edgeagent.driver import DeviceConfig
from edgeagent.plugins import available, resolve


def execute(args: argparse.Namespace) -> int:
    language = choose(args.language)
    if args.driver:
        try:
            print(device(args.driver, resolve(args.driver), minimal=args.minimal), end="")
        except (NoSuchDriver, DriverBroken) as problem:
            print(problem.text(language), file=sys.stderr)
            return 1
        return 0
    structs: dict[str, type[DeviceConfig]] = {}
    for name in available():
        try:
            structs[name] = resolve(name)
        except DriverBroken as problem:
            print(problem.text(language), file=sys.stderr)
    print(sample(structs, minimal=args.minimal), end="")
    return 0
