"""Every page that a browser can get, as somebody sees it: what the sweep of the browser suite opens.

Promise: whichever address of the console answers HTML is here (tests/contract/test_browser_sweep.py).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from simulators.county.build import COUNTY

BOX: Final = f"{COUNTY}100200"


class Seen(NamedTuple):
    """`who`: a user of `test_console_browser`; empty: nobody. `status`: what it is answered with. CASE, PICTURE and
    LETTER stand for one that there is."""

    path: str
    who: str = "county"
    status: int = 200


SWEEP: Final[tuple[Seen, ...]] = (
    Seen("/"), Seen(f"/?area={COUNTY}100"), Seen("/?wall=1"), Seen("/cases"), Seen("/cases?light=red&order=due"),
    Seen("/cases?q=nothing-like-this"), Seen("/cases/CASE"), Seen("/cases/CASE/sheet"),
    Seen("/map"), Seen(f"/map?area={BOX}&by=cameras"),
    Seen("/map?by=links"), Seen("/map?wall=1"), Seen("/cameras"), Seen(f"/cameras/{BOX}/cam-1"), Seen("/boxes"),
    Seen(f"/boxes/{BOX}"), Seen("/events"), Seen("/checkins"), Seen("/figures"), Seen("/report"),
    Seen("/suppressed"), Seen("/letters"),
    Seen("/settings"), Seen("/users"), Seen("/users/worker"), Seen("/account"), Seen("/look?object=PICTURE"),
    Seen("/look?object=letter/LETTER"),
    Seen("/", "worker"), Seen("/report", "worker"), Seen("/cases/CASE", "worker"), Seen("/account", "worker"),
    Seen("/audit", "auditor"), Seen("/audit/verify", "auditor"), Seen("/users", "auditor"),
    Seen("/", "new"), Seen("/", "left"),
    Seen("/nothing", status=404), Seen(f"/cases/{COUNTY}-20200101-0001", status=404),
    Seen("/cases?since=x", status=400),
    Seen("/audit", status=403), Seen("/users", "worker", 403), Seen("/logout", status=405),
    Seen("/login", ""), Seen("/login?next=/cases", ""), Seen("/login/link/that-is-over", ""),
)  # fmt: skip

NO_PAGES: Final = (
    "/livez", "/readyz", "/metrics", "/static", "/live", "/live/{page}", "/map/state", "/picture/{box}/{stream}/{seq}",
    "/cases/{number}/files/{file:int}",
)  # fmt: skip
"""What is got and is no page: for scripts, machines and pictures. Tables to take away end in .csv and .xlsx."""
