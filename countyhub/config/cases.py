"""What the hub does with cases by itself, and the working days by which it counts."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from countyhub.config.base import Settings


class EscalationSettings(Settings, frozen=True, kw_only=True):
    """What the hub does with cases by itself, beside turning their lights and archiving them after 7 days."""

    enabled: Annotated[
        bool, Meta(description="move a case one level up when a limit is over, once for each limit (R-LIFE-14)")
    ] = True
    register_after_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=10080,
            description="what a resident reported and nobody has registered so long, the hub registers: clocks begin",
        ),
    ] = 120


class CalendarSettings(Settings, frozen=True, kw_only=True):
    """Working days, and when alarms are expected. Both folders are read again when something in them changes."""

    days_dir: Annotated[
        str,
        Meta(
            description="folder of YEAR.csv and hours.toml; a year that stands there counts instead of the registry's, "
            "the registry's days of other years count as well; empty: the registry alone"
        ),
    ] = ""
    windows_dir: Annotated[
        str, Meta(description="folder of iCalendar files (.ics) that say when alarms are expected; empty: none")
    ] = ""
