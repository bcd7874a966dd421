"""Tables to take away: for each page's table an address that ends in .csv and one in .xlsx, with the page's parameters.

`routes` gives both for a table and what makes its rows. Who may not see the page gets nothing; the gate has noted in
the audit what was asked for before anything is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from countyhub.web import exportfiles
from countyhub.web.access import ANYONE, PUBLIC, page_of
from countyhub.web.desk import Desk, Visit
from countyhub.web.tables import Table, Value

R = TypeVar("R")
ROWS_MAX: Final = 10_000
"""A year of a county has some ten thousand cases; more than this is asked for in parts."""
Source = Callable[[Visit, int], Awaitable[Sequence[R]]]
"""The rows of a visit, in the page's order and scope, at most so many."""


def routes(
    desk: Desk, table: Table[R] | Callable[[Visit], Table[R]], page: str, source: Source[R], file: str = ""
) -> list[Route]:
    """`/cases.csv` and `/cases.xlsx` for the page `/cases`; of a further table on it, or of `/`, under another `file`.
    A table whose columns depend on what is looked at is a function of the visit.

    Raises `ValueError` for an address that the table of rights takes for something else than an export.
    """
    path = file or page

    async def as_csv(request: Request) -> Response:
        visit, rows, note = await _taken(desk, request, page, source)
        made = table if isinstance(table, Table) else table(visit)
        cells = await asyncio.to_thread(_cells, made, visit, rows)
        kinds = [column.kind for column in made.columns]
        pieces = exportfiles.as_csv(made.heads(visit), kinds, cells, note, visit.book.zone)
        return StreamingResponse(pieces, media_type=exportfiles.CSV, headers=_named(visit, made.title, "csv"))

    async def as_xlsx(request: Request) -> Response:
        visit, rows, note = await _taken(desk, request, page, source)
        made = table if isinstance(table, Table) else table(visit)
        columns, title = made.columns, visit.t(made.title)

        def written() -> bytes:
            cells = _cells(made, visit, rows)
            widths, kinds = [each.width for each in columns], [each.kind for each in columns]
            return exportfiles.as_xlsx(title, made.heads(visit), widths, kinds, cells, note, visit.book.zone)

        content = await asyncio.to_thread(written)  # the console goes on meanwhile
        return Response(content, media_type=exportfiles.XLSX, headers=_named(visit, made.title, "xlsx"))

    found = [Route(f"{path}.csv", as_csv, methods=["GET"]), Route(f"{path}.xlsx", as_xlsx, methods=["GET"])]
    for route in found:
        row = page_of("GET", route.path)
        if row is None or not row.path.endswith(r"\.(xlsx|csv)"):
            raise ValueError(f"{route.path} is no address of an export in access.PAGES")
    return found


def _cells(table: Table[R], visit: Visit, rows: Sequence[R]) -> list[list[Value]]:
    """In a thread: a second for 10,000 rows."""
    return [table.row(visit, row) for row in rows]


async def _taken(desk: Desk, request: Request, page: str, source: Source[R]) -> tuple[Visit, Sequence[R], str]:
    """The visit, the rows, and what is to be said when there are more. Raises 403 for who may not see the page."""
    visit = await desk.visit(request)
    row = page_of("GET", page)
    if row is None or (row.whole and not visit.scope.whole):
        raise HTTPException(403)
    if row.right not in ("", PUBLIC, ANYONE) and not visit.viewer.may(row.right):
        raise HTTPException(403)
    rows = await source(visit, ROWS_MAX + 1)
    note = visit.t("export.cut", count=ROWS_MAX) if len(rows) > ROWS_MAX else ""
    return visit, rows[:ROWS_MAX], note


def _named(visit: Visit, title: str, ending: str) -> dict[str, str]:
    """The file's name in the reader's language, and one that every program can read."""
    at = f"{visit.now.astimezone(visit.book.zone):%Y%m%d-%H%M}.{ending}"
    plain = f"{title.rpartition('.')[2]}-{at}"
    named = quote(f"{visit.t(title)}-{at}".replace("/", " "))
    return {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{named}"}
