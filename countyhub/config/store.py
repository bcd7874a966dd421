"""The database, how long things are kept in it, and how what is missing is asked for."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from countyhub.config.base import Settings


class DatabaseSettings(Settings, frozen=True, kw_only=True):
    """Where everything is kept."""

    url: Annotated[
        str,
        Meta(
            description="empty: the SQLite file hub.db in data_dir; or `postgresql://USER@HOST/NAME`; by the local "
            "socket `postgresql://USER@/NAME?host=/run/postgresql`; over a network with `?sslmode=verify-full`"
        ),
    ] = ""
    password: Annotated[
        str, Meta(description="of PostgreSQL: `file:PATH`, `env:NAME` or the text; empty: none, or in the URL")
    ] = ""


class RetentionSettings(Settings, frozen=True, kw_only=True):
    """How long things are kept, in days; 0: for ever. Looked at daily, and by `countyhub prune`. What is not settled
    stays in any case: missing numbers, letters that could not be read, orders without an answer."""

    pictures_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="pictures: video of public places is kept 30 days by Order 799, at key targets 90 by the "
            "Counter-Terrorism Law; they fill the disk",
        ),
    ] = 90
    events_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="events, and what was made of them: three years, so that years can be compared and a late "
            "complaint looked into; what an open case stands on stays",
        ),
    ] = 1100
    dead_letters_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="letters that could be read in the end, and numbers used twice that were dealt with",
        ),
    ] = 200
    gaps_days: Annotated[
        int,
        Meta(ge=0, le=36500, description="what boxes had to give up: as long as the events, whose counts it explains"),
    ] = 1100
    orders_days: Annotated[
        int,
        Meta(ge=0, le=36500, description="orders to boxes and their answers: logs, of which the law wants six months"),
    ] = 200

    deliveries_days: Annotated[
        int,
        Meta(ge=0, le=36500, description="what webhooks were sent, and what they would not take in the end"),
    ] = 30

    attachments_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="pictures and documents of cases that are over, counted from their last change: as long as the "
            "events, for they show people, and the timeline still says that they were there",
        ),
    ] = 1100
    cases_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36500,
            description="cases that are over, with their timelines, counted from their last change: ten years, the "
            "shortest term of official files; export them before (countyhub case export). Open ones stay, and those "
            "merged with what is open; a number is never given again",
        ),
    ] = 3660
    audit_days: Annotated[
        int, Meta(ge=183, le=36500, description="who did what: the law wants six months (网络安全法 第二十三条，2026)")
    ] = 1100

    def days(self) -> dict[str, int]:
        """Kind -> days, in the order in which they are given up."""
        letters, orders = self.dead_letters_days, self.orders_days
        return {
            "pictures": self.pictures_days,
            "events": self.events_days,
            "letters": letters,
            "reused": letters,
            "gaps": self.gaps_days,
            "matters": self.events_days,
            "links": self.events_days,
            "suppressed": self.events_days,
            "orders": orders,
            "replies": orders,
            "deliveries": self.deliveries_days,
            "attachments": self.attachments_days,
            "cases": self.cases_days,
        }


class ReplaySettings(Settings, frozen=True, kw_only=True):
    """How missing events are asked for."""

    pause_s: Annotated[float, Meta(ge=0.1, le=3600, description="seconds between two requests for the same lane")] = 30
    pause_max_s: Annotated[
        float, Meta(ge=1, le=86400, description="the pause doubles up to this while nothing comes, seconds")
    ] = 3600
    max_numbers: Annotated[int, Meta(ge=1, le=100000, description="events asked for at once")] = 5000
