"""What a check of the hub is; what it says stands in `gridwire.verdict`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from countyhub.checks.scene import Scene
from gridwire.problem import Problem
from gridwire.verdict import Fault, Line, foreign, found, passed

__all__ = ["Check", "Fault", "Line", "foreign", "found", "passed"]


class Check(NamedTuple):
    """One check. `offline`: it needs no network. `faults`: all that it may find, for the page."""

    name: str
    zh: str
    en: str
    look: Callable[[Scene], Awaitable[list[Line]]]
    faults: tuple[type[Problem], ...]
    offline: bool = True
