"""Pictures, events, letters and personal data, for a reason: the page that asks for it, and what is looked at.

What is asked for must be in the asker's sight, by the queries; then the reason is written down and the thing is open to
this session for a while. Without a reason nothing of it leaves the hub.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from countyhub.accounts import reasons
from countyhub.accounts.reasons import OBJECTS_MOST, OPEN_FOR, REASONS, ReasonMissing
from countyhub.accounts.viewer import Viewer
from countyhub.cases import finding
from countyhub.overview import arrivals
from countyhub.overview.arrivals import EventView
from countyhub.sight import reach
from countyhub.store import tables as t
from countyhub.web.desk import Desk, body_of
from countyhub.web.door.lobby import Lobby
from countyhub.web.render import language_of
from countyhub.web.texts.present import line
from countyhub.web.texts.table import both

_PICTURE = re.compile(r"picture/([0-9-]{1,16})/([0-9A-Z]{26})/([1-9][0-9]{0,17})", re.ASCII)
_CASE = re.compile(r"case/([0-9-]{1,24})", re.ASCII)
_CASE_PAGE = re.compile(r"/cases/([0-9-]{1,24})", re.ASCII)
_EVENT = re.compile(r"event/([1-9][0-9]{0,17})", re.ASCII)
_LETTER = re.compile(r"letter/([1-9][0-9]{0,17})", re.ASCII)
_PERSON = re.compile(r"person/([\w.-]{1,32})")
_CACHE = "private, no-store"
_LETTER_MOST = 20_000
_FORM_BYTES = 64 * 1024


class _Wanted(NamedTuple):
    """What is to be looked at. `kind`: of the audit."""

    kind: str
    right: str
    objects: tuple[str, ...]


class _Letter(NamedTuple):
    """What could not be read, as far as it is text."""

    topic: str
    text: str


class Looking:
    """`routes()` of one console."""

    def __init__(self, desk: Desk, lobby: Lobby) -> None:
        self._desk, self._lobby = desk, lobby

    def routes(self) -> list[Route]:
        return [
            Route("/look", self.ask, methods=["GET"]),
            Route("/look", self.give, methods=["POST"]),
            Route("/picture/{box}/{stream}/{seq}", self.picture, methods=["GET"]),
        ]

    async def ask(self, request: Request) -> Response:
        """`GET /look?object=&object=&next=`: the pictures, if a reason was given lately, else the form that asks."""
        given = request.query_params.multi_items()
        return await self._page(request, await self._wanted(request, given), dict(given))

    async def give(self, request: Request) -> Response:
        """`POST /look`: object (several), reason, text, next."""
        body = (await body_of(request, _FORM_BYTES)).decode("utf-8", "replace")
        given = parse_qsl(body, keep_blank_values=True)
        wanted, form = await self._wanted(request, given), dict(given)
        me, now = _viewer(request), datetime.now(UTC)
        reason = {"reason": form.get("reason", ""), "text": form.get("text", "")}
        try:
            async with self._lobby.store.write() as connection:
                reason["case"] = await _proven(connection, _number(wanted, form), me)
                await reasons.give(connection, me.session, wanted.kind, wanted.objects, now=now, **reason)
        except ReasonMissing as problem:
            return await self._page(request, wanted, form, problem=problem)
        there = urlencode({"back": _back(request, form)}, safe="/")
        return RedirectResponse(_next(form) or f"/look?{_query(wanted.objects)}&{there}", 303)

    async def picture(self, request: Request) -> Response:
        """`GET /picture/{box}/{stream}/{seq}`: the JPEG, where a reason was given; people are led to where it is."""
        subject, me, now = request.url.path.removeprefix("/"), _viewer(request), datetime.now(UTC)
        async with self._lobby.store.read() as connection:
            row = await _picture(connection, subject, me)
            if row is None:
                raise HTTPException(404)
            is_open = await reasons.is_open(connection, me.session, subject, now)
        if not is_open:
            if "text/html" in request.headers.get("accept", ""):
                return RedirectResponse(f"/look?{_query([subject])}", 303)
            return PlainTextResponse(both("look.title"), 403)
        headers = {"etag": f'"{row.sha256}"', "cache-control": _CACHE}
        return Response(row.jpeg, media_type="image/jpeg", headers=headers)

    async def _wanted(self, request: Request, given: Sequence[tuple[str, str]]) -> _Wanted:
        """Raises 400, 403, and 404 for what is not in sight."""
        me = _viewer(request)
        objects = tuple(dict.fromkeys(value for name, value in given if name == "object"))
        if not 1 <= len(objects) <= OBJECTS_MOST:
            raise HTTPException(400, detail="object")
        is_picture = objects[0].startswith("picture/")
        kind, right = ("picture.looked", "pictures:read") if is_picture else ("personal.revealed", "personal:reveal")
        if not me.may(right):
            raise HTTPException(403)
        async with self._lobby.store.read() as connection:
            for each in objects:
                if is_picture != each.startswith("picture/") or not await self._is_seen(connection, each, me):
                    raise HTTPException(404)
        return _Wanted(kind, right, objects)

    async def _is_seen(self, connection: AsyncConnection, subject: str, me: Viewer) -> bool:
        if subject.startswith("picture/"):
            return await _picture(connection, subject, me, bytes_too=False) is not None
        if _EVENT.fullmatch(subject) or _LETTER.fullmatch(subject):
            return await self._found(connection, subject, me) is not None
        case, person = _CASE.fullmatch(subject), _PERSON.fullmatch(subject)
        if case is not None:
            return await finding.one(connection, case[1], me.scope) is not None
        return person is not None and bool(self._desk.book.registry.duties(person[1], datetime.now(UTC)))

    async def _found(self, connection: AsyncConnection, subject: str, me: Viewer) -> EventView | _Letter | None:
        """An event or letter in somebody's sight."""
        event, letter = _EVENT.fullmatch(subject), _LETTER.fullmatch(subject)
        if event is not None and me.may("events:read"):
            found = await arrivals.by_id(connection, [int(event[1])], me.scope)
            return found[0] if found else None
        if letter is not None and me.may("letters:read") and me.scope.whole:
            d = t.dead_letter.c
            row = (await connection.execute(select(d.topic, d.payload).where(d.id == int(letter[1])))).first()
            return _Letter(row.topic, row.payload[:_LETTER_MOST].decode("utf-8", "replace")) if row else None
        return None

    async def _page(
        self, request: Request, wanted: _Wanted, form: dict[str, str], problem: ReasonMissing | None = None
    ) -> Response:
        me, now = _viewer(request), datetime.now(UTC)
        language = language_of(request, self._desk.settings)
        async with self._lobby.store.read() as connection:
            opened = await reasons.opened(connection, me.session, wanted.objects, now)
            several = [await self._found(connection, each, me) for each in wanted.objects if each in opened]
        found = [each for each in several if each is not None]
        wrong = problem.text(language).removeprefix(f"{problem.code}: ") if problem is not None else ""
        is_open = opened >= set(wanted.objects) and (wanted.kind == "picture.looked" or len(found) == len(opened))
        choices = [(key, name.zh if language == "zh" else name.en) for key, name in REASONS.items()]
        values: dict[str, Any] = {"objects": wanted.objects, "is_open": is_open, "choices": choices, "me": me}
        back, number = _back(request, form), _number(wanted, form)
        said = self._desk.renderer.context(language).t("look.case", number=number) if number else ""
        values |= {"wrong": wrong, "next": _next(form), "back": back, "number": number}
        values |= {"text": form.get("text", said), "reason": form.get("reason", "case" if number else "")}
        clock = self._desk.renderer.context(language).clock
        values["lines"] = [
            (each, line(each, language, clock, full=True)) for each in found if isinstance(each, EventView)
        ]
        values["letters"] = [each for each in found if isinstance(each, _Letter)]
        html = self._desk.renderer.page("look.html", language, **values, until=now + OPEN_FOR)
        return HTMLResponse(html, 422 if wrong else 200, headers={"content-language": language})


