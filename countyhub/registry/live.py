"""The registry that is in force, for a process that runs: read once, and again when an import has changed it.

Its calendar is that of the county's calendar files, where there are any, with the registry's days for other years.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from zoneinfo import ZoneInfo

from countyhub.filefolder import FileFolder, FolderUnreadable
from countyhub.registry import stored
from countyhub.registry.snapshot import Registry
from countyhub.store.engine import Store
from countyhub.worktime import calendarfile
from countyhub.worktime.calendarfile import HOURS_FILE, ReadCalendar

log = logging.getLogger(__name__)


class LiveRegistry:
    """`current` is always whole; who needs one state for several questions keeps it in a variable.

    `days`: the folder of calendar files.
    """

    def __init__(self, store: Store, zone: ZoneInfo, days: FileFolder | None = None) -> None:
        self._store = store
        self._zone = zone
        self._days = days
        self._files: ReadCalendar | None = None
        self._turn = asyncio.Lock()
        self.current = Registry.bare(zone)

    async def refresh(self) -> bool:
        """Read again if there was an import, or a calendar file has changed; says whether. One short query when not.

        Raises what the database raises (`store.engine.UNAVAILABLE`); `current` is then as before.
        """
        async with self._turn:
            new_days = self._read_days()
            async with self._store.read() as connection:
                same = await stored.revision(connection) == self.current.revision
                if same and not new_days:
                    return False
                found = self.current if same else await stored.load_registry(connection, self._zone)
            self.current = found.with_calendar(self._files.calendar if self._files else None)
            return True

    def _read_days(self) -> bool:
        if self._days is None:
            return False
        try:
            files = self._days.read()
        except FolderUnreadable as problem:
            log.error("%s", problem)
            return False
        if files is None or (not files and self._files is None):
            return False
        self._files = calendarfile.read(files) if files else None
        for mistake in self._files.problems if self._files else ():
            log.error("%s", mistake)
        return True


def days_folder(path: str) -> FileFolder | None:
    """The folder that the setting `calendar.days_dir` names."""
    return FileFolder(Path(path), (".csv", Path(HOURS_FILE).suffix)) if path else None
