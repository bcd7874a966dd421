"""Several whole hubs on one PostgreSQL and one broker, to be killed: `python -m tests.chaos.fourhubs CONFIG NAME`.

Each process is `countyhub run --worker NAME`, but for two numbers: a claim on a message lasts seconds instead of
minutes, so that a test need not wait for it, and correlation remembers more often, so that kills fall around that.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from countyhub import cli
from countyhub.feeds import subscriptions
from countyhub.matters import round as rounds
from countyhub.notify import delivery
from countyhub.outbound import signature
from countyhub.registry import plan
from countyhub.registry.columns import Row
from countyhub.registry.content import Content
from countyhub.registry.folder import write_folder
from countyhub.registry.forms import Category, Deadline
from countyhub.store.engine import Store
from gridwire.identifiers import new_ulid
from simulators.county.build import COUNTY, Plan, build
from tests.harness import until
from tests.hubs import ROOT
from tests.registries import ZONE

CLAIM = timedelta(seconds=8)
DUMP_EVENTS = 60
CONNECTED_S = 120.0
SIZE = Plan(townships=1, villages=5, grids=12, cameras=24, departments=5)
LIMITS = (("grid", "网格接办", 1, "begin"), ("grid", "网格办结", 2, "close"), ("village", "村办结", 1, "close"))
"""Level, name, how much, what ends it: from the grid a case gets to the village after one unit of time, another one
later on to the township, which has no limit."""
SETTINGS = """\
county = "{county}"
data_dir = "{folder}"
language = "en"
[broker]
port = {port}
backoff_max_s = 1
shared = "hubs"
[web]
enabled = false
[database]
url = "{url}"
[replay]
pause_s = 2
[notify]
quiet = ""
gather_s = 1
per_hour = 1000
per_day = 10000
pass_on_s = 10
[notify.sms]
url = "{gateway}"
per_minute = 0
max_chars = 1000
timeout_s = 10
fields = {{ phone = "{{phone}}", content = "{{text}}", id = "{{id}}" }}
[feeds]
allow_private = ["127.0.0.0/8", "::1/128"]
[feeds.mqtt]
enabled = true
from_beginning = true
"""


def rows(unit_min: int = 1) -> list[Row]:
    """A county with minutes instead of days for its deadlines; `unit_min`: how many minutes."""
    found = [row for row in build(SIZE) if not isinstance(row, Deadline)]
    groups = [row.code for row in found if isinstance(row, Category) and len(row.code) == 2]
    return found + [
        Deadline(category=group, level=level, name=name, amount=count * unit_min, unit="minutes", until=ends)
        for group in groups
        for level, name, count, ends in LIMITS
    ]


async def found_county(store: Store, folder: Path, county: list[Row]) -> None:
    """Imports the registry, as `countyhub registry import` does."""
    write_folder(folder, Content.bare(county), "en")
    made = plan.make(folder, Content.bare(()), revision=0, county=COUNTY, today=date(2026, 6, 1))
    assert not made.mistakes, made.mistakes
    await plan.apply(store, made, by="test", now=datetime.now(UTC), zone=ZONE)


async def subscribe(store: Store, url: str) -> None:
    """A webhook that wants everything."""
    hook = subscriptions.Subscription(
        id=new_ulid(), name="应急局", url=url, secret=signature.new_secret(), created=datetime.now(UTC),
        types=("alarm", "checkin", "request", "rating", "sos", "reading", "device", "picture", "gap", "case"),
    )  # fmt: skip
    async with store.write() as connection:
        await subscriptions.add(connection, hook)


class Hub:
    """One of the processes."""

    def __init__(self, config: Path, name: str) -> None:
        self.name = name
        self._log = config.parent / f"hub-{name}.log"
        self._command = [sys.executable, "-m", "tests.chaos.fourhubs", str(config), name]
        self._from = 0
        self.start()

    def start(self) -> None:
        self._from = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=ROOT, env={**os.environ})

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)

    @property
    def log(self) -> str:
        """Of all its lives."""
        return self._log.read_text(errors="replace")

    @property
    def is_up(self) -> bool:
        """Whether it has been at work since its last start."""
        assert self.process.poll() is None, f"hub {self.name} has ended by itself:\n{self.log[-4000:]}"
        return f"{COUNTY}-{self.name}: connected".encode() in self._log.read_bytes()[self._from :]


class Hubs:
    """All of them, with one configuration."""

    def __init__(self, folder: Path, names: str, *, port: int, url: str, gateway: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "countyhub.toml"
        config.write_text(SETTINGS.format(county=COUNTY, folder=folder, port=port, url=url, gateway=gateway))
        self.kills = 0
        self.all = [Hub(config, name) for name in names]

    async def until_up(self) -> None:
        await until(lambda: all(hub.is_up for hub in self.all), CONNECTED_S)

    async def kill_some(self, dice: random.Random, least: int, holder: int) -> None:
        """One or two, as long as `least` others are at work: often the one of process `holder`, which has a lease.
        They are started again at once."""
        up = [hub for hub in self.all if hub.is_up]
        dice.shuffle(up)
        if dice.random() < 0.5:
            up.sort(key=lambda hub: hub.process.pid != holder)
        victims = up[: min(len(up) - least, dice.choice((1, 1, 2)))] if len(up) > least else []
        for hub in victims:
            hub.process.kill()
        for hub in victims:
            hub.kill()
            hub.start()
            self.kills += 1

    def close(self) -> None:
        for hub in self.all:
            hub.kill()

    @property
    def log(self) -> str:
        return "".join(hub.log for hub in self.all)


if __name__ == "__main__":
    delivery.CLAIM = CLAIM
    rounds.DUMP_EVENTS = DUMP_EVENTS
    sys.exit(cli.main(["run", "--config", sys.argv[1], "--worker", sys.argv[2]]))
