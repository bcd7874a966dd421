"""How much a baseline must hold before pictures are compared with it, and how much it may. Needs no numpy.

The thresholds of faults stand in `judge`.
"""

from __future__ import annotations

ENOUGH = 4
"""Snapshots of one kind of light before a picture is compared with it."""
MAX_STATE_BYTES = 64 * 1024
"""What a camera's baseline may take on disk."""


class BadState(ValueError):
    """These bytes are no state of a picture checker: start anew."""
