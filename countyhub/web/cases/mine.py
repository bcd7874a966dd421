"""The open cases that are somebody's to handle, on the first page and where matters are reported: soonest due first."""

from __future__ import annotations

from typing import Final

from countyhub.cases import finding
from countyhub.cases.listing import Filter
from countyhub.lifecycle.state import Office
from countyhub.web.cases.caserow import Row, rows_of
from countyhub.web.desk import Desk, Visit

SHOWN: Final = 6


def offices(visit: Visit) -> frozenset[Office]:
    """Those in whose name the viewer acts; the same for all who share a live page."""
    return visit.scope.offices if visit.viewer.may("cases:act") else frozenset()


async def mine(desk: Desk, visit: Visit, most: int) -> tuple[Row, ...]:
    """Asked for again when a case in sight has got a line. Raises one of `store.engine.UNAVAILABLE`."""
    own = offices(visit)
    if not own:
        return ()
    version = await desk.watch.touched.version(visit.scope, visit.snapshot.last_entry)
    key, inputs = ("mine", visit.scope, most), (version, own)
    known: tuple[Row, ...] | None = desk.kept.found(key, inputs)
    if known is None:
        async with desk.read() as connection:
            found = (await finding.find(connection, Filter(open=True, owners=own), visit.scope, "", most, "due")).cases
            known = desk.kept.keep(key, inputs, tuple(await rows_of(connection, found)))
    return known
