"""The open cases that are somebody's to handle, on the first page and where matters are reported: soonest due first."""

from __future__ import annotations

from typing import Final, NamedTuple

from countyhub.cases import finding, rows
from countyhub.cases.finding import Listed
from countyhub.cases.listing import Filter
from countyhub.lifecycle.state import Case, Office
from countyhub.web.cases.maskedcase import without_numbers
from countyhub.web.desk import Desk, Visit

SHOWN: Final = 6


class Mine(NamedTuple):
    """A case as lists show it, and the whole of it, for its limits."""

    listed: Listed
    case: Case


def offices(visit: Visit) -> frozenset[Office]:
    """Those in whose name the viewer acts; the same for all who share a live page."""
    return visit.scope.offices if visit.viewer.may("cases:act") else frozenset()


async def mine(desk: Desk, visit: Visit, most: int) -> tuple[Mine, ...]:
    """Asked for again when a case in sight has got a line. Raises one of `store.engine.UNAVAILABLE`."""
    own = offices(visit)
    if not own:
        return ()
    version = await desk.watch.touched.version(visit.scope, visit.snapshot.last_entry)
    key, inputs = ("mine", visit.scope, most), (version, own)
    known: tuple[Mine, ...] | None = desk.kept.found(key, inputs)
    if known is None:
        async with desk.read() as connection:
            found = (await finding.find(connection, Filter(open=True, owners=own), visit.scope, "", most, "due")).cases
            kept = await rows.load(connection, [each.number for each in found])
        made = tuple(Mine(without_numbers(each), kept[each.number].case) for each in found if each.number in kept)
        known = desk.kept.keep(key, inputs, made)
    return known
