"""Imports every module of our packages, so that all that is declared in them is known."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

OURS = ("gridwire", "edgeagent", "drivers", "countyhub")


@cache
def import_all() -> tuple[str, ...]:
    """Imports all; returns the modules that are broken, with the reason. One whose extra is not installed is not."""
    broken = []
    for name in names():
        try:
            importlib.import_module(name)
        except ImportError as error:
            if error.name is None or error.name.partition(".")[0] in OURS:
                broken.append(f"{name}: {error}")
    return tuple(broken)


def names() -> Iterator[str]:
    """Every module's name, but those that do something when imported: `__main__`, child processes, migrations."""
    for package in OURS:
        yield package
        for info in pkgutil.walk_packages(importlib.import_module(package).__path__, package + ".", onerror=_later):
            parts = info.name.split(".")
            if "migrations" not in parts and parts[-1] != "__main__" and not parts[-1].endswith("_child"):
                yield info.name


def _later(name: str) -> None:
    """A package that cannot be imported is reported when its own turn comes."""
