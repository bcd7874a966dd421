"""The cases that are open about a box or a camera: who has each, at which stage, and what was said of it last."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.accounts import masking
from countyhub.cases import finding
from countyhub.cases.finding import Listed
from countyhub.cases.listing import Filter
from countyhub.web.desk import Visit

SHOWN: Final = 5


class PlaceCase(NamedTuple):
    """`said`: the last text that somebody wrote, without personal data."""

    row: Listed
    said: str


async def about(connection: AsyncConnection, visit: Visit, box: str, device: str = "") -> list[PlaceCase]:
    """Those in sight, what is due first; none for who may see no cases."""
    if not visit.viewer.may("cases:read"):
        return []
    wanted = Filter(open=True, box=box, device=device)
    rows = (await finding.find(connection, wanted, visit.scope, limit=SHOWN, order="due")).cases
    return [PlaceCase(row, await _said(connection, row.number)) for row in rows]


async def _said(connection: AsyncConnection, number: str) -> str:
    lines = await finding.timeline(connection, number)
    texts = [line.text for line in lines if line.text and line.role != "machine" and not line.act.startswith("turned")]
    return masking.text(texts[-1]) if texts else ""
