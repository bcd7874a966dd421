"""Instants: aware datetimes, as a number where they are kept and reckoned with, and as people type them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Since 1970 in UTC, exact."""
    return (moment - EPOCH) // _MICROSECOND


def instant(at_us: int) -> datetime:
    """The inverse of `microseconds`."""
    return EPOCH + timedelta(microseconds=at_us)


def typed(text: str, zone: tzinfo) -> datetime:
    """What somebody typed, ISO 8601, in UTC; without a zone of its own it is meant in `zone`. Raises ValueError."""
    found = datetime.fromisoformat(text)
    try:
        return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:  # the first or the last day that a datetime knows
        raise ValueError(str(error)) from error
