"""An import before it happens: the files read, checked against what is stored, and what they would change."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from countyhub.registry import stored
from countyhub.registry.check import check
from countyhub.registry.columns import Row
from countyhub.registry.content import Content
from countyhub.registry.difference import Change, difference, touches_past
from countyhub.registry.folder import read_folder
from countyhub.registry.mistakes import Mistake, in_order
from countyhub.registry.snapshot import Registry
from countyhub.registry.stored import Who
from countyhub.store.engine import Store


class Plan(NamedTuple):
    """`said`: mistakes, then warnings. `past`: how many changes reach back before today."""

    revision: int
    said: list[Mistake]
    changes: dict[type[Row], list[Change]]
    result: Content
    digests: dict[str, str]
    past: int

    @property
    def mistakes(self) -> list[Mistake]:
        return [each for each in self.said if not each.warning]

    @property
    def size(self) -> int:
        """How many rows would be added, changed or ended."""
        return sum(len(each) for each in self.changes.values())


def make(path: Path, known: Content, *, revision: int, county: str, today: date, allow_ending: bool = False) -> Plan:
    """What importing the folder would do. Pure but for reading the files; nothing is raised for what is in them."""
    folder = read_folder(path)
    said = list(folder.said)
    found = difference(known, folder.content, today, allow_ending=allow_ending)
    broken = any(not each.warning for each in said)
    said += [each for each in found.said if not broken]  # a row that could not be read is not one that was taken out
    said += check(found.result, county, today, folder.torn)
    past = sum(1 for _ in touches_past(found.changes, today))
    return Plan(revision, in_order(said), found.changes, found.result, folder.digests, past)


async def apply(store: Store, plan: Plan, *, by: str, now: datetime, zone: ZoneInfo) -> int:
    """Do it, in one transaction; returns the new revision, or the old one when there was nothing to do.

    Raises `RegistryMoved`, and what the database raises; then nothing has changed.
    """
    assert not plan.mistakes, "a plan with mistakes is never applied"
    if not plan.size:
        return plan.revision
    result = Registry(plan.result, zone)
    async with store.write() as connection:
        return await stored.apply(connection, plan.changes, result, plan.revision, Who(by, now, plan.digests))
