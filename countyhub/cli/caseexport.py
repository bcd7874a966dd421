"""Writes cases into a new file: a table for Excel, or JSON lines with the timelines. Private: it names people."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TextIO

import msgspec

from countyhub.cases import finding
from countyhub.cases.columnnames import COLUMNS
from countyhub.cases.finding import Listed
from countyhub.cases.listing import Filter
from countyhub.cli.caseshow import Shown
from countyhub.sight.scope import Scope
from countyhub.store.engine import Store

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def write(store: Store, path: Path, wanted: Filter, scope: Scope, shown: Shown) -> int:
    """Returns how many. Raises FileExistsError; what was written is taken away again when it cannot be finished."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    done = False
    try:
        is_table = path.suffix == ".csv"
        with os.fdopen(handle, "w", encoding="utf-8-sig" if is_table else "utf-8", newline="") as file:
            count = await _pages(store, file, is_table, wanted, scope, shown)
        done = True
    finally:
        if not done:
            os.unlink(path)
    return count


async def _pages(store: Store, file: TextIO, is_table: bool, wanted: Filter, scope: Scope, shown: Shown) -> int:
    table = csv.writer(file)
    if is_table:
        table.writerow([shown.say(*head) for head in COLUMNS.values()])
    count, after = 0, ""
    while count == 0 or after:
        async with store.read() as connection:
            page = await finding.find(connection, wanted, scope, after=after, limit=finding.MAX_PAGE)
            for row in page.cases:
                if is_table:
                    table.writerow([_cell(row, name, shown) for name in COLUMNS])
                else:
                    entries = await finding.timeline(connection, row.number)
                    file.write(msgspec.json.encode({"case": row, "timeline": entries}).decode() + "\n")
        count += len(page.cases)
        after = page.after
        if not after:
            break
    return count


def _cell(row: Listed, name: str, shown: Shown) -> str:
    """A text that Excel takes for a formula gets an apostrophe before it."""
    if name == "ledger":
        return shown.ledger(row.category)
    value = getattr(row, name)
    if name in ("happened", "arrived", "registered", "closed", "first_due", "due"):
        return shown.time(value)
    if name == "five_steps":
        return shown.steps(value)
    if name in ("stage", "light"):
        return shown.word(name, value)
    if name in ("owner", "first_owner"):
        level = row.level if name == "owner" else row.first_level
        return shown.office(level, value) if value else ""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
