"""The camera's own clock, and the XML forms of times and durations. Pure but for `CameraClock.now`."""

import re
from datetime import UTC, datetime, timedelta, timezone

# The zone that the cameras say they are in; a fixed offset needs no zone database.
BEIJING = timezone(timedelta(hours=8))
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


class CameraClock:
    """The clock inside the camera: this machine's, wrong by `offset_s`."""

    def __init__(self, offset_s: float) -> None:
        self.offset_s = offset_s

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)


def format_time(moment: datetime) -> str:
    """xs:dateTime in UTC, whole seconds, as most cameras write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_time_us(moment: datetime) -> str:
    """xs:dateTime in UTC with microseconds, as Axis writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str) -> datetime:
    """xs:dateTime; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_duration_s(text: str) -> float:
    """xs:duration of days and less, in seconds. Raises ValueError (years and months have no fixed length)."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or match.lastgroup is None:
        raise ValueError(f"not an xs:duration: {text!r}")
    part = {name: float(value or 0) for name, value in match.groupdict().items()}
    return part["days"] * 86400 + part["hours"] * 3600 + part["minutes"] * 60 + part["seconds"]
