"""The audit for the auditor: who did what, the newest first, also as a table to take away; and whether it is whole.

Promise: that somebody looks is in the audit too.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.audit import anchors, reading, trail
from countyhub.audit.chain import Row
from countyhub.audit.kinds import KINDS
from countyhub.audit.verify import FAULTS, verify
from countyhub.web.audit import auditsearch
from countyhub.web.audit.auditwords import AuditWords
from countyhub.web.desk import Desk, Visit
from countyhub.web.door.lobby import Lobby
from countyhub.web.export import exports
from countyhub.web.export.tables import Column, Table
from countyhub.web.render import language_of
from gridwire.problem import Language

ROWS: Final = 100
_NUMBER_DIGITS: Final = 18


AUDIT: Final[Table[Row]] = Table(
    title="audit.title",
    columns=(
        Column(title="audit.number", width=10, kind="number", value=lambda _, row: row.id),
        Column(title="audit.at", width=17, kind="time", value=lambda _, row: row.at),
        Column(title="audit.who", width=20, value=lambda _, row: row.who),
        Column(title="audit.person", width=12, value=lambda _, row: row.person),
        Column(title="audit.kind", width=20, value=lambda visit, row: AuditWords(visit.words, {}).kind(row)),
        Column(title="audit.object", width=36, value=lambda _, row: row.object),
        Column(title="audit.detail", width=50, value=lambda visit, row: AuditWords(visit.words, {}).detail(row)),
        Column(title="audit.address", width=16, value=lambda _, row: row.address),
        Column(title="audit.hash", width=66, value=lambda _, row: row.hash.hex()),
    ),
)


class Asked(NamedTuple):
    """What the address asks for; empty texts mean all. `until`: a day that still counts."""

    before: int = 0
    who: str = ""
    subject: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""


class AuditPage:
    """`routes()` of one console."""

    def __init__(self, desk: Desk, lobby: Lobby) -> None:
        self._desk, self._lobby = desk, lobby

    def routes(self) -> list[Route]:
        return [
            Route("/audit", self.audit, methods=["GET"]),
            Route("/audit/verify", self.verify, methods=["GET"]),
            *exports.addresses(self._desk, AUDIT, "/audit", self.taken),
        ]

    async def audit(self, request: Request) -> Response:
        """`GET /audit?before=&who=&object=&kind=&since=&until=`"""
        return await self._page(request, _asked(request))

    async def verify(self, request: Request) -> Response:
        """`GET /audit/verify`: the whole chain reckoned anew, against the anchors that this machine has."""
        folder = Path(self._desk.config.data_dir)
        async with self._lobby.store.read() as connection:
            found = await verify(connection, anchors.read(folder / anchors.FILE))
        context = self._desk.renderer.context(language_of(request, self._desk.settings))
        if found.broken is not None:
            zh, en = FAULTS[found.broken.fault]
            what = zh if context.language == "zh" else en
            verdict = context.t("audit.broken", number=found.broken.id, what=what)
        else:
            facts = {"first": found.first, "last": found.last, "anchors": found.anchors, "hash": found.hash.hex()}
            verdict = context.t("audit.whole", **facts)
        return await self._page(request, Asked(), verdict, is_broken=found.broken is not None)

    async def taken(self, visit: Visit, most: int) -> list[Row]:
        """The rows of the page's filter, the newest first."""
        async with self._lobby.store.read() as connection:
            return await self._rows(connection, _asked(visit.request), most)

    async def _rows(self, connection: AsyncConnection, asked: Asked, limit: int) -> list[Row]:
        """Raises 400 for what is no day."""
        until, wanted = self._midnight(asked.until, "until"), []
        if asked.who:
            wanted.append(auditsearch.of_who(asked.who, self._desk.book.registry, datetime.now(UTC)))
        if asked.subject:
            wanted.append(await auditsearch.of_object(connection, asked.subject))
        return await reading.newest(
            connection, before=asked.before, wanted=wanted, kind=asked.kind, limit=limit,
            since=self._midnight(asked.since, "since"), until=until + timedelta(days=1) if until else None,
        )  # fmt: skip

    def _midnight(self, said: str, name: str) -> datetime | None:
        try:
            return datetime.combine(date.fromisoformat(said), time.min, self._desk.book.zone) if said else None
        except ValueError as error:
            raise HTTPException(400, detail=name) from error

    async def _page(self, request: Request, asked: Asked, verdict: str = "", *, is_broken: bool = False) -> Response:
        async with self._lobby.store.read() as connection:
            rows = await self._rows(connection, asked, ROWS)
        facts = {name: value for name, value in asked._asdict().items() if value}
        async with self._lobby.store.write() as connection:
            await trail.note(
                connection,
                "audit.read",
                facts=facts,
                verdict=("broken" if is_broken else "whole") if verdict else "",
            )
        visit = await self._desk.visit(request)
        kept = {name: value for name, value in asked._asdict().items() if name != "before"}
        kept["object"] = kept.pop("subject")
        values: dict[str, Any] = {"verdict": verdict, "is_broken": is_broken, "asked": asked, "rows": rows}
        return await self._desk.page(
            visit, "audit.html", here="audit", names=_names(visit.language), kept=kept, asked_for=_told(visit, asked),
            said=AuditWords(visit.words, {box.id: box.label for box in visit.snapshot.boxes}),
            older=rows[-1].id if len(rows) == ROWS else 0, **values,
        )  # fmt: skip


def _asked(request: Request) -> Asked:
    asked = request.query_params
    said = asked.get("before", "")
    before = int(said) if said.isascii() and said.isdigit() and len(said) <= _NUMBER_DIGITS else 0
    texts = {name: asked.get(name, "").strip()[:64] for name in ("who", "kind", "since", "until")}
    return Asked(before=before, subject=asked.get("object", "").strip()[:128], **texts)


def _told(visit: Visit, asked: Asked) -> list[tuple[str, str]]:
    """What was searched for, in words."""
    given = (
        ("audit.kind", _names(visit.language).get(asked.kind, asked.kind)),
        ("audit.who", asked.who), ("audit.object", asked.subject),
        ("audit.since", asked.since), ("audit.until", asked.until),
    )  # fmt: skip
    return [(visit.t(name), value) for name, value in given if value]


def _names(language: Language) -> dict[str, str]:
    return {kind: (name.zh if language == "zh" else name.en) for kind, name in KINDS.items()}
