"""Who looks at a page: the one place where the console asks for it. The gate has let him in, so there is always one."""

from __future__ import annotations

from starlette.requests import Request

from countyhub.accounts.viewer import Viewer

__all__ = ["Viewer", "viewer_of"]


def viewer_of(request: Request) -> Viewer:
    """As the gate has left it in `request.state.viewer`."""
    found: Viewer = request.state.viewer
    return found
