"""Which line of a case's timeline is told to which office, and whom a call for help wakes (`line`). Pure; the
rules have ids in docs/county-rules.md.

History wakes nobody by this way, a drill only who takes part in it; and whoever did something is not told of it.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec.structs import replace

from countyhub.lifecycle.state import Case, Office, above

Whom = Literal["owner", "above", "both"]

TOLD: Final[dict[str, Whom]] = {
    "register": "owner",
    "pass_up": "owner",
    "assign": "owner",
    "give_back": "owner",
    "feed_back": "owner",
    "redo": "owner",
    "rework": "owner",
    "escalate": "owner",
    "reassign": "owner",
    "split": "owner",
    "supervise": "owner",
    "agree_pause": "owner",
    "refuse_pause": "owner",
    "ask_pause": "above",
    "turned_yellow": "owner",
    "turned_red": "both",
}
"""Act of an entry -> who is told. What is not here is for the timeline only."""

STAFF: Final = frozenset(
    {"grid_worker", "village_clerk", "township", "department", "dispatcher", "county", "inspector"}
)
"""Whoever of these does anything with a call for help has answered it."""
CALLS: Final = frozenset({"opened", "register", "joined"})
"""Entries by which a call for help begins, or comes once more."""


def offices(act: str, owner: Office | None, case: Case) -> tuple[Office, ...]:
    """`owner`: after the act. The county has nobody above it: what would go there stays with it."""
    whom = TOLD.get(act)
    if whom is None or owner is None or case.history:
        return ()
    upper = above(replace(case, owner=owner)) or case.route[-1]  # by now it may be with somebody else
    if whom == "owner" or (whom == "both" and upper == owner):
        return (owner,)
    return (upper,) if whom == "above" else (owner, upper)


def line(*, grid: str, village: str, township: str, county: str) -> tuple[tuple[str, str], ...]:
    """Who is woken by a call for help, in order: (role, place); a place of an unknown grid is `village/`: all of it."""
    steps = (
        ("grid_worker", grid or (f"{village}/" if village else "")),
        ("village_clerk", village),
        ("township", township),
        ("dispatcher", county),
        ("county", county),
    )
    return tuple((role, place) for role, place in steps if place)
