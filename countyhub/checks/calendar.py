"""`calendar`: mistakes in the folders of working days and of windows, and years that are missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from countyhub.checks.scene import Scene
from countyhub.checks.verdict import Check, Line, foreign, passed
from countyhub.correlate import windows
from countyhub.filefolder import FileFolder, FolderUnreadable
from countyhub.matters.windowfiles import ENDINGS
from countyhub.registry.live import days_folder
from countyhub.registry.snapshot import Registry
from countyhub.registry.stored import load_registry
from countyhub.worktime import calendarfile
from countyhub.worktime.calendar import YearMissing
from gridwire.problem import Problem


async def _look(scene: Scene) -> list[Line]:
    settings = scene.config.calendar
    mistakes = [*_folder(settings.days_dir, _days), *_folder(settings.windows_dir, _windows)]
    lines = [foreign(problem, "fail") for problem in mistakes]
    missing = (await _registry(scene)).calendar.ahead(scene.now)
    lines += [foreign(problem, "warn") for problem in missing]
    return lines or [passed("日历与时段文件无误，年份齐全", "folders are in order, no year is missing")]


async def _registry(scene: Scene) -> Registry:
    zone = ZoneInfo(scene.config.web.timezone)
    found = Registry.bare(zone)
    if scene.store is not None:
        async with scene.store.read() as connection:
            found = await load_registry(connection, zone)
    try:
        folder = days_folder(scene.config.calendar.days_dir)
        files = folder.read() if folder else None
    except FolderUnreadable:
        files = None
    return found.with_calendar(calendarfile.read(files).calendar if files else None)


def _folder(path: str, read: Callable[[str], Sequence[Problem]]) -> Sequence[Problem]:
    """What is wrong in a folder that the configuration names."""
    try:
        return read(path) if path else ()
    except FolderUnreadable as problem:
        return (problem,)


def _days(path: str) -> Sequence[Problem]:
    folder = days_folder(path)
    return calendarfile.read(folder.read() or {}).problems if folder else ()


def _windows(path: str) -> Sequence[Problem]:
    return windows.read(dict(FileFolder(Path(path), ENDINGS).read() or {}))[1]


CHECK = Check(
    "calendar",
    "工作日历和时段文件，以及缺少的年份",
    "the folders of working days and of windows; years that are missing",
    _look,
    (FolderUnreadable, YearMissing),
)
