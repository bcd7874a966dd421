"""What every page has at hand: the database, the county's book, the templates; and of one visit who asks, in which
language, and what needs a person now.

A page is a module with `routes(desk)`; what it shows live it names in `Desk.live`. Nothing here knows a page.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from countyhub.cases.book import Book
from countyhub.config import Config
from countyhub.lifecycle.state import Actor
from countyhub.overview.boxviews import BoxView
from countyhub.registry.snapshot import Registry
from countyhub.sight.scope import Scope
from countyhub.store.engine import UNAVAILABLE, Store
from countyhub.web.access import ANYONE, MACHINES, MENU, PUBLIC, REVEALS, page_of
from countyhub.web.door.viewer import Viewer, viewer_of
from countyhub.web.live.kept import Kept
from countyhub.web.live.needs import Machines, Needs, cases_of, machines_of
from countyhub.web.live.scoped import ScopedSnapshots
from countyhub.web.live.snapshot import Read, Snapshot
from countyhub.web.live.watch import Watch
from countyhub.web.render import COOKIE, Renderer, language_of
from countyhub.web.settings import ConsoleSettings
from countyhub.web.texts.table import text
from countyhub.web.texts.words import Words
from gridwire.problem import Language

YEAR_S = 365 * 86400
KEPT: Final = 500


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request of one person. `registry` is one state for all questions of it, `now` one instant."""

    request: Request
    viewer: Viewer
    language: Language
    now: datetime
    book: Book
    registry: Registry
    words: Words
    snapshot: Snapshot

    @property
    def scope(self) -> Scope:
        return self.viewer.scope

    @property
    def actor(self) -> Actor | None:
        return self.viewer.actor

    @property
    def names(self) -> tuple[Registry, date]:
        """What all names on a page go by."""
        return self.registry, self.registry.day(self.now)

    @property
    def standing(self) -> tuple[str, ...]:
        """Name, role and office of who looks, as the head of every page says them."""
        viewer = self.viewer
        duties = [duty for duty in self.registry.duties(viewer.user, self.names[1]) if duty.role in viewer.roles]
        acts = self.actor.role if self.actor is not None else next(iter(viewer.roles), "")
        place = next((duty.place for duty in duties if duty.role == acts), "")
        if not place and viewer.scope.whole:
            place = self.book.county
        office = self.words.place(place) if place else ""
        return (self.words.person(viewer.user) or viewer.name, *filter(None, (self.words.role(acts), office)))

    @property
    def reveals(self) -> bool:
        """Whether masked personal data may be asked for."""
        return self.viewer.may(REVEALS)

    @property
    def own(self) -> int:
        """See `own_of`."""
        return own_of(self.request, self.viewer)

    def said(self, name: str) -> str:
        """A parameter of the address, without blanks around it; empty when it is not there."""
        return self.request.query_params.get(name, "").strip()[:200]

    def t(self, key: str, **facts: object) -> str:
        return text(key, self.language, **facts)

    def again(self, **changed: object) -> str:
        """The address of this page with other parameters; empty ones are left out."""
        kept = [(key, value) for key, value in self.request.query_params.multi_items() if key not in changed]
        given = [*kept, *((key, str(value)) for key, value in changed.items() if value not in ("", None))]
        path = self.request.url.path if self.request.method in ("GET", "HEAD") else _parent(self.request.url.path)
        return f"{path}?{urlencode(given)}" if given else path


def _parent(path: str) -> str:
    """Where a form that was refused came from."""
    return path.rpartition("/")[0] or "/"


Parts = Mapping[str, str]
"""Element's id -> its HTML."""


def digest(html: str) -> bytes:
    """Of one part."""
    return hashlib.blake2b(html.encode(), digest_size=12).digest()


def digest_of(digests: Mapping[str, bytes]) -> str:
    """Of all parts, by those of each: says whether somebody sees the same."""
    said = b"".join(name.encode() + b"\0" + digests[name] for name in sorted(digests))
    return hashlib.blake2b(said, digest_size=9).hexdigest()


OPENED: Final = "opened"
"""The parameter by which a live page says that it shows what its viewer gave a reason for."""


def own_of(request: Request, viewer: Viewer) -> int:
    """The session of a viewer whose live page shows what this session alone gave a reason for, so that nobody shares
    its parts; else 0. That there was a reason, whoever makes the parts must ask."""
    return viewer.session if request.query_params.get(OPENED) and viewer.may(REVEALS) else 0


Source = Callable[[Visit], Awaitable[Parts]]


