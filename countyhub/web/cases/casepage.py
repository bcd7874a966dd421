"""One case: what it is about, what it stands on, what happened, and what its viewer may do now.

Promise: an act goes by the version that was seen. Who was overtaken sees the case as it is now with what he has typed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from msgspec.structs import replace as replaced
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from countyhub.accounts import masking, reasons
from countyhub.cases import acting, attaching, finding
from countyhub.cases.finding import TimelineEntry
from countyhub.cases.refusals import NotThere, SignalsSince
from countyhub.lifecycle.refusals import Refused, Stale
from countyhub.overview import arrivals
from countyhub.overview.arrivals import EventView
from countyhub.web import outlines
from countyhub.web.cases import caseacts
from countyhub.web.cases.limits import limits
from countyhub.web.cases.maskedcase import masked
from countyhub.web.cases.newsignals import NewSignals, new_signals
from countyhub.web.desk import OPENED, Desk, Parts, Visit, body_of, form_of
from countyhub.web.live.lighttally import OPEN_STAGES
from countyhub.web.texts import present
from gridwire import events as wire

EVENTS_MAX = 40
"""The newest of those that a case stands on; a camera that sees the same thing all day makes thousands."""
DONE_FOR = timedelta(minutes=2)
"""So long a page that is loaded again says what was done."""
_TYPED = ("act", "text", "target", "parent", "clock", "category", "day")
_FILE_CACHE = "private, max-age=604800, immutable"
_SHOWN = ("image/jpeg", "image/png", "image/webp", "image/gif")


class CasePage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /cases/{number}`"""
        visit = await self._desk.visit(request)
        return await self._shown(visit, request.path_params["number"])

    async def parts(self, visit: Visit) -> Parts:
        """Asked for again when the case has got a line; each time while it waits to be closed, for a signal that joins
        it then may write none."""
        number, kept = visit.said("number"), self._desk.kept
        version = await self._desk.watch.touched.version(number, visit.snapshot.last_entry)
        key, inputs = ("case", visit.language, visit.scope, visit.own, number), (version, *visit.names)
        made: Parts | None = kept.found(key, inputs)
        if made is None:
            values = await self._values(visit, number, reveals=bool(visit.own))
            made = self._parts(visit, values)
            if values["row"].stage != "feedback":
                kept.keep(key, inputs, made)
        return made

    def _parts(self, visit: Visit, values: dict[str, Any]) -> Parts:
        return {
            "case-head": self._desk.part(visit, "_casehead.html", **values),
            "case-timeline": self._desk.part(visit, "_timeline.html", **values),
        }

    async def _shown(
        self, visit: Visit, number: str, refused: Refused | None = None, typed: Mapping[str, str] | None = None
    ) -> Response:
        values = await self._values(visit, number, reveals=True)
        able, grey = caseacts.buttons(visit.book, values["whole"].case, visit.actor, visit.now)
        if not visit.viewer.may("cases:act"):
            able, grey = [], []
        return await self._desk.page(
            visit,
            "case.html",
            here="cases",
            status=200 if refused is None else 409,
            live="case",
            query={"number": number, **({OPENED: "1"} if values["is_open"] else {})},
            parts=self._parts(visit, values),
            able=able,
            grey=grey,
            refused=refused,
            stale=isinstance(refused, Stale),
            done=_done(visit, values["entries"]) if refused is None else None,
            typed={**dict.fromkeys(_TYPED, ""), **(typed or {})},
            **values,
        )

    async def _values(self, visit: Visit, number: str, *, reveals: bool = False) -> dict[str, Any]:
        """Raises 404. `reveals`: who has given a reason sees personal data in full; not so in what is shared by all who
        see the same."""
        async with self._desk.read() as connection:
            whole = await finding.one(connection, number, visit.scope)
            if whole is None:
                raise HTTPException(404)
            entries = await finding.timeline(connection, number)
            events = await arrivals.by_id(connection, whole.events[-EVENTS_MAX:]) if whole.events else []
            session = visit.viewer.session
            is_open = reveals and await reasons.is_open(connection, session, f"case/{number}", visit.now)
            pictures = [each.path[1:] for view in events for each in view.pictures if each.stored] if reveals else []
            opened = await reasons.opened(connection, session, pictures, visit.now) if pictures else frozenset[str]()
            lines = {view.id: self._line(visit, view, is_open) for view in events}
            later = await new_signals(connection, whole, entries, events, lambda view: _told(lines[view.id], view))
        shown = masked(whole, entries)
        if not is_open:
            whole, entries = shown.whole, shown.entries
        row = whole.listed
        return {
            "whole": whole,
            "hidden": shown.is_masked and not is_open,
            "is_open": is_open,
            "row": row,
            "entries": entries,
            "events": events,
            "lines": lines,
            "opened": opened,
            "limits": limits(whole.case, visit.now),
            "new_signals": later,
            "timeline": sorted((*entries, *(later.marks if later else ())), key=lambda entry: entry.at),
            "registered_by": whole.case.arrived + visit.book.registers_after,
            "box_name": visit.registry.box_name(row.box, visit.now) or row.box,
            "more_events": max(len(whole.events) - EVENTS_MAX, 0),
            **_steps(row.stage, entries),
            "files": [(each, each.media_type in _SHOWN) for each in whole.attachments],
            "place": outlines.around(visit.registry, visit.now, row.grid or row.village or row.township),
        }

    def _line(self, visit: Visit, view: EventView, is_open: bool) -> present.Line:
        """An event as it is shown with its case: what a resident has written stands there already, masked or not."""
        clock = self._clock(visit)
        if not isinstance(view.data, wire.Request):
            return present.line(view, visit.language, clock)
        data = view.data if is_open else replaced(view.data, text=masking.text(view.data.text), masked="")
        return present.line(replace(view, data=data), visit.language, clock, full=True)

    def _clock(self, visit: Visit) -> present.Clock:
        return self._desk.renderer.context(visit.language).clock

    async def act(self, request: Request) -> Response:
        """`POST /cases/{number}/acts`: what `caseacts.act_of` reads. Back to the case when it is done."""
        number, form = request.path_params["number"], await form_of(request)
        visit, store, wanted = await self._desk.visit(request), self._desk.must_write(), caseacts.act_of(form)
        async with self._desk.read() as connection:
            if await finding.one(connection, number, visit.scope) is None:
                raise HTTPException(404)
            into = wanted.parent if wanted.name == "merge" else ""
            is_unseen = bool(into) and await finding.one(connection, into, visit.scope) is None
        actor = visit.actor
        if actor is None:
            raise HTTPException(403)
        refused = NotThere(number=into) if is_unseen else await self._signals(visit, number, form)
        done = refused or await acting.act(store, visit.book, number, wanted, actor, visit.now)
        await self._desk.watch.look()  # who acts sees at once what has become of it, on every page
        if isinstance(done, Refused):
            return await self._shown(await self._desk.visit(request), number, done, form)
        return RedirectResponse(f"/cases/{number}?done={done.case.version}", 303)

    async def _signals(self, visit: Visit, number: str, form: Mapping[str, str]) -> SignalsSince | None:
        """Whether something came after the feedback that who closes it has not been shown."""
        if form.get("act") != "close":
            return None
        found: NewSignals | None = (await self._values(visit, number))["new_signals"]
        if found is None or form.get("signals", "") == found.token:
            return None
        return SignalsSince(last=self._clock(visit).full(found.last))

    async def sheet(self, request: Request) -> Response:
        """`GET /cases/{number}/sheet`: the case on paper, with the pictures that a reason was given for."""
        visit = await self._desk.visit(request)
        values = await self._values(visit, request.path_params["number"], reveals=True)
        return await self._desk.page(visit, "sheet.html", here="cases", **values)

    async def add_file(self, request: Request) -> Response:
        """`POST /cases/{number}/files?name=`: the file is the body. 201, or the refusal in words."""
        number, name = request.path_params["number"], request.query_params.get("name", "")[:120] or "file"
        visit, store = await self._desk.visit(request), self._desk.must_write()
        async with self._desk.read() as connection:
            if await finding.one(connection, number, visit.scope) is None:
                raise HTTPException(404)
        actor = visit.actor
        if actor is None:
            raise HTTPException(403)
        data = await body_of(request, attaching.MAX_BYTES + 1)
        done = await attaching.attach(store, visit.book, number, name, data, actor, visit.now)
        if isinstance(done, Refused):
            return PlainTextResponse(visit.words.why(done), 422)
        return PlainTextResponse(str(done.id), 201)

    async def file(self, request: Request) -> Response:
        """`GET /cases/{number}/files/{id}`: pictures are shown, all else is saved."""
        number, visit = request.path_params["number"], await self._desk.visit(request)
        async with self._desk.read() as connection:
            if await finding.one(connection, number, visit.scope) is None:
                raise HTTPException(404)
            found = await attaching.read_attachment(connection, number, request.path_params["file"])
        if found is None:
            raise HTTPException(404)
        info, data = found
        headers = {"etag": f'"{info.sha256}"', "cache-control": _FILE_CACHE}
        if info.media_type not in _SHOWN:
            headers["content-disposition"] = f'attachment; filename="{info.id}.pdf"'
        return Response(data, media_type=info.media_type, headers=headers)


