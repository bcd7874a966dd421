"""A case as a row of a list: the list of cases, and what is mine to handle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.cases import rows
from countyhub.cases.finding import Listed
from countyhub.lifecycle.state import Case
from countyhub.web.cases.maskedcase import without_numbers


class Row(NamedTuple):
    """A case as lists show it, and the whole of it, for its limits."""

    listed: Listed
    case: Case


async def rows_of(connection: AsyncConnection, cases: Sequence[Listed]) -> list[Row]:
    """Masked, in the same order; one that has gone meanwhile is left out."""
    kept = await rows.load(connection, [case.number for case in cases])
    return [Row(without_numbers(case), kept[case.number].case) for case in cases if case.number in kept]
