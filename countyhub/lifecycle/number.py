"""Case numbers: county, day and serial. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

CASE_NUMBER: Final = r"[1-9][0-9]{5}-[0-9]{8}-[0-9]{4,8}"
_TYPED: Final = re.compile(CASE_NUMBER.replace("-[", "-?["), re.ASCII)


def case_number(county: str, day: date, serial: int) -> str:
    """`430181-20261122-0001`. Without the dashes one in eleven would pass as an identity number, and be masked as one.

    `day` is the local day, `serial` counts from 1 on each. Raises ValueError for a serial below 1.
    """
    if serial < 1:
        raise ValueError(f"serial {serial}")
    return f"{county}-{day:%Y%m%d}-{serial:04}"


def as_typed(text: str) -> str:
    """The number that a person has typed, dashes or none; empty for what is none."""
    if not _TYPED.fullmatch(text):
        return ""
    digits = text.replace("-", "")
    return f"{digits[:6]}-{digits[6:14]}-{digits[14:]}"


def by_age(number: str) -> tuple[str, int]:
    """What case numbers are sorted by into the order in which they were given out."""
    head, _, serial = number.rpartition("-")
    return head, int(serial)
