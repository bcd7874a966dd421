"""For tests of the registry: the small county's files in a folder, to be spoilt one cell at a time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from countyhub.registry import plan
from countyhub.registry.columns import Row
from countyhub.registry.content import Content
from countyhub.registry.folder import write_folder
from countyhub.registry.plan import Plan
from countyhub.registry.snapshot import Registry
from simulators.county.build import COUNTY, SMALL, build

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 6, 1)
TOWNSHIP = f"{COUNTY}100"
VILLAGES = [f"{TOWNSHIP}{number}" for number in range(200, 205)]
NEW = f"{TOWNSHIP}299"


def small(folder: Path, rows: Iterable[Row] | None = None) -> Path:
    """A folder with the files of the small county."""
    write_folder(folder, Content.bare(build(SMALL) if rows is None else rows), "en")
    return folder


def registry(rows: Iterable[Row]) -> Registry:
    return Registry(Content.bare(rows), ZONE)


def planned(folder: Path, known: Content | None = None, *, today: date = TODAY, allow_ending: bool = False) -> Plan:
    known = Content.bare(()) if known is None else known
    return plan.make(folder, known, revision=0, county=COUNTY, today=today, allow_ending=allow_ending)


def change(path: Path, old: str, new: str, *, count: int = 1) -> None:
    """Replace a text that stands in the file."""
    text = path.read_text(encoding="utf-8-sig")
    assert old in text, f"{path.name} has no {old}"
    path.write_text(text.replace(old, new, count), encoding="utf-8-sig", newline="")


def add(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(line + "\r\n")


def codes(found: Plan) -> list[str]:
    """The codes of all mistakes, without `registry.`."""
    return [each.code.removeprefix("registry.") for each in found.mistakes]
