"""The table of routes: all that can be asked for. A further thing is one more file in `routes` and one name here."""

from __future__ import annotations

from typing import Final

from countyhub.api.route import Route
from countyhub.api.routes import (
    acts,
    attachments,
    board,
    boxes,
    cases,
    events,
    hooks,
    letters,
    matters,
    notifications,
    registry,
    tokens,
)

ROUTES: Final[tuple[Route, ...]] = (
    *cases.ROUTES,
    *acts.ROUTES,
    *attachments.ROUTES,
    *matters.ROUTES,
    *events.ROUTES,
    *boxes.ROUTES,
    *board.ROUTES,
    *registry.ROUTES,
    *notifications.ROUTES,
    *hooks.ROUTES,
    *letters.ROUTES,
    *tokens.ROUTES,
)
