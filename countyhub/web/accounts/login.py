"""The pages of logging in and out, and of one's own account."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from countyhub.accounts import session, users
from countyhub.accounts.entry import From, Held, NotLetIn
from countyhub.accounts.passwords import LONG, MIN_LENGTH, WeakPassword
from countyhub.accounts.roles import ROLES
from countyhub.accounts.session import COOKIE, SECURE_COOKIE
from countyhub.accounts.viewer import Viewer
from countyhub.api.peer import Peer
from countyhub.audit import trail
from countyhub.registry.snapshot import Registry
from countyhub.web.desk import YEAR_S, Desk, form_of
from countyhub.web.door.lobby import Lobby
from countyhub.web.door.logingate import cookie_of
from countyhub.web.render import COOKIE as LANGUAGE_COOKIE
from countyhub.web.render import language_of
from gridwire.problem import Problem


class Login:
    """`routes()` of one console."""

    def __init__(self, desk: Desk, lobby: Lobby) -> None:
        self._desk, self._lobby = desk, lobby

    def routes(self) -> list[Route]:
        return [
            Route("/login", self.ask, methods=["GET"]),
            Route("/login", self.enter, methods=["POST"]),
            Route("/login/link/{secret}", self.ask_link, methods=["GET"]),
            Route("/login/link/{secret}", self.enter_by_link, methods=["POST"]),
            Route("/logout", self.leave, methods=["POST"]),
            Route("/account", self.account, methods=["GET"]),
            Route("/account/password", self.change_password, methods=["POST"]),
            Route("/account/sessions", self.end_others, methods=["POST"]),
            Route("/account/language", self.choose_language, methods=["POST"]),
        ]

    # Coming in.

    async def ask(self, request: Request) -> Response:
        """`GET /login?next=`: who is in already goes on; a second log-in would not count as his own."""
        wanted = _local(request.query_params.get("next", ""))
        if request.state.viewer is not None:
            return RedirectResponse(wanted, 303)
        return await self._login_page(request, next_=wanted)

    async def enter(self, request: Request) -> Response:
        """`POST /login`: name, password, next."""
        form = await form_of(request)
        wanted, name = _local(form.get("next", "")), form.get("name", "")
        try:
            cookie = await self._lobby.entry.by_password(name, form.get("password", ""), from_of(request), _now())
        except NotLetIn as problem:
            return await self._login_page(request, next_=wanted, name=name[:64], problem=problem)
        return _with_cookie(request, RedirectResponse(wanted, 303), cookie)

    async def ask_link(self, request: Request) -> Response:
        """`GET /login/link/{secret}`: a page with a button, for programs that look at links before people do."""
        return await self._login_page(request, link=request.path_params["secret"])

    async def enter_by_link(self, request: Request) -> Response:
        """`POST /login/link/{secret}`"""
        try:
            cookie = await self._lobby.entry.by_link(request.path_params["secret"], from_of(request), _now())
        except NotLetIn as problem:
            return await self._login_page(request, problem=problem)
        return _with_cookie(request, RedirectResponse("/", 303), cookie)

    async def _login_page(
        self, request: Request, *, next_: str = "/", name: str = "", link: str = "", problem: NotLetIn | None = None
    ) -> Response:
        async with self._lobby.store.read() as connection:
            is_first = not await users.any_user(connection)
        status, headers = (200 if problem is None else 401), {}
        if isinstance(problem, Held):
            status, headers["retry-after"] = 429, str(problem.seconds)
        values = {"next": next_, "login": name, "link": link, "is_first": is_first, "is_local": _peer(request).is_local}
        values["was_in"] = next_ != "/" and problem is None
        where = f"/login/link/{quote(link, safe='')}" if link else f"/login?next={quote(next_, safe='/')}"
        values["again"] = lambda lang: f"{where}{'&' if '?' in where else '?'}lang={lang}"
        await self._desk.book.refresh()  # for the county's name
        return self._page(request, "login.html", status, headers, problem=problem, **values)

    # Being in.

    async def account(self, request: Request) -> Response:
        """`GET /account`"""
        return await self._account_page(request)

    async def change_password(self, request: Request) -> Response:
        """`POST /account/password`: old, new, again."""
        form, me = await form_of(request), _viewer(request)
        if form.get("new") != form.get("again"):
            return await self._account_page(request, said="account.different", status=422)
        try:
            cookie = await self._lobby.entry.change_password(
                me.name, form.get("old", ""), form.get("new", ""), from_of(request), _now()
            )
        except (NotLetIn, WeakPassword) as problem:
            return await self._account_page(request, problem=problem, status=422)
        return _with_cookie(request, RedirectResponse("/account?said=changed", 303), cookie)

    async def end_others(self, request: Request) -> Response:
        """`POST /account/sessions`: session; one of one's sessions, or without a number all but this one."""
        me, now, said = _viewer(request), _now(), (await form_of(request)).get("session", "")
        async with self._lobby.store.write() as connection:
            user = await users.one(connection, me.name)
            running = await session.running(connection, now, self._lobby.limits, user)
            chosen = [each.id for each in running if each.id != me.session and said in ("", str(each.id))]
            for number in chosen:
                await session.end(connection, number, "logout", now)
            await trail.note(connection, "session.ended", f"user/{me.name}", why="others", count=len(chosen))
        return RedirectResponse("/account", 303)

    async def choose_language(self, request: Request) -> Response:
        """`POST /account/language`: lang; kept by this browser."""
        wanted = (await form_of(request)).get("lang", "")
        response = RedirectResponse("/account", 303)
        if wanted in ("zh", "en"):
            response.set_cookie(LANGUAGE_COOKIE, wanted, max_age=YEAR_S, path="/", httponly=True, samesite="lax")
        return response

    async def leave(self, request: Request) -> Response:
        """`POST /logout`"""
        await self._lobby.entry.out(_viewer(request).session, _now())
        response = RedirectResponse("/login", 303)
        for name, secure in ((COOKIE, False), (SECURE_COOKIE, True)):
            response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")
        response.headers["clear-site-data"] = '"cache"'
        return response

    async def _account_page(
        self, request: Request, *, said: str = "", problem: Problem | None = None, status: int = 200
    ) -> Response:
        me = _viewer(request)
        async with self._lobby.store.read() as connection:
            user = await users.one(connection, me.name)
            running = await session.running(connection, _now(), self._lobby.limits, user)
        if request.query_params.get("said") == "changed":
            said = "account.changed"
        visit = await self._desk.visit(request)
        registry, zh = visit.registry, visit.language == "zh"
        names = [(ROLES[role].zh if zh else ROLES[role].en) for role in me.roles]
        return await self._desk.page(
            visit, "account.html", here="account", status=status, me=me, running=running, said=said,
            wrong=problem.sentence(visit.language) if problem is not None else "",
            roles=("、" if zh else ", ").join(names), places=_places(me, user, registry), least=MIN_LENGTH, long=LONG,
        )  # fmt: skip

    def _page(self, request: Request, template: str, status: int, headers: dict[str, str], **values: Any) -> Response:
        language = language_of(request, self._desk.settings)
        problem = values.pop("problem", None)
        wrong = problem.sentence(language) if problem is not None else ""
        html = self._desk.renderer.page(template, language, wrong=wrong, **values)
        return HTMLResponse(html, status, headers={"content-language": language, **headers})


