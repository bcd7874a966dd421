"""All checks of the hub, loaded, in their order."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator

from countyhub.checks import NAMES
from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Line, foreign
from countyhub.configfile import SecretUnreadable
from countyhub.store.engine import UNAVAILABLE, reason_of
from countyhub.store.problems import DatabaseUnreachable

CHECKS: tuple[Check, ...] = tuple(importlib.import_module(f"countyhub.checks.{name}").CHECK for name in NAMES)


async def run(
    scene: Scene, only: frozenset[str] = frozenset(), *, offline: bool = False
) -> AsyncIterator[tuple[Check, Line]]:
    """Each line as soon as it is known. `only`: names of checks, empty for all."""
    for check in CHECKS:
        if (not only or check.name in only) and (check.offline or not offline):
            for line in await _lines(check, scene):
                yield check, line


async def _lines(check: Check, scene: Scene) -> list[Line]:
    """A database that goes away in the midst of it, or a secret that cannot be read, is a line like others."""
    try:
        return await check.look(scene)
    except SecretUnreadable as problem:
        return [foreign(problem, "fail")]
    except UNAVAILABLE as error:
        reason = reason_of(error)
        return [foreign(DatabaseUnreachable(url=scene.config.database_url, reason=reason), "fail")]
