"""Who looks at a page: the one place where the console asks for it. The gate has let him in, so there is always one."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import Request

from countyhub.accounts.viewer import Standing, Viewer

__all__ = ["Viewer", "viewer_of"]


def viewer_of(request: Request) -> Viewer:
    """As the registry has him now: an answer that lasts long asks again."""
    found: Standing = request.state.standing
    return found.at(datetime.now(UTC))