def _places(me: Viewer, user: users.User, registry: Registry) -> list[str]:
    """Names of what somebody sees; of many the first."""
    now = _now()
    codes = [user.area] if user.area else sorted({duty.place for duty in registry.duties(user.person, now)})
    return [registry.name(code, now) or code for code in codes if code][:12] if me.on_duty else []


def _local(wanted: str) -> str:
    """Only a path of ours: nobody is led elsewhere by a log-in."""
    is_path = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if is_path and "\\" not in wanted and not wanted.startswith(("/login", "/logout", "/live")) else "/"


def _viewer(request: Request) -> Viewer:
    found: Viewer = request.state.viewer
    return found


def _peer(request: Request) -> Peer:
    found: Peer = request.state.peer
    return found


def from_of(request: Request) -> From:
    """Where a request comes from."""
    other = _peer(request)
    return From(other.address, request.headers.get("user-agent", ""), cookie_of(request, other))


def _with_cookie(request: Request, response: Response, cookie: str) -> Response:
    """Lax, not strict: a link in a message leads to its page, not to the log-in."""
    is_tls = _peer(request).is_tls
    response.set_cookie(
        SECURE_COOKIE if is_tls else COOKIE, cookie, path="/", secure=is_tls, httponly=True, samesite="lax"
    )
    return response


def _now() -> datetime:
    return datetime.now(UTC)
