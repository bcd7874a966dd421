"""Reporting a matter, made for the phone of a grid worker: where, what, done; and below it the cases that are his to
close. Photos are no part of what comes here: once the case has its number, `report` of `static/console.js` sends them
to its page (`casepage`) one by one, and `cases.attaching` keeps them.

Who sends twice because the line was bad has reported once: the form carries the key under which the case is opened.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from countyhub.cases.opening import MAX_TITLE, Opening, open_case
from countyhub.cases.retrying import retried
from countyhub.lifecycle.state import Office
from countyhub.registry.forms import Area, Grid
from countyhub.web.cases.limits import limits
from countyhub.web.cases.mine import mine
from countyhub.web.desk import Desk, Visit, form_of
from gridwire.identifiers import new_ulid

MINE: Final = 30
PLACES_MAX: Final = 60
_KEY: Final = re.compile(r"[0-9A-Z]{26}", re.ASCII)


class ReportPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /report`"""
        visit = await self._desk.visit(request)
        return await self._shown(visit, {})

    async def _shown(self, visit: Visit, typed: dict[str, str], wrong: str = "") -> Response:
        actor = visit.actor
        own = [(each.listed, limits(each.case, visit.now)) for each in await mine(self._desk, visit, MINE)]
        kinds = [(row.code, row.name) for row in visit.registry.kinds(visit.now)]
        return await self._desk.page(
            visit,
            "report.html",
            here="report",
            status=422 if wrong else 200,
            may=actor is not None and visit.viewer.may("cases:open"),
            places=_places(visit),
            kinds=kinds,
            key=typed.get("key") or new_ulid(),
            typed={name: typed.get(name, "") for name in ("place", "category", "title", "text")},
            wrong=wrong,
            mine=own,
        )

    async def report(self, request: Request) -> Response:
        """`POST /cases`: place, category, title, text, key. The case's number for a script, else its page."""
        form = await form_of(request)
        visit, store = await self._desk.visit(request), self._desk.must_write()
        actor = visit.actor
        if actor is None:
            raise HTTPException(403)
        wrong = _wrong(visit, form)
        if wrong:
            return PlainTextResponse(wrong, 422) if _is_script(request) else await self._shown(visit, form, wrong)
        key = form.get("key", "")
        opening = Opening(
            key=f"hand/{key if _KEY.fullmatch(key) else new_ulid()}",
            origin="person",
            arrived=visit.now,
            happened=visit.now,
            category=form.get("category", ""),
            place=form["place"],
            title=form["title"].strip()[:MAX_TITLE],
            text=form.get("text", "").strip()[:4000],
        )
        opened = await retried(store, lambda connection: open_case(connection, visit.book, opening, visit.now, actor))
        await self._desk.watch.look()
        return (
            PlainTextResponse(opened.number, 201)
            if _is_script(request)
            else RedirectResponse(f"/cases/{opened.number}?done=opened", 303)
        )


def _is_script(request: Request) -> bool:
    return request.headers.get("accept", "") == "text/plain"


def _wrong(visit: Visit, form: dict[str, str]) -> str:
    """What has to be put right, in words; empty when it can go."""
    place, category = form.get("place", ""), form.get("category", "")
    if not form.get("title", "").strip():
        return visit.t("report.no_title")
    if not place or not visit.registry.ancestors(place, visit.now) or not _is_own(visit, place):
        return visit.t("report.no_place")
    if category and visit.registry.category(category, visit.now) is None:
        return visit.t("report.no_category")
    return ""


def _is_own(visit: Visit, place: str) -> bool:
    """Whether the place lies in what the viewer sees."""
    scope, path = visit.scope, visit.registry.ancestors(place, visit.now)
    return scope.whole or any(each in scope.grids | scope.villages | scope.townships for each in path)


def _places(visit: Visit) -> list[tuple[str, str, Office | None]]:
    """With the office that will have it: that of who reports, where it lies on the way of the case."""
    own = visit.actor.offices if visit.actor else frozenset[Office]()
    found: list[tuple[str, str, Office | None]] = []
    for code, name in _own_places(visit):
        route = visit.book.route_of(visit.book.place("", "", visit.now, code), visit.now)
        found.append((code, name, next((office for office in route if office in own), route[0])))
    return found


def _own_places(visit: Visit) -> list[tuple[str, str]]:
    """Where a matter may be: the viewer's own grids and villages first; for who sees the county its townships."""
    registry, now = visit.registry, visit.now
    scope = visit.scope
    if scope.whole:
        return [(code, visit.words.place(code)) for code in registry.children(visit.book.county, now)]
    inside = set(scope.grids)
    for village in scope.villages:
        inside |= registry.scope(village, now).grids
    codes = [code for code in sorted(inside) if isinstance(registry.area(code, now), Grid)][:PLACES_MAX]
    codes += [code for code in sorted(scope.villages) if isinstance(registry.area(code, now), Area)][:PLACES_MAX]
    return [(code, visit.words.place(code)) for code in codes]


def routes(desk: Desk) -> list[Route]:
    page = ReportPage(desk)
    return [Route("/report", page.page), Route("/cases", page.report, methods=["POST"])]
