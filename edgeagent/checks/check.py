"""What a check of the box is. What it says is the same at box and hub: `gridwire.verdict`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from edgeagent.checks.scene import Scene
from gridwire.problem import Problem
from gridwire.verdict import Line


class Check(NamedTuple):
    """One check. `offline`: it needs neither network nor devices. `faults`: all that it may find, for the page."""

    name: str
    zh: str
    en: str
    look: Callable[[Scene], Iterable[Line]]
    faults: tuple[type[Problem], ...]
    offline: bool = True
