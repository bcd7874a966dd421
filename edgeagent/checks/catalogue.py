"""All checks, loaded, in their order."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from edgeagent.checks import MODULES
from edgeagent.checks.check import Check
from edgeagent.checks.scene import Scene
from gridwire.verdict import Line

CHECKS: tuple[Check, ...] = tuple(
    importlib.import_module(f"edgeagent.checks.{module}").CHECK for module in MODULES.values()
)


def run(scene: Scene, only: frozenset[str] = frozenset(), *, offline: bool = False) -> Iterator[tuple[Check, Line]]:
    """Each line as soon as it is known. `only`: names of checks, empty for all."""
    for check in CHECKS:
        if (not only or check.name in only) and (check.offline or not offline):
            for line in check.look(scene):
                yield check, line