@dataclass(kw_only=True)
class Desk:
    """`store`: None where the database is read only. `live`: name of a page -> its parts that change by themselves."""

    read: Read
    store: Store | None
    book: Book
    watch: Watch
    renderer: Renderer
    settings: ConsoleSettings
    config: Config
    scoped: ScopedSnapshots
    live: dict[str, Source] = field(default_factory=dict)
    kept: Kept[Any] = field(default_factory=lambda: Kept(5000))
    """For parts: by their name, the language and whatever else they go by."""
    _needs: dict[Scope, tuple[int, Needs]] = field(default_factory=dict)
    _fresh_tick: int = -1
    _freshening: asyncio.Lock = field(default_factory=asyncio.Lock)

    def language(self, request: Request) -> Language:
        return language_of(request, self.settings)

    async def visit(self, request: Request) -> Visit:
        """Raises one of `UNAVAILABLE`."""
        await self.book.refresh()
        return self._visit(request, await self.watch.recent())

    def looking_on(self, request: Request) -> Visit:
        """The visit of a live page: as of the last tick, after `freshen`."""
        assert self.watch.snapshot is not None  # a tick comes with a snapshot
        return self._visit(request, self.watch.snapshot)

    def _visit(self, request: Request, snapshot: Snapshot) -> Visit:
        viewer, now, language = viewer_of(request), datetime.now(UTC), self.language(request)
        registry = self.book.registry
        return Visit(
            request=request,
            viewer=viewer,
            language=language,
            now=now,
            book=self.book,
            registry=registry,
            words=Words(registry, language, now),
            snapshot=snapshot,
        )

    async def page(
        self, visit: Visit, template: str, *, here: str, status: int = 200, live: str = "", stream: str = "",
        query: Mapping[str, str] | None = None, parts: Parts | None = None, **values: Any,
    ) -> Response:  # fmt: skip
        """A whole page. `here`: which entry of the navigation it is. `live`: its name in `Desk.live`, `query` what that
        is to be asked beside what the page was, `parts` what it says now: the template puts them in their places.
        """
        found = await self.needs(visit)
        around = self._around(visit, found)
        shown = {**around, **(parts or {})}
        if live:
            given = [(key, value) for key, value in visit.request.query_params.multi_items() if key != "lang"]
            seen = digest_of({name: digest(each) for name, each in shown.items()})
            given += [*(query or {}).items(), ("lang", visit.language), ("seen", seen)]
            given.append(("sight", visit.viewer.sight))
            stream = f"/live/{live}?{urlencode(given)}"
        html = self.renderer.page(
            template,
            visit.language,
            reveals=visit.reveals,
            machines=visit.viewer.may(MACHINES),
            v=visit,
            w=visit.words,
            here=here,
            stream=stream,
            nav=_nav(visit),
            parts={name: Markup(each) for name, each in shown.items()},  # noqa: S704  # made by our own templates
            **values,
        )
        headers = {"content-language": visit.language, "vary": "accept-language, cookie"}
        response = HTMLResponse(html, status, headers=headers)
        if visit.request.query_params.get("lang"):
            response.set_cookie(COOKIE, visit.language, max_age=YEAR_S, httponly=True, samesite="lax")
        return response

    def _around(self, visit: Visit, found: Needs) -> Parts:
        """The parts that every page has. Who may not see cases is not told of them."""
        if not _goes_on(visit, "cases:read"):
            return {"needs": ""}
        key = ("needs", visit.language, visit.scope, visit.viewer.may(MACHINES))
        made = self.kept.get(key, (found, *visit.names), lambda: self.part(visit, "_needs.html", needs=found))
        return {"needs": made}

    def part(self, visit: Visit, template: str, **values: Any) -> str:
        """A fragment: a template with one element, which a live page puts in the place of the old one."""
        given = {
            "reveals": visit.reveals,
            "machines": visit.viewer.may(MACHINES),
            "v": visit,
            "w": visit.words,
            **values,
        }
        return self.renderer.page(template, visit.language, **given).strip()

    async def parts(self, name: str, visit: Visit) -> Parts:
        """All live parts of a page as they are now."""
        return {**self._around(visit, await self.needs(visit)), **await self.live[name](visit)}

    async def needs(self, visit: Visit) -> Needs:
        """What needs a person, of what the viewer sees; asked once for all who see the same, when it may be another."""
        scope, boxes = visit.scope, self.boxes(visit)
        version = await self.watch.touched.version(scope, visit.snapshot.last_entry)
        known = self._needs.get(scope)
        if known is None or known[0] != version:
            async with self.read() as connection:
                known = version, await cases_of(connection, scope)
            self._needs[scope] = known
            while len(self._needs) > KEPT:
                del self._needs[next(iter(self._needs))]
        lasting = visit.snapshot.lasting
        machines: Machines = self.kept.get(("machines", scope), (boxes, lasting), lambda: machines_of(boxes, lasting))
        found = replace(known[1], silent_since=machines.silent_since(visit.now))
        return replace(found, dark=machines.dark, away=machines.away) if visit.viewer.may(MACHINES) else found

    async def freshen(self) -> None:
        """Looks at the registry once a tick for all streams. Raises one of `UNAVAILABLE`."""
        if self._fresh_tick == self.watch.tick:
            return
        async with self._freshening:
            tick = self.watch.tick
            if self._fresh_tick != tick:
                await self.book.refresh()
                self._fresh_tick = tick

    def is_other(self, request: Request, viewer: Viewer) -> bool:
        """Whether the viewer of an open page sees or may do something else than when it was made: `Viewer.sight`."""
        page, sight = page_of(request.method, request.url.path), request.query_params.get("sight", "")
        is_out = not viewer.on_duty or (page is not None and page.whole and not viewer.scope.whole)
        return is_out or (bool(sight) and sight != viewer.sight)

    async def has_changed(self, request: Request) -> bool:
        """The same after a look at the registry: for when nothing else is asked."""
        try:
            await self.book.refresh()
        except UNAVAILABLE:
            return False  # who waits for news of a database that is away goes on waiting
        return self.is_other(request, viewer_of(request))

    async def seen(self, visit: Visit, whole: Snapshot) -> Snapshot:
        """What the viewer sees of a snapshot."""
        day, revision = visit.registry.day(visit.now), visit.registry.revision
        return await self.scoped.seen(
            whole, visit.scope, visit.now, trouble_tick=self.watch.trouble_tick, revision=revision, day=day
        )

    def boxes(self, visit: Visit) -> tuple[BoxView, ...]:
        """The boxes in sight, those with trouble first. A box of no registry is seen by who sees everything."""
        whole, scope = visit.snapshot.boxes, visit.scope
        if scope.whole:
            return whole
        registry, day = visit.names
        placed: list[tuple[str, BoxView]] = self.kept.get(
            "placed", (whole, registry, day), lambda: [(registry.belongs(box.id, day).village, box) for box in whole]
        )
        villages: frozenset[str] = self.kept.get(("villages", scope), (registry, day), lambda: _villages(visit))
        found: tuple[BoxView, ...] = self.kept.get(
            ("boxes", scope), (whole, villages), lambda: tuple(box for village, box in placed if village in villages)
        )
        return found

    def must_write(self) -> Store:
        """The store for acts; raises 503 where this console cannot write."""
        if self.store is None:
            raise HTTPException(503)
        return self.store


