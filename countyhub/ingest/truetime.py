"""When something really happened, although many boxes have no clock that survives a power cut. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta


def true_time(
    time: datetime, recorded: datetime, *, clock: str, monotonic_ms: int, booted: datetime | None
) -> datetime | None:
    """The true `time` of an event; None while it cannot be known.

    An unsynchronised wall clock is off by the same amount at `time` and at `recorded`, and the true moment of
    recording is `booted` (true time of the stream's monotonic zero, which the box reports once it knows) + monotonic.
    """
    if clock == "synced":
        return time
    if booted is None:
        return None
    try:
        return time + (booted + timedelta(milliseconds=monotonic_ms) - recorded)
    except OverflowError:  # the years 1 and 9999: somebody's clock says nonsense
        return None
