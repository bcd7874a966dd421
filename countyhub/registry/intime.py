"""Rows that hold from a day to a day, looked up at a day: by their codes, and which of them hold. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from countyhub.registry.formparts import Dated

D = TypeVar("D", bound=Dated)


def by_code(rows: Iterable[D]) -> dict[str, list[D]]:
    """The rows of each thing in order of time."""
    found: dict[str, list[D]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.valid_from):
        found[row.key[0]].append(row)
    return dict(found)


def valid(rows: Iterable[D], day: date) -> D | None:
    """The one that holds on that day."""
    return next((row for row in rows if row.valid_from <= day < row.valid_to), None)


def all_valid(rows: Iterable[D], day: date) -> list[D]:
    """All that hold on that day."""
    return [row for row in rows if row.valid_from <= day < row.valid_to]
