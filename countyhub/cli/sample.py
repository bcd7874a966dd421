"""`countyhub sample`: a commented configuration with every setting, in the reader's language."""

from __future__ import annotations

import argparse

from countyhub import configfile


def execute(args: argparse.Namespace) -> int:
    print(configfile.sample(args.language), end="")
    return 0
