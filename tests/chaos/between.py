"""Stops a process between its commit and its answer: at the write of its database's log, a random moment later.

The kernel tells of each write (inotify). Some tenths of a millisecond after it the process is stopped (SIGSTOP), so
that one can look at leisure whether what stands in the file has been answered; if not, this is the moment to kill it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.filewatch import Writes


def stop_after_write(writes: Writes, pid: int, chance: random.Random, within_s: float) -> bool:
    """Stop the process at most so long after a write of its. False when it writes nothing. Blocking, in a thread."""
    pause_s = chance.uniform(0, within_s)
    if not writes.wait(5):
        return False
    until_s = time.perf_counter() + pause_s
    while time.perf_counter() < until_s:
        pass  # a sleep would be longer than the whole window
    os.kill(pid, signal.SIGSTOP)
    return True


def as_a_restart_finds_it(database: Path, aside: Path, query: str) -> list[tuple]:
    """What a query finds in a copy of the files of a process that stands still, once SQLite has recovered its log."""
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{database}{suffix}", aside / f"copy.db{suffix}")
    with closing(sqlite3.connect(aside / "copy.db")) as connection:
        return list(connection.execute(query))
