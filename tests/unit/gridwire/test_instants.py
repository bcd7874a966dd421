"""Instants as numbers and as people type them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridwire.instants import instant, microseconds, typed

SHANGHAI = ZoneInfo("Asia/Shanghai")


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_number_is_exactly_its_instant(moment):
    assert instant(microseconds(moment)) == moment


@pytest.mark.parametrize("text", ["2026-11-22 08:30", "2026-11-22T00:30Z", "2026-11-22T09:30+09:00"])
def test_what_names_no_zone_is_meant_here(text):
    assert typed(text, SHANGHAI) == datetime(2026, 11, 22, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "0001-01-01", "9999-12-31T23:59-09:00"])
def test_what_is_no_time_or_has_none_in_utc_is_refused(text):
    with pytest.raises(ValueError):
        typed(text, SHANGHAI)
