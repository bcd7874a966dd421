"""Folders that people change while the hub runs: calendar files and windows, read again, with their mistakes told."""

from __future__ import annotations

import logging
import os
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from countyhub import cli
from countyhub.filefolder import FileFolder, FolderUnreadable
from countyhub.registry import plan, stored
from countyhub.registry.content import Content
from countyhub.registry.live import LiveRegistry, days_folder
from countyhub.registry.snapshot import Registry
from countyhub.registry.stored import Who
from countyhub.store.engine import open_store
from tests.hubs import database_url
from tests.instances import NOON
from tests.registries import TODAY, small

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOLIDAYS = [f"2026-10-{day:02},放假,国庆节" for day in range(1, 8)]
YEAR = "日期,类型,名称\n" + "\n".join(
    [*HOLIDAYS, *(f"2026-0{n}-01,放假,节" for n in range(1, 6)), "2026-06-06,上班,调休"]
)


def test_files_are_read_when_something_changed_and_else_left_alone(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path, (".csv",))
    assert folder.read() == {}
    assert folder.read() is None
    (tmp_path / "a.csv").write_text("1")
    (tmp_path / ".b.csv").write_text("2")
    (tmp_path / "c.txt").write_text("3")
    assert folder.read() == {"a.csv": b"1"}
    assert folder.read() is None
    (tmp_path / "a.csv").write_text("12")
    assert folder.read() == {"a.csv": b"12"}
    (tmp_path / "a.csv").unlink()
    assert folder.read() == {}


def test_a_folder_that_cannot_be_read_is_told_once_and_what_was_read_counts(tmp_path: Path) -> None:
    path = tmp_path / "days"
    path.mkdir()
    (path / "a.csv").write_text("1")
    folder = FileFolder(path, (".csv",))
    assert folder.read() == {"a.csv": b"1"}
    path.rename(tmp_path / "away")
    with pytest.raises(FolderUnreadable):
        folder.read()
    assert folder.read() is None
    (tmp_path / "away").rename(path)
    assert folder.read() is None
    assert FileFolder(None, (".csv",)).read() == {}


async def test_calendar_files_count_before_the_registry_of_the_same_year(
    database: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """R-CAL-01: other years come from the registry; a file that changes is read again."""
    days = tmp_path / "days"
    days.mkdir()
    store = await open_store(database_url(tmp_path))
    planned = plan.make(
        small(tmp_path / "files"), Content.bare(()), revision=0, county="990126", today=TODAY, allow_ending=False
    )
    result = Registry(planned.result, SHANGHAI)
    async with store.write() as connection:
        await stored.apply(connection, planned.changes, result, 0, Who("t", NOON, {}))
    live = LiveRegistry(store, SHANGHAI, days_folder(str(days)))
    assert await live.refresh()
    assert not await live.refresh()
    calendar = live.current.calendar
    assert calendar.is_working_day(date(2026, 10, 10)).value  # made up for, as the registry says
    (days / "2026.csv").write_text(YEAR)
    (days / "2027.csv").write_text("日期,类型\n2027-01-01,放假\n2027-13-01,放假\n")
    assert await live.refresh()
    assert live.current.revision == 1
    calendar = live.current.calendar
    assert not calendar.is_working_day(date(2026, 10, 10)).value
    assert calendar.is_working_day(date(2026, 6, 6)).value
    assert not calendar.is_working_day(date(2025, 10, 1)).value  # of the registry
    assert calendar.years == {2025, 2026}
    assert "2027.csv" in caplog.text
    (days / "2026.csv").unlink()
    os.utime(days)
    assert await live.refresh()
    assert live.current.calendar.is_working_day(date(2026, 10, 10)).value
    await store.close()


def test_check_tells_every_mistake_in_both_folders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    for name in ("days", "ics"):
        (tmp_path / name).mkdir()
    path = tmp_path / "countyhub.toml"
    folders = f'[calendar]\ndays_dir = "{tmp_path}/days"\nwindows_dir = "{tmp_path}/ics"\n'
    path.write_text(f'county = "431126"\ndata_dir = "{tmp_path}"\n{folders}')
    assert cli.main(["check", "--only", "calendar", "--config", str(path), "--language", "en"]) == 0
    (tmp_path / "days" / "2026.csv").write_text(YEAR + "\n2026-99-99,放假\n")
    (tmp_path / "ics" / "a.ics").write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n")
    assert cli.main(["check", "--only", "calendar", "--config", str(path), "--language", "en"]) == 78
    said = capsys.readouterr().out
    assert "2026.csv line 15" in said
    assert "LOCATION" in said
    path.write_text(path.read_text().replace("/ics", "/nowhere"))
    assert cli.main(["check", "--only", "calendar", "--config", str(path), "--language", "zh"]) == 78
    assert "nowhere" in capsys.readouterr().out
