"""A folder of files that people change while the hub runs: read when something in it has changed, else left alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from gridwire.problem import Problem

MAX_BYTES = 4 << 20
"""Of one file: a year of days or of appointments has some kilobytes."""


class FolderUnreadable(Problem):
    code = "hub.folder-unreadable"
    en = (
        "{path} cannot be read, what was read before stays in force: {why}. Does the folder exist, may the hub's user "
        "read it?"
    )
    zh = "无法读取 {path}，继续使用之前读取的内容：{why}。该目录是否存在？汇聚端的用户能否读取？"


class _Stamp(NamedTuple):
    name: str
    changed_ns: int
    size: int


class FileFolder:
    """`path`: the folder, None for none at all. `endings`: of files that belong here, such as `.ics`."""

    def __init__(self, path: Path | None, endings: tuple[str, ...]) -> None:
        self.path = path
        self._endings = endings
        self._stamps: list[_Stamp] | None = None
        self._failed = False

    def read(self) -> Mapping[str, bytes] | None:
        """All files by name when something has changed since the last time, else None. No folder is an empty one.

        Raises `FolderUnreadable`, once until it can be read again.
        """
        try:
            stamps = self._look()
            if stamps == self._stamps:
                self._failed = False
                return None
            files = {} if self.path is None else {each.name: (self.path / each.name).read_bytes() for each in stamps}
        except OSError as error:
            if self._failed:
                return None
            self._failed = True
            raise FolderUnreadable(path=self.path, why=error.strerror or error) from error
        self._stamps, self._failed = stamps, False
        return files

    def _look(self) -> list[_Stamp]:
        if self.path is None:
            return []
        found = []
        for each in sorted(self.path.iterdir()):
            if each.suffix.lower() in self._endings and not each.name.startswith((".", "~$")):
                about = each.stat()
                if about.st_size <= MAX_BYTES:
                    found.append(_Stamp(each.name, about.st_mtime_ns, about.st_size))
        return found
