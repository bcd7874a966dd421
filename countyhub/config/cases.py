"""What the hub does with cases by itself, and the working days by which it counts."""

from __future__ import annotations

from typing import Annotated

from gridwire.settings import Settings, about


class EscalationSettings(Settings, frozen=True, kw_only=True):
    """What the hub does with cases by itself, beside turning their lights and archiving them after 7 days."""

    enabled: Annotated[
        bool,
        about(
            "超过时限时自动上报上一级，每个时限一次（R-LIFE-14）",
            "move a case one level up when a limit is over, once for each limit (R-LIFE-14)",
        ),
    ] = True
    register_after_minutes: Annotated[
        int,
        about(
            "群众上报后超过多少分钟无人备案，由汇聚端自动备案并开始计时",
            "what a resident reported and nobody has registered so long, the hub registers: clocks begin",
            ge=0,
            le=10080,
        ),
    ] = 120


class CalendarSettings(Settings, frozen=True, kw_only=True):
    """Working days, and when alarms are expected. Both folders are read again when something in them changes."""

    days_dir: Annotated[
        str,
        about(
            "存放 年份.csv 和 hours.toml 的目录；其中已有的年份替代登记表，其他年份仍按登记表；留空则只按登记表",
            "folder of YEAR.csv and hours.toml; a year that stands there counts instead of the registry's, "
            "the registry's days of other years count as well; empty: the registry alone",
        ),
    ] = ""
    windows_dir: Annotated[
        str,
        about(
            "存放 iCalendar 文件（.ics）的目录，说明何时预计会有报警；留空则没有",
            "folder of iCalendar files (.ics) that say when alarms are expected; empty: none",
        ),
    ] = ""
