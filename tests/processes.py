"""The agent as a real process, for tests: `edgeagent run` with files of its own, killed, reloaded and started again.

The hub's process is `tests.hubs.HubProcess`, the broker `tests.mosquitto.Mosquitto`. Third-party drivers of
`tests/drivers_for_tests` are installed for it by a dist-info folder on PYTHONPATH.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import re
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

from tests.harness import until
from tests.instances import BOX
from tests.ownprocess import PATIENCE_S, ROOT, OwnProcess

DRIVERS = ROOT / "tests" / "drivers_for_tests"
LAST_WORDS = 20_000
"""So many characters of an agent's log are shown when it did not do what was waited for."""
_PAGE = re.compile(r"status page at http://127\.0\.0\.1:(\d+)/")


class AgentProcess(OwnProcess):
    """`edgeagent run` with a folder of its own. `port` is the broker's. `devices` is TOML, changed by `configure`."""

    before: tuple[str, ...] = ()
    """A command that runs it, as from its next start: its last words are those of the agent."""
    python, tree = sys.executable, ROOT
    """Whose code runs; `tests.releases` sets another release's."""

    def __init__(self, folder: Path, port: int, devices: str = "", *, hub: str = "", store: str = "", top: str = ""):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.config = folder / "edgeagent.toml"
        self.database = folder / "store" / "outbox.db"
        self._head = (
            f'box = "{BOX}"\nname = "东山村"\nlanguage = "en"\n{top}\n'
            f'[hub]\nhost = "127.0.0.1"\nport = {port}\nbackoff_max_s = 1\nhealth_every_s = 5\n{hub}\n'
            f'[store]\ndir = "{folder / "store"}"\n{store}\n[status]\nport = 0\n'
        )
        self.configure(devices)
        self.environment: dict[str, str] = {}
        """Variables of the process beside those of the tests, as from its next start."""
        self._log_from = 0

    def configure(self, devices: str) -> None:
        """Write the configuration with these devices."""
        self.config.write_text(self._head + devices)

    def start(self) -> Self:
        path = self.folder / "agent.log"
        self._log_from = path.stat().st_size if path.exists() else 0
        drivers = self.tree / DRIVERS.relative_to(ROOT)
        environment = {**os.environ, "PYTHONPATH": str(drivers), "LANG": "en_US.UTF-8", **self.environment}
        with path.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.before, self.python, "-m", "edgeagent.cli", "run", "--config", str(self.config)],
                stdout=log, stderr=log, cwd=self.tree, env=environment,
            )  # fmt: skip
        return self

    @property
    def log(self) -> str:
        """What this process has written, without its predecessors."""
        with (self.folder / "agent.log").open("rb") as file:
            file.seek(self._log_from)
            return file.read().decode(errors="replace")

    @property
    def page(self) -> str:
        """URL of the status page; empty before it listens."""
        found = _PAGE.findall(self.log)  # one for each start, also of a process that begins anew by itself
        return f"http://127.0.0.1:{found[-1]}" if found else ""

    async def until_running(self) -> None:
        """Until the devices have been started."""
        await until(lambda: self.page or not self.is_running, PATIENCE_S)
        assert self.page, self.log
        while (await self.status()).get("at") is None:
            await asyncio.sleep(0.02)

    async def until_up(self, *states: str) -> None:
        """Until one of its devices is up, or in one of these states."""

        async def is_up() -> bool:
            devices = (await self.status()).get("devices", ())
            return any(each["state"] in (states or ("up",)) for each in devices)

        await until(is_up, PATIENCE_S)

    async def until_log(self, text: str) -> None:
        await until(lambda: text in self.log or not self.is_running, PATIENCE_S)
        assert text in self.log, self.log

    async def status(self) -> dict[str, Any]:
        """`/status.json`; empty while nobody answers."""

        def fetch() -> dict[str, Any]:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.page}/status.json", timeout=5) as answer:
                return json.load(answer)
            return {}

        return await asyncio.to_thread(fetch) if self.page else {}

    async def until_status(self, *path: str, equals: object) -> None:
        """Until a value of the status, named by its keys, is this."""

        async def look() -> object:
            found: Any = await self.status()
            for key in path:
                found = found.get(key) if isinstance(found, dict) else None
            return found

        async with asyncio.timeout(PATIENCE_S):
            while (last := await look()) != equals:
                if not self.is_running:
                    raise AssertionError(f"the agent has ended:\n{self.log}")
                await asyncio.sleep(0.05)
        assert last == equals

    async def until_drained(self, patience_s: float = PATIENCE_S) -> None:
        """Until the hub has acknowledged everything, however long that takes, as long as less and less waits.

        Raises AssertionError, with what still waits and the agent's last words, after `patience_s` without progress.
        """
        least, since = math.inf, time.monotonic()
        while True:
            status = await self.status()
            if lanes := status.get("lanes"):
                waiting = sum(lane["waiting"] for lane in lanes.values())
                if waiting == 0:
                    return
                if waiting < least:
                    least, since = waiting, time.monotonic()
            if time.monotonic() - since > patience_s:
                told = json.dumps(status, ensure_ascii=False, indent=1)
                raise AssertionError(f"nothing more is acknowledged:\n{told}\n{self.log[-LAST_WORDS:]}")
            await asyncio.sleep(0.05)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds in the outbox's file."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return list(connection.execute(query))


def emitter(ledger: Path, workers: dict[str, int], **settings: object) -> str:
    """The table of an emitting device named after the ledger's file."""
    lines = [f'ledger = "{ledger}"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    counts = ", ".join(f"{kind} = {count}" for kind, count in workers.items())
    return f'\n[device.{ledger.stem}]\ndriver = "emitter"\nworkers = {{ {counts} }}\n' + "\n".join(lines) + "\n"


class Ledger:
    """What the emitter has written down: what it began, and what it was told is stored."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _lines(self, word: str) -> list[list[str]]:
        if not self.path.exists():
            return []
        text = self.path.read_text()
        return [line.split() for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith(word + " ")]

    @property
    def raised(self) -> set[tuple[str, int]]:
        """Worker and number of each event begun; after a crash the same is begun once more."""
        return {(worker, int(n)) for _, worker, n in self._lines("raised")}

    @property
    def told_ids(self) -> dict[str, tuple[str, int]]:
        """Id -> worker and number, of each event that the driver was told is stored."""
        return {line[3]: (line[1], int(line[2])) for line in self._lines("stored")}

    @property
    def told_at(self) -> dict[str, tuple[str, str, int]]:
        """Id -> stream, lane and number on the wire, of each event that the driver was told is stored."""
        return {line[3]: (line[4], line[5], int(line[6])) for line in self._lines("stored")}

    @property
    def told(self) -> dict[tuple[str, int], str]:
        """The same by worker and number. To count losses take the ids: a number that was lost is emitted again."""
        return {number: event for event, number in self.told_ids.items()}

    @property
    def is_at_rest(self) -> bool:
        """Whether every worker was told of what it began last: once its stop file is there, nothing more comes."""
        begun, told = dict(sorted(self.raised)), dict(sorted(self.told))
        return begun == told

    @property
    def tries(self) -> int:
        """How often something was begun, what a crash or a full disk made begin again counted each time."""
        return len(self._lines("raised"))

    @property
    def refused(self) -> int:
        return len(self._lines("refused"))
