"""The hub's metrics: names by Prometheus' rules, values of a full county, and that asking for them stays cheap."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event as listening
from sqlalchemy import text

from countyhub.config import Config, FeedsSettings, MqttFeedSettings
from countyhub.store import backupstamp
from countyhub.store.engine import Store
from countyhub.web.live.snapshot import reader
from countyhub.web.live.watch import Watch
from countyhub.web.metrics import figures
from countyhub.web.metrics.gauges import METRICS, GaugeParts, Gauges
from countyhub.web.settings import ConsoleSettings
from countyhub.worktime.calendar import SHANGHAI, Calendar
from tests import fullcounty, metricnames, promtool
from tests.fullcounty import NOW

POSTGRES_QUICK = True
GROWING = ("event", "case_entry", "notify_parcel", "webhook_delivery", "cases", "link")


def config(folder: Path) -> Config:
    feeds = FeedsSettings(mqtt=MqttFeedSettings(enabled=True))
    return Config(county="431126", data_dir=str(folder), feeds=feeds)


def gauges(store: Store, folder: Path, **parts) -> Gauges:
    read = reader(store)
    return Gauges(read, Watch(read, None, ConsoleSettings()), GaugeParts(config=config(folder), **parts))


async def values(of: Gauges) -> dict[tuple[str, ...], float]:
    return metricnames.values(await of.text())


def test_names_and_texts_follow_the_rules():
    metricnames.follow_the_rules(METRICS, "countyhub")


async def test_an_empty_hub_says_everything_that_it_knows(database, store, tmp_path):
    found = await values(gauges(store, tmp_path))
    assert found["countyhub_boxes", "online"] == 0
    assert found["countyhub_open_cases", "red", "handling"] == 0
    assert found["countyhub_notify_parcels", "failed"] == 0
    assert found["countyhub_backup_timestamp_seconds",] == 0
    assert found["countyhub_disk_free_bytes",] > 0
    assert ("countyhub_last_event_timestamp_seconds",) not in found
    assert ("countyhub_crl_expiry_timestamp_seconds",) not in found


async def test_the_values_of_a_county(database, store, tmp_path):
    await fullcounty.fill(store, boxes=3, rows=200)
    async with reader(store)() as connection:
        found = await figures.gather(connection, config(tmp_path), NOW.date(), NOW)
    assert found.cases.standing == {(light, "handling"): 4 for light in fullcounty.LIGHTS}
    assert (found.cases.overdue["village"], found.cases.escalated["village"]) == (4, 4)
    assert (found.calls.count, found.calls.laps) == (1, 2)
    assert found.calls.since == NOW - timedelta(minutes=9)
    assert found.parcels == {"failed": 40, "unknown": 40}
    assert found.hooks.states == {"failing": 1, "paused": 1}
    assert found.hooks.deliveries == {"waiting": 10, "dead": 10}
    assert found.behind["correlate"] == (30, NOW - timedelta(seconds=29))
    assert found.behind["feed-mqtt-event"].rows == 100
    assert "notify" not in found.behind, "no channel is set up: nobody follows"
    assert found.leases == {"chores": True, "correlate": False}
    assert found.suppressed == {"window": 100}
    assert (found.last_event, found.last_message) == (NOW, NOW)
    assert found.certificates == dict.fromkeys(fullcounty.names(3), NOW + timedelta(days=730))


async def test_each_box_is_told_and_devices_never(database, store, tmp_path):
    await fullcounty.fill(store, boxes=3, rows=200)
    found = await values(gauges(store, tmp_path))
    box = fullcounty.names(3)[0]
    assert found["countyhub_box_connected", box] == 1
    assert found["countyhub_box_waiting_events", box] == 3
    assert found["countyhub_box_oldest_waiting_seconds", box] == 7.5
    assert found["countyhub_box_clock_synced", box] == 1
    assert found["countyhub_box_cameras", box, "intact"] == fullcounty.CAMERAS
    assert found["countyhub_box_last_seen_timestamp_seconds", box] == NOW.timestamp()
    assert found["countyhub_box_info", box, f"村{box[-4:]}", "0.1.0"] == 1
    assert not [labels for labels in found if "cam-1" in labels]


async def test_years_backups_and_a_second_question(database, store, tmp_path):
    year = datetime.now(SHANGHAI).year
    asked = gauges(store, tmp_path, calendar=lambda: Calendar({}, frozenset({year})))
    backupstamp.write(tmp_path, NOW)
    found = await values(asked)
    assert (found["countyhub_calendar_year_known", "this"], found["countyhub_calendar_year_known", "next"]) == (1, 0)
    assert found["countyhub_backup_timestamp_seconds",] == NOW.timestamp()
    first = await asked.text()
    await fullcounty.fill(store, boxes=1, rows=50)
    assert await asked.text() is first, "asked again at once, it is not worked out again"


@pytest.mark.sqlite_only
async def test_nothing_that_grows_is_read_from_end_to_end(database, store, tmp_path):
    """Each statement has an index, however many years there are."""
    await fullcounty.fill(store, boxes=3, rows=200)
    said: list[tuple[str, object]] = []
    async with reader(store)() as connection:
        raw = connection.sync_connection
        listening.listen(raw, "before_cursor_execute", lambda *given: said.append((given[2], given[3])))
        await figures.gather(connection, config(tmp_path), NOW.date(), NOW)
        asked, said = list(said), []
        assert len(asked) > 15
        for statement, parameters in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for row in plan:
                table = re.match(r"SCAN (\w+)(?! USING)", row.detail)
                whole = table and table[1] in GROWING and " USING " not in row.detail
                assert not whole or "ORDER BY event.id DESC" in statement, f"{row.detail}: {statement}"
        await connection.execute(text("SELECT 1"))


@pytest.mark.sqlite_only
async def test_promtool_finds_no_fault(database, store, tmp_path):
    await fullcounty.fill(store, boxes=2, rows=50)
    assert promtool.run("check", "metrics", stdin=await gauges(store, tmp_path).text()) == (0, "")


@pytest.mark.sqlite_only
async def test_a_full_county_is_a_text_of_bounded_length(database, store, tmp_path, counted):
    await fullcounty.fill(store, rows=1000)
    body = await gauges(store, tmp_path).text()
    lines = [line for line in body.decode().splitlines() if not line.startswith("#")]
    counted(f"{fullcounty.BOXES} boxes: {len(lines)} series, {len(body) // 1024} KiB")
    assert len(lines) < 16 * fullcounty.BOXES + 300