def _told(line: present.Line, view: EventView) -> str:
    return " ".join(part for part in (line.title, view.device_name) if part)


def _done(visit: Visit, entries: Sequence[TimelineEntry]) -> TimelineEntry | None:
    """What the viewer has just done, by the version that the address names; what it says stands on the timeline."""
    said = visit.said("done")
    mine = [entry for entry in entries if entry.actor == visit.viewer.user and visit.now - entry.at < DONE_FOR]
    return next((entry for entry in reversed(mine) if said in (str(entry.version), entry.act)), None)


def _steps(stage: str, entries: Sequence[TimelineEntry]) -> dict[str, Any]:
    """The steps of the loop: which were passed through, and up to where it came. Of one that ended beside the loop
    (void, merged) the later ones are still open."""
    stages = (*OPEN_STAGES, "closed")
    passed = {each for entry in entries for each in (entry.before, entry.after)}
    far = [index for index, each in enumerate(stages) if each in passed]
    at = stages.index(stage) if stage in stages else max(far, default=-1) + 1
    return {"stages": stages, "passed": passed, "at": at}


def routes(desk: Desk) -> list[Route]:
    page = CasePage(desk)
    desk.live["case"] = page.parts
    return [
        Route("/cases/{number}", page.page),
        Route("/cases/{number}/sheet", page.sheet),
        Route("/cases/{number}/acts", page.act, methods=["POST"]),
        Route("/cases/{number}/files", page.add_file, methods=["POST"]),
        Route("/cases/{number}/files/{file:int}", page.file),
    ]
