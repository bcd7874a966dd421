"""The audit for the auditor: who did what, the newest first. Whether it is whole, `countyhub audit verify` says."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from countyhub.audit import reading, trail
from countyhub.audit.kinds import KINDS
from countyhub.web.desk import Desk
from countyhub.web.lobby import Lobby
from countyhub.web.render import language_of

ROWS = 100
_NUMBER_DIGITS = 18


class AuditPage:
    """`routes()` of one console."""

    def __init__(self, desk: Desk, lobby: Lobby) -> None:
        self._desk, self._lobby = desk, lobby

    def routes(self) -> list[Route]:
        return [Route("/audit", self.audit, methods=["GET"])]

    async def audit(self, request: Request) -> Response:
        """`GET /audit?before=&who=&object=`: that somebody looks is noted too."""
        asked = request.query_params
        said = asked.get("before", "")
        before = int(said) if said.isascii() and said.isdigit() and len(said) <= _NUMBER_DIGITS else 0
        who, subject = asked.get("who", "")[:64], asked.get("object", "")[:128]
        async with self._lobby.store.read() as connection:
            rows = await reading.newest(connection, before=before, who=who, subject=subject, limit=ROWS)
        async with self._lobby.store.write() as connection:
            await trail.note(
                connection, "audit.read", at=datetime.now(UTC), before=before or "", of=who, object=subject
            )
        language = language_of(request, self._desk.settings)
        names = {kind: (name.zh if language == "zh" else name.en) for kind, name in KINDS.items()}
        details = {row.id: msgspec.json.decode(row.detail, type=dict[str, str]) for row in rows}
        html = self._desk.renderer.page(
            "audit.html", language, rows=rows, names=names, details=details, who=who, subject=subject,
            me=request.state.viewer, older=rows[-1].id if len(rows) == ROWS else 0,
        )  # fmt: skip
        return HTMLResponse(html, headers={"content-language": language})
