"""The names of what can be wrong with a picture, their words for people, and what is said about each figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gridwire.kinds import PICTURE_FAULTS

FAULTS: Mapping[str, tuple[str, str]] = {name: (said.en, said.zh) for name, said in PICTURE_FAULTS.items()}
"""In English and Chinese."""
ENOUGH = 4
"""Snapshots of one kind of light before a picture is compared with it."""
MAX_STATE_BYTES = 64 * 1024
"""What a camera's baseline may take on disk."""


class BadState(ValueError):
    """These bytes are no state of a picture checker: start anew."""


class Measure(NamedTuple):
    """One figure: `usual` is the median of the baseline, None without one. `fault` is what it alone would mean, empty
    when it is within its limit; figures that only tell kinds apart never have one."""

    name: str
    value: float
    usual: float | None
    limit: float
    fault: str = ""