def _villages(visit: Visit) -> frozenset[str]:
    """Whose boxes are in sight: a village's are seen by its grids too."""
    registry, day = visit.names
    paths = {registry.ancestors(grid, day)[1:2] for grid in visit.scope.grids}
    return visit.scope.villages | {path[0] for path in paths if path}


def _nav(visit: Visit) -> list[tuple[str, str]]:
    """The pages that the viewer may see: name and address. A grid worker's phone has little room for the others."""
    found: list[tuple[str, str]] = []
    for entry in MENU if _goes_on(visit) else ():
        page = page_of("GET", entry.path)
        if page is None or (page.whole and not visit.scope.whole):
            continue
        if page.right in ("", PUBLIC, ANYONE) or visit.viewer.may(page.right):
            found.append((entry.name, entry.path))
    return found


def _goes_on(visit: Visit, right: str = "") -> bool:
    """Whether there is anything for the viewer but the own account."""
    viewer = visit.viewer
    return viewer.on_duty and not viewer.must_change and (not right or viewer.may(right))


async def form_of(request: Request, max_bytes: int = 64 * 1024) -> dict[str, str]:
    """The fields of an ordinary form. Raises 400 for what is none, 413 for what is too long."""
    body = await body_of(request, max_bytes)
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=50, errors="strict"))
    except ValueError as error:
        raise HTTPException(400, detail="form") from error


async def body_of(request: Request, max_bytes: int) -> bytes:
    """The bytes of a request. Raises 413 as soon as there are too many."""
    found = bytearray()
    async for some in request.stream():
        found += some
        if len(found) > max_bytes:
            raise HTTPException(413)
    return bytes(found)