async def _picture(connection: AsyncConnection, subject: str, me: Viewer, *, bytes_too: bool = True) -> Any:
    """The row of a picture that the viewer may see; None when there is none."""
    found = _PICTURE.fullmatch(subject)
    if found is None:
        return None
    m = t.media.c
    columns = (m.sha256, m.jpeg) if bytes_too else (m.sha256,)
    where = (m.box == found[1], m.stream == found[2], m.seq == int(found[3]))
    return (await connection.execute(select(*columns).where(*where, reach.of_box(me.scope, m.box, m.received)))).first()


def _back(request: Request, form: dict[str, str]) -> str:
    """Where the asker came from: a page of this console, the first one where nothing says so."""
    came = urlsplit(request.headers.get("referer", ""))
    path = came.path + (f"?{came.query}" if came.query else "")
    given = [form.get("next", ""), form.get("back", "")]
    if came.netloc == request.headers.get("host", "") and came.path != "/look":
        given.append(path)
    return next((each for each in map(_own, given) if each), "/")


def _number(wanted: _Wanted, form: dict[str, str]) -> str:
    """The case that it is about, if it is about one."""
    found = _CASE.fullmatch(wanted.objects[0]) or _CASE_PAGE.fullmatch(_next(form))
    return found[1] if found else ""


async def _proven(connection: AsyncConnection, number: str, me: Viewer) -> str:
    """The number of a case, if there is one in the asker's sight: what stands in the audit is no invention."""
    return number if number and await finding.one(connection, number, me.scope) is not None else ""


def _next(form: dict[str, str]) -> str:
    return _own(form.get("next", ""))


def _own(wanted: str) -> str:
    """A path of this console; empty for anything else."""
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable() else ""


def _query(objects: Sequence[str]) -> str:
    return urlencode([("object", each) for each in objects], safe="/")


def _viewer(request: Request) -> Viewer:
    found: Viewer = request.state.viewer
    return found
