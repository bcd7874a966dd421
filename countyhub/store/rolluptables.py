"""What boxes and cameras were like, hour by hour and day by day: sums of looks, from which rates are reckoned.

A look is taken every five minutes (`rollup.sampling`). Places are not kept: a box counts where it belongs on the day on
which somebody asks.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Date, Index, Integer, String, Table

from countyhub.store.columns import Instant
from countyhub.store.tables import metadata


def _sums() -> list[Column[Any]]:
    return [
        Column("looks", Integer, nullable=False, comment="how often it was looked at"),
        Column("online", Integer, nullable=False, comment="looks at which its link was online"),
        Column("waiting", Integer, nullable=False, comment="the most events that waited at it"),
        Column("cameras", Integer, nullable=False, comment="cameras, added up over the looks"),
        Column("cameras_online", Integer, nullable=False, comment="those that answered, added up"),
        Column("cameras_intact", Integer, nullable=False, comment="those with a good picture, added up"),
    ]


box_hour = Table(
    "box_hour",
    metadata,
    Column("box", String(16), primary_key=True),
    Column("hour", Instant, primary_key=True, comment="when it began"),
    *_sums(),
    Index(None, "hour"),
    sqlite_with_rowid=False,
    comment="each box in each hour of the last days",
)

box_day = Table(
    "box_day",
    metadata,
    Column("day", Date, primary_key=True, comment="in the county's time zone"),
    Column("box", String(16), primary_key=True),
    *_sums(),
    sqlite_with_rowid=False,
    comment="each box on each day of the last years",
)
