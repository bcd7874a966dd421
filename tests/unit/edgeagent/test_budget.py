"""The data budget: months, what the link costs, levels; and that alarms are never held, whatever is used."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.budget.account import (
    LEVEL_NAMES,
    PING_BYTES,
    Account,
    Level,
    Plan,
    Traffic,
    advance,
    cost,
    level_of,
    month_of,
    next_month,
)
from edgeagent.budget.budget import SMALL_PICTURE_BYTES, DataBudget, unlimited
from edgeagent.clock import Stamp
from gridwire.limits import MAX_PICTURE_BYTES

ZONE = ZoneInfo("Asia/Shanghai")
MIB = 2**20
PLAN = Plan(100 * MIB, 1, ZONE)
NOON = datetime(2026, 5, 15, 4, tzinfo=UTC)
"""Noon in the village; 14.5 of 31 days are over."""

shares = st.floats(0, 3)
levels = st.sampled_from(list(Level))


def at(wall: datetime, clock: str = "synced", boottime_s: float = 1000.0) -> Stamp:
    return Stamp(wall, boottime_s, clock)


@pytest.mark.parametrize(
    ("day", "reset_day", "first"),
    [
        ("2026-05-15", 1, "2026-05-01"),
        ("2026-05-15", 15, "2026-05-15"),
        ("2026-05-14", 15, "2026-04-15"),
        ("2026-01-05", 28, "2025-12-28"),
        ("2024-02-29", 28, "2024-02-28"),
        ("2026-03-01", 28, "2026-02-28"),
    ],
)
def test_month_of_a_day(day, reset_day, first):
    assert month_of(date.fromisoformat(day), reset_day) == date.fromisoformat(first)


@given(st.dates(date(1970, 2, 1), date(2100, 1, 1)), st.integers(1, 28))
def test_every_day_is_in_exactly_one_month(day, reset_day):
    month = month_of(day, reset_day)
    assert month <= day < next_month(month)
    assert month.day == next_month(month).day == reset_day


def test_cost_is_what_was_measured():
    """Over TLS 1.3: an event of 385 bytes, some 465 by MQTT's count, 570 to 620; a ping 204; a connection 5 kB."""
    none = Traffic(0, 0, 0)
    assert 570 <= cost(none, Traffic(465, 1, 0), 0, 240) <= 620
    assert cost(none, Traffic(0, 0, 1), 0, 240) == 5000
    assert cost(none, none, 2400, 240) == 10 * PING_BYTES
    assert cost(none, Traffic(0, 10, 0), 2400, 240) == 1200  # no ping where messages go


def test_a_month_of_a_village_is_as_measured():
    """12 cameras and a terminal, 100 events a day, health every 5 min, ping 240 s: about 12 MB."""
    day = Traffic(100 * (465 + 150) + 288 * 900, 200 + 288, 1)
    month = 30 * cost(Traffic(0, 0, 0), day, 86400, 240)
    assert 10e6 < month < 15e6


@given(shares, shares, st.none() | st.floats(0, 1), levels)
def test_who_uses_more_is_never_limited_less(one, other, elapsed, before):
    low, high = sorted((one, other))
    assert level_of(low, elapsed, before) <= level_of(high, elapsed, before)


@given(st.lists(st.tuples(st.integers(0, 20 * MIB), st.integers(0, 48)), max_size=30))
def test_within_a_month_what_is_stopped_stays_stopped_as_use_grows(steps):
    account, wall = Account(), datetime(2026, 5, 1, tzinfo=ZONE)
    for spent, hours in steps:
        wall = min(wall + timedelta(hours=hours), datetime(2026, 5, 31, 23, tzinfo=ZONE))
        before, account = account, advance(account, spent, at(wall), PLAN)
        assert account.used_bytes == before.used_bytes + spent
        assert account.level >= before.level or before.level == Level.SMALLER_PICTURES  # the pace may ease
        shares = account.used_bytes / PLAN.budget_bytes
        assert (account.level >= Level.NO_PICTURES) == (shares >= 0.85)
        assert (account.level == Level.RARE_HEALTH) == (shares >= 0.95)
        assert account.level >= Level.SMALLER_PICTURES or shares < 0.60


def test_pace():
    assert level_of(0.08, 0.0, Level.NORMAL) == Level.NORMAL  # the first days say little
    assert level_of(0.30, 0.28, Level.NORMAL) == Level.SMALLER_PICTURES
    assert level_of(0.30, 0.31, Level.SMALLER_PICTURES) == Level.SMALLER_PICTURES  # no flutter
    assert level_of(0.30, 0.33, Level.SMALLER_PICTURES) == Level.NORMAL
    assert level_of(0.30, None, Level.NORMAL) == Level.NORMAL
    assert level_of(0.30, None, Level.SMALLER_PICTURES) == Level.SMALLER_PICTURES


