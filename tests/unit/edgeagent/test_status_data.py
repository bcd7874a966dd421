"""What page and `edgeagent status` say of the data budget: what it does, since when, until when."""

from __future__ import annotations

import pytest

from edgeagent.cli.status import show
from edgeagent.status.advice import findings
from edgeagent.status.page import render
from tests.unit.edgeagent.status_sample import sample

MIB = 2**20
SHORT = {"used_bytes": 27 * MIB, "budget_bytes": 30 * MIB, "since": "2026-04-29T08:30:00Z"}


def told(**data: object) -> list[str]:
    found = findings(sample(data=SHORT | {"level": "no pictures"} | data))
    return [text for each in found for text in (each.zh, each.en) if "hub.data_mb_per_month" in text]


@pytest.mark.parametrize("level", ["smaller pictures", "no pictures", "rare health"])
def test_each_level_is_told_in_both_languages(level):
    zh, en = told(level=level, resets="2026-06-01T00:00:00+08:00")
    assert "已用 90%，自 2026-04-29 08:30 UTC 起图片" in zh
    assert "2026-06-01 重新起算" in zh
    assert "90 % of this month's data budget is used: since 2026-04-29 08:30 UTC pictures" in en
    assert "until 2026-06-01. Alarms, check-ins and SOS go as ever" in en


def test_without_a_clock_no_month_ends():
    zh, en = told()
    assert "时钟同步后才会重新起算" in zh
    assert "until the clock is synchronised" in en


@pytest.mark.parametrize("data", [{"level": "normal"}, {"budget_bytes": 0}])
def test_nothing_is_said_of_what_is_not_limited(data):
    assert told(**data) == []


def test_an_agent_that_does_not_count():
    status = sample(data=None)
    assert "data this month" not in show(status, "en")
    assert "data this month" not in render(status, "en", "UTC")


def test_page_and_command_show_it():
    status = sample(data=SHORT | {"level": "no pictures"})
    assert "27.0 MiB / 30.0 MiB, no pictures, since 2026-04-29 08:30 UTC" in show(status, "en")
    assert "27.0 MiB / 30.0 MiB, 不发图片, 自 <time" in render(status, "zh", "UTC")
    free = sample(data={"used_bytes": MIB, "budget_bytes": 0, "level": "normal"})
    assert "data this month</dt><dd>1.0 MiB</dd>" in render(free, "en", "UTC")
