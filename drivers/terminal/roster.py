"""Who of those who show a card is a grid worker: a roster file of keyed hashes, and what the hub has told.

The file is CSV with the columns `person,name,grid` (only the first is needed), in UTF-8 or in GB18030, as office
programs write it, and is read again when it changes. A file that cannot be read leaves the last good roster in force,
and is told; nothing in it can stop a check-in.
"""

import asyncio
import csv
import io
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from drivers.terminal.idnumber import NumberHash
from edgeagent.driver import DriverProblem, Worker

log = logging.getLogger(__name__)

_PERSON = re.compile(r"[0-9a-f]{64}")
MAX_BYTES = 1024 * 1024
MAX_NAME, MAX_GRID = 64, 15
LOOK_S = 10.0
"""So often the file is looked at while nobody shows a card."""


class RosterBad(DriverProblem):
    code = "terminal.roster-bad"
    en = "roster {path}:{line}: {why}; the last good roster stays in force"
    zh = "名册 {path} 第 {line} 行：{why}；继续使用上一份可用的名册"


def read_roster(text: str, path: Path) -> dict[str, Worker]:
    """Workers by keyed hash. Raises RosterBad, which names the line."""
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    workers: dict[str, Worker] = {}
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#") or (rows.line_num == 1 and cells[0].lower() == "person"):
                continue
            worker = _worker(cells, path, rows.line_num)
            workers[worker.person] = worker
    except csv.Error as error:
        raise RosterBad(path=path, line=rows.line_num, why=f"not CSV / 不是 CSV（{error}）") from None
    return workers


def _worker(cells: list[str], path: Path, line: int) -> Worker:
    person = cells[0].lower()
    if not _PERSON.fullmatch(person):
        # What stands there may be somebody's number: not quoted.
        raise RosterBad(path=path, line=line, why="not a hash of 64 hex digits / 不是 64 位十六进制的哈希")
    name, grid = (*cells[1:3], "", "")[:2]
    if len(name) > MAX_NAME or len(grid) > MAX_GRID:
        raise RosterBad(path=path, line=line, why="name or grid too long / 姓名或网格过长")
    return Worker(person=person, name=name, grid=grid)


class Roster:
    """`problem` is what is wrong with the file now, None when nothing is; `on_problem` is told of each change of it."""

    def __init__(self, path: Path | None) -> None:
        self.problem: RosterBad | None = None
        self.on_problem: Callable[[RosterBad | None], None] = lambda problem: None
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._workers: Mapping[str, Worker] = {}

    def find(self, who: NumberHash, told: Iterable[Worker]) -> Worker | None:
        """The worker with this hash; `told`: those whom the hub has told."""
        self._look()
        known = self._workers.get(who.digest)
        return known or next((worker for worker in told if worker.person == who.digest), None)

    async def keep_looking(self) -> None:
        """Until cancelled, so that a mistake is known before the next worker comes."""
        while True:
            self._look()
            await asyncio.sleep(LOOK_S)

    def _look(self) -> None:
        """Read the file again when it has changed."""
        if self._path is None:
            return
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen == self._seen:
                return
            if stat.st_size > MAX_BYTES:
                raise RosterBad(path=self._path, line=0, why="larger than 1 MiB / 超过 1 MiB")
            self._seen = seen
            self._workers = read_roster(_decode(self._path.read_bytes(), self._path), self._path)
        except RosterBad as problem:
            self._note(problem)
        except OSError as error:
            self._seen = None
            self._note(RosterBad(path=self._path, line=0, why=error.strerror or type(error).__name__))
        else:
            self._note(None)

    def _note(self, problem: RosterBad | None) -> None:
        if str(problem) == str(self.problem):
            return
        if problem is not None:
            log.warning("%s", problem)
        self.problem = problem
        self.on_problem(problem)


def _decode(content: bytes, path: Path) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterBad(path=path, line=0, why="neither UTF-8 nor GB18030 / 既不是 UTF-8 也不是 GB18030")
