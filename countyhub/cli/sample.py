"""`countyhub sample`: a commented configuration with every setting."""

from __future__ import annotations

import argparse

from countyhub import configfile


def execute(_args: argparse.Namespace) -> int:
    print(configfile.sample(), end="")
    return 0
