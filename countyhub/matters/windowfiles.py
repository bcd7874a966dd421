"""The folder of iCalendar files that say when alarms are expected, read again when it changes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from countyhub.correlate import windows
from countyhub.correlate.windows import Windows
from countyhub.filefolder import FileFolder, FolderUnreadable

log = logging.getLogger(__name__)

ENDINGS = (".ics",)


class WindowFiles:
    """`current` is always whole. `path`: as the setting `calendar.windows_dir` names it; empty: no folder."""

    def __init__(self, path: str, zone: ZoneInfo) -> None:
        self._folder = FileFolder(Path(path) if path else None, ENDINGS)
        self._zone = zone
        self.current = Windows((), zone)

    def refresh(self) -> bool:
        """Reads the files again if one has changed; says whether. What is wrong is logged, the rest counts."""
        try:
            files = self._folder.read()
        except FolderUnreadable as problem:
            log.error("%s", problem)
            return False
        if files is None:
            return False
        return self._take(files)

    def _take(self, files: Mapping[str, bytes]) -> bool:
        was_given = self.current.given
        self.current, problems = windows.read(dict(files), self._zone)
        for problem in problems:
            log.error("%s", problem)
        if files:
            log.info("windows of suppression: %d files read", len(files))
        return was_given or self.current.given