def test_a_month_begins_at_midnight_of_the_village():
    account = advance(Account(), 90 * MIB, at(datetime(2026, 5, 31, 15, 59, tzinfo=UTC)), PLAN)
    assert (account.month, account.level) == (date(2026, 5, 1), Level.NO_PICTURES)
    account = advance(account, MIB, at(datetime(2026, 5, 31, 16, 1, tzinfo=UTC)), PLAN)
    assert (account.month, account.used_bytes, account.level) == (date(2026, 6, 1), MIB, Level.NORMAL)


def test_a_clock_that_steps_or_is_not_synchronised_forgets_nothing():
    account = advance(Account(), 10 * MIB, at(datetime(1970, 1, 1, tzinfo=UTC), "unsynced"), PLAN)
    assert (account.month, account.used_bytes) == (None, 10 * MIB)
    account = advance(account, 10 * MIB, at(NOON), PLAN)
    assert (account.month, account.used_bytes) == (date(2026, 5, 1), 20 * MIB)
    for wall, clock in (
        (datetime(1970, 1, 1, tzinfo=UTC), "unsynced"),
        (datetime(2038, 1, 1, tzinfo=UTC), "unsynced"),
        (datetime(2026, 3, 1, tzinfo=UTC), "synced"),
    ):
        account = advance(account, MIB, at(wall, clock), PLAN)
    assert account.used_bytes == 23 * MIB
    account = advance(account, MIB, at(NOON), PLAN)  # from March to May: this is another month
    assert account.used_bytes == MIB


@given(st.lists(st.tuples(st.integers(0, MIB), st.datetimes()), max_size=20))
def test_an_unsynchronised_clock_never_resets(steps):
    account = Account(date(2026, 5, 1), 5)
    for spent, wall in steps:
        before, account = account, advance(account, spent, at(wall.replace(tzinfo=UTC), "unsynced"), PLAN)
        assert (account.month, account.used_bytes) == (before.month, before.used_bytes + spent)


@given(st.integers(0, 500 * MIB), st.datetimes(), st.sampled_from(["synced", "unsynced"]))
def test_without_a_budget_nothing_is_limited(used, wall, clock):
    wall = wall.replace(year=max(wall.year, 2000), day=min(wall.day, 28), tzinfo=UTC)
    account = advance(Account(), used, at(wall, clock), PLAN._replace(budget_bytes=0))
    assert account.level == Level.NORMAL
    assert account.since is None


def test_what_follows_from_each_level():
    found = []
    for level in Level:
        budget = unlimited()
        budget.account = Account(level=level)
        found.append((budget.picture_max_bytes, budget.pictures_wanted, budget.health_every_s(300)))
    assert found == [
        (MAX_PICTURE_BYTES, True, 300),
        (SMALL_PICTURE_BYTES, True, 300),
        (SMALL_PICTURE_BYTES, False, 300),
        (SMALL_PICTURE_BYTES, False, 3600),
    ]
    assert set(LEVEL_NAMES) == set(Level)


def test_counting_saving_and_telling(caplog):
    changes = []
    budget = DataBudget(PLAN, 240, start=Traffic(0, 0, 5_000_000))
    budget.on_change = lambda: changes.append(budget.level)
    budget.count(Traffic(0, 0, 5_000_001), at(NOON), connected=True)
    assert budget.account.used_bytes == 5000
    budget.count(Traffic(91 * MIB, 10, 5_000_001), at(NOON + timedelta(seconds=10), boottime_s=1010), connected=True)
    assert (budget.level, changes) == (Level.RARE_HEALTH, [Level.RARE_HEALTH])
    assert budget.account.since == NOON + timedelta(seconds=10)
    assert "data budget: rare health (was: normal), 96 % used" in caplog.text
    assert budget.resets == datetime(2026, 6, 1, tzinfo=ZONE)
    again = DataBudget(PLAN, 240, budget.to_bytes())
    assert again.account == budget.account
    again.count(Traffic(0, 0, 0), at(datetime(2026, 6, 2, tzinfo=UTC)), connected=False)
    assert (again.level, again.account.used_bytes) == (Level.NORMAL, 0)


def test_an_account_that_cannot_be_read_is_begun_anew(caplog):
    assert DataBudget(PLAN, 240, b"{}x").account == Account()
    assert DataBudget(PLAN, 240, b'{"level":9}').account == Account()
    assert "begins anew" in caplog.text
