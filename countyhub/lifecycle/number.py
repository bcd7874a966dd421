"""Case numbers: county, day and serial. Pure."""

from __future__ import annotations

from datetime import date


def case_number(county: str, day: date, serial: int) -> str:
    """`430181-20261122-0001`. Without the dashes one in eleven would pass as an identity number, and be masked as one.

    `day` is the local day, `serial` counts from 1 on each. Raises ValueError for a serial below 1.
    """
    if serial < 1:
        raise ValueError(f"serial {serial}")
    return f"{county}-{day:%Y%m%d}-{serial:04}"
