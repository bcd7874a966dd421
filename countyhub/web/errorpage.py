"""Every refusal as a page for people, in their language."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from countyhub.store.engine import UNAVAILABLE
from countyhub.web.door.logingate import Refused
from countyhub.web.render import Renderer, language_of
from countyhub.web.settings import ConsoleSettings
from countyhub.web.texts.table import text


class ErrorPage:
    """A database that cannot be read is 503, what nobody expected 500."""

    def __init__(self, renderer: Renderer, settings: ConsoleSettings) -> None:
        self._renderer, self._settings = renderer, settings

    async def failed(self, request: Request, error: Exception) -> Response:
        """As Starlette calls a handler of errors."""
        language = language_of(request, self._settings)
        status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
        if isinstance(error, UNAVAILABLE):
            status = 503
        key = f"error.{status}"
        message = text(key if status in (400, 403, 404, 405, 413, 503) else "error.title", language, detail=detail)
        if isinstance(error, Refused):
            message = error.said[0 if language == "zh" else 1]
        headers = error.headers if isinstance(error, HTTPException) else None
        html = self._renderer.page("error.html", language, status=status, message=message)
        return HTMLResponse(html, status, headers=headers)
