"""When the sun rises and sets at a place: for hours of rules that follow the light. Pure, to within a minute or two.

The equations are those of NOAA's solar calculator (gml.noaa.gov/grad/solcalc/calcdetails.html), which are Meeus,
Astronomical Algorithms, 2nd ed., chapters 25 and 28. The sun is up while its upper edge shows: zenith 90.833 degrees.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import acos, asin, cos, degrees, pi, radians, sin, tan
from typing import Final, NamedTuple

_ZENITH: Final = radians(90.833)
"""Of the sun's centre: half its disc and the refraction at the horizon below 90 degrees."""
_J2000: Final = datetime(2000, 1, 1, 12, tzinfo=UTC)
_CENTURY: Final = timedelta(days=36525)
_STEPS: Final = 3
"""The sun moves while it is looked for: after three steps nothing changes by a second."""


class Place(NamedTuple):
    """Decimal degrees, north and east positive."""

    latitude: float
    longitude: float


class SunTimes(NamedTuple):
    """Rise and set of one day in UTC.

    In a polar night both are noon, the sun is up for no time; in a polar day they are the midnights around it.
    """

    rise: datetime
    set: datetime


@lru_cache(maxsize=64)
def sun_times(day: date, place: Place) -> SunTimes:
    """Rise and set of the day whose noon is the place's noon on this date."""
    mean_noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(minutes=4 * place.longitude)
    return SunTimes(_event(mean_noon, place, -1), _event(mean_noon, place, 1))


def _event(mean_noon: datetime, place: Place, sign: int) -> datetime:
    moment = mean_noon
    for _ in range(_STEPS):
        declination, equation_minutes = _sun(moment)
        up_minutes = 4 * degrees(_half_day(radians(place.latitude), declination))
        moment = mean_noon + timedelta(minutes=sign * up_minutes - equation_minutes)
    return moment


def _half_day(latitude: float, declination: float) -> float:
    """Angle between noon and the sun's setting: 0 in a polar night, pi in a polar day. All in radians."""
    # At the very pole the cosine is nearly 0, and the quotient huge with the right sign.
    cosine = cos(_ZENITH) / (cos(latitude) * cos(declination)) - tan(latitude) * tan(declination)
    return acos(max(-1.0, min(1.0, cosine)))


def _sun(moment: datetime) -> tuple[float, float]:
    """Declination in radians, and the equation of time in minutes (sundial minus clock)."""
    t = (moment - _J2000) / _CENTURY
    longitude = radians(280.46646 + t * (36000.76983 + t * 0.0003032))
    anomaly = radians(357.52911 + t * (35999.05029 - t * 0.0001537))
    eccentricity = 0.016708634 - t * (0.000042037 + t * 0.0000001267)
    centre = (
        sin(anomaly) * (1.914602 - t * (0.004817 + t * 0.000014))
        + sin(2 * anomaly) * (0.019993 - t * 0.000101)
        + sin(3 * anomaly) * 0.000289
    )
    node = radians(125.04 - 1934.136 * t)
    apparent = longitude + radians(centre - 0.00569 - 0.00478 * sin(node))
    tilt = 23.43929111 - t * (0.013004167 + t * (0.0000001639 - t * 0.0000005036))
    obliquity = radians(tilt + 0.00256 * cos(node))
    y = tan(obliquity / 2) ** 2
    equation = (
        y * sin(2 * longitude)
        - 2 * eccentricity * sin(anomaly)
        + 4 * eccentricity * y * sin(anomaly) * cos(2 * longitude)
        - y * y / 2 * sin(4 * longitude)
        - 1.25 * eccentricity**2 * sin(2 * anomaly)
    )
    return asin(sin(obliquity) * sin(apparent)), equation * 720 / pi
