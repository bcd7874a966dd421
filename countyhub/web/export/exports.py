"""Tables to take away: for each page's table an address that ends in .csv and one in .xlsx, with the page's parameters.

`addresses` gives both for a table and what makes its rows. Who may not see the page gets nothing; the gate has noted in
the audit what was asked for before anything is read. Nobody waits for another's table: it is put together in a thread,
a few hundred rows at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from countyhub.web.access import ANYONE, EXPORTED, PUBLIC, page_of
from countyhub.web.desk import Desk, Visit
from countyhub.web.export import exportfiles
from countyhub.web.export.exportfiles import Ending, File, Frame
from countyhub.web.export.tables import Table

R = TypeVar("R")
ROWS_MAX: Final = 20_000
"""A year of a county has some ten thousand cases; more than this is asked for in parts."""
PIECE: Final = 200
"""Rows that are put together at once: some milliseconds, in which others who wait for this process may wait."""
Pieces = AsyncIterator[Sequence[R]]
Source = Callable[[Visit, int], Awaitable[Sequence[R] | Pieces[R]]]
"""The rows of a visit, in the page's order and scope, at most so many; all at once, or piece by piece. What the address
asks for is judged before the first piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Generic[R]):
    """A table to take away, and where its rows come from. A table whose columns depend on what is looked at is a
    function of the visit. `most`: rows; None: `ROWS_MAX`."""

    table: Table[R] | Callable[[Visit], Table[R]]
    source: Source[R]
    most: int | None = None

    async def asked(self, visit: Visit) -> _Sheet[R]:
        """Raises what the source does for an address that it does not understand."""
        most = ROWS_MAX if self.most is None else self.most
        table = self.table if isinstance(self.table, Table) else self.table(visit)
        return _Sheet(table, await self.source(visit, most + 1), most)


@dataclass(frozen=True, slots=True)
class _Sheet(Generic[R]):
    table: Table[R]
    rows: Sequence[R] | Pieces[R]
    most: int

    async def pieces(self) -> Pieces[R]:
        if isinstance(self.rows, Sequence):
            for start in range(0, len(self.rows), PIECE):
                yield self.rows[start : start + PIECE]
        else:
            async for some in self.rows:
                yield some


def addresses(
    desk: Desk, table: Table[R] | Callable[[Visit], Table[R]], page: str, source: Source[R], file: str = "",
    *, most: int | None = None, beside: Sequence[Taken[Any]] = (),
) -> list[Route]:  # fmt: skip
    """`/cases.csv` and `/cases.xlsx` for the page `/cases`; of a further table on it, or of `/`, under another `file`.
    `beside`: further sheets of the workbook.

    Raises `ValueError` for an address that the table of rights takes for something else than an export.
    """
    path, own = file or page, Taken(table=table, source=source, most=most)

    def answer(ending: Ending) -> Callable[[Request], Awaitable[Response]]:
        async def taken(request: Request) -> Response:
            visit = await _allowed(desk, request, page)
            sheets = [await each.asked(visit) for each in (own, *(beside if ending == "xlsx" else ()))]
            named = _named(visit, sheets[0].table.title, ending)
            return StreamingResponse(
                _written(visit, sheets, ending), media_type=exportfiles.MEDIA[ending], headers=named
            )

        return taken

    endings: tuple[Ending, ...] = ("csv", "xlsx")
    found = [Route(f"{path}.{ending}", answer(ending), methods=["GET"]) for ending in endings]
    for route in found:
        row = page_of("GET", route.path)
        if row is None or EXPORTED not in row.path:
            raise ValueError(f"{route.path} is no address of an export in access.PAGES")
    return found


async def _written(visit: Visit, sheets: Sequence[_Sheet[Any]], ending: Ending) -> AsyncIterator[bytes]:
    """The file as it grows; the console goes on meanwhile."""
    file = exportfiles.new(ending, visit.book.zone)
    for sheet in sheets:
        yield await asyncio.to_thread(_begun, file, visit, sheet.table)
        count = 0
        async for rows in sheet.pieces():
            some = rows[: sheet.most - count]
            count += len(rows)
            yield await asyncio.to_thread(_put, file, visit, sheet.table, some)
        note = visit.t("export.cut", count=sheet.most) if count > sheet.most else ""
        yield await asyncio.to_thread(file.end, note)
    yield await asyncio.to_thread(file.close)


def _begun(file: File, visit: Visit, table: Table[R]) -> bytes:
    columns = table.columns
    return file.begin(
        Frame(
            title=visit.t(table.title),
            heads=table.heads(visit),
            widths=[column.width for column in columns],
            kinds=[column.kind for column in columns],
        )
    )


def _put(file: File, visit: Visit, table: Table[R], rows: Sequence[R]) -> bytes:
    return file.rows([table.row(visit, row) for row in rows])


async def _allowed(desk: Desk, request: Request, page: str) -> Visit:
    """Raises 403 for who may not see the page."""
    visit = await desk.visit(request)
    row = page_of("GET", page)
    if row is None or (row.whole and not visit.scope.whole):
        raise HTTPException(403)
    if row.right not in ("", PUBLIC, ANYONE) and not visit.viewer.may(row.right):
        raise HTTPException(403)
    return visit


def _named(visit: Visit, title: str, ending: Ending) -> dict[str, str]:
    """The file's name in the reader's language, and one that every program can read."""
    at = f"{visit.now.astimezone(visit.book.zone):%Y%m%d-%H%M}.{ending}"
    plain = f"{title.rpartition('.')[2]}-{at}"
    named = quote(f"{visit.t(title)}-{at}".replace("/", " "))
    return {"content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{named}"}
