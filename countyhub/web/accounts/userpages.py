"""Users of the console, for who sees the whole county and has the right: listed, made, changed, disabled.

Promise: each change asks for the password of who makes it, is in the audit, and ends the sessions of whom it concerns.
Passwords are made here, shown once, and must be changed at the first log-in: nobody knows another one's password.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from countyhub.accounts import passwords, session, users
from countyhub.accounts.entry import NotLetIn
from countyhub.accounts.roles import ROLES
from countyhub.accounts.users import NoSuchUser, OwnAccount, User, WrongUser
from countyhub.accounts.viewer import Viewer
from countyhub.web.accounts.login import from_of
from countyhub.web.desk import Desk, Visit, body_of
from countyhub.web.door.lobby import Lobby
from countyhub.web.export import exports
from countyhub.web.export.tables import Column, Table
from gridwire.problem import Language, Problem

_FORM_BYTES: Final = 64 * 1024
Form = dict[str, list[str]]


class Kept(NamedTuple):
    """A user, and how many sessions he has."""

    user: User
    sessions: int


def _said_roles(visit: Visit, row: Kept) -> str:
    names = _roles(visit.language)
    return visit.t("list.comma").join(names.get(role, role) for role in row.user.roles)


USERS: Final[Table[Kept]] = Table(
    title="users.title",
    columns=(
        Column(title="users.name", width=16, value=lambda _, row: row.user.name),
        Column(title="users.roles", width=24, value=_said_roles),
        Column(title="users.person", width=12, value=lambda _, row: row.user.person),
        Column(title="users.area", width=16, value=lambda _, row: row.user.area),
        Column(title="users.state", width=14, value=lambda v, row: v.t(f"users.{_state(row.user)}")),
        Column(title="users.created", width=17, kind="time", value=lambda _, row: row.user.created),
        Column(title="users.used", width=17, kind="time", value=lambda _, row: row.user.used),
        Column(title="users.sessions", kind="number", value=lambda _, row: row.sessions),
    ),
)


class UserPages:
    """`routes()` of one console."""

    def __init__(self, desk: Desk, lobby: Lobby) -> None:
        self._desk, self._lobby = desk, lobby
        self._acts: dict[str, Callable[[User, Form, datetime], Awaitable[str]]] = {
            "change": self._change, "password": self._password, "disable": self._disable, "enable": self._enable,
            "sessions": self._end_sessions,
        }  # fmt: skip

    def routes(self) -> list[Route]:
        return [
            Route("/users", self.listed, methods=["GET"]),
            *exports.addresses(self._desk, USERS, "/users", self.taken),
            Route("/users", self.add, methods=["POST"]),
            Route("/users/{name}", self.one, methods=["GET"]),
            Route("/users/{name}/{act}", self.act, methods=["POST"]),
        ]

    async def listed(self, request: Request) -> Response:
        """`GET /users`"""
        return await self._list(request)

    async def taken(self, visit: Visit, most: int) -> list[Kept]:
        """Every user; nothing by which anybody could log in."""
        found, counts = await self._all()
        return [Kept(each, counts[each.name]) for each in found][:most]

    async def add(self, request: Request) -> Response:
        """`POST /users`: name, role (several), person, area, stays, link (no password), mine."""
        form, now = await _form(request), datetime.now(UTC)
        name, roles = users.plain(_said(form, "name")), form.get("role", [])
        person, area, stays = _said(form, "person"), _said(form, "area"), bool(form.get("stays"))
        password = "" if form.get("link") else passwords.generate()
        try:
            await self._prove(request, form, now)
            users.check_roles(tuple(roles), person=person, area=area)
            users.check_registry(self._desk.book.registry, roles, person=person, area=area, now=now)
            hashed = await self._lobby.entry.hasher.hash(password) if password else ""
            async with self._lobby.store.write() as connection:
                made = await users.create(
                    connection, name, roles, password_hash=hashed, person=person, area=area,
                    must_change=bool(password), stays=stays, now=now,
                )  # fmt: skip
        except (WrongUser, NotLetIn) as problem:
            typed = {"name": name, "person": person, "area": area, "roles": roles}
            return await self._list(request, problem, typed)
        return await self._user(request, made.name, password=password)

    async def one(self, request: Request) -> Response:
        """`GET /users/{name}`: his rights, places and sessions, and what may be done."""
        return await self._user(request, request.path_params["name"])

    async def act(self, request: Request) -> Response:
        """`POST /users/{name}/{change|password|disable|enable|sessions}`: mine, and what the act needs."""
        name, now, act = request.path_params["name"], datetime.now(UTC), self._acts.get(request.path_params["act"])
        form = await _form(request)
        if act is None:
            return await self._user(request, name, status=404)
        try:
            await self._prove(request, form, now)
            async with self._lobby.store.read() as connection:
                found = await users.one(connection, name)
            if found.id == _viewer(request).account:
                raise OwnAccount
            password = await act(found, form, now)
        except NoSuchUser as problem:
            return await self._list(request, problem, status=404)
        except (WrongUser, NotLetIn) as problem:
            return await self._user(request, name, problem=problem, status=422)
        if password:
            return await self._user(request, name, password=password)
        return RedirectResponse(f"/users/{quote(found.name)}", 303)

    # What is done.

    async def _change(self, found: User, form: Form, now: datetime) -> str:
        roles, person, area = form.get("role", []), _said(form, "person"), _said(form, "area")
        users.check_roles(tuple(roles), person=person, area=area)
        users.check_registry(self._desk.book.registry, roles, person=person, area=area, now=now)
        async with self._lobby.store.write() as connection:
            await users.change(connection, found.name, roles, person=person, area=area, now=now)
        return ""

    async def _password(self, found: User, form: Form, now: datetime) -> str:
        password = passwords.generate()
        hashed = await self._lobby.entry.hasher.hash(password)
        async with self._lobby.store.write() as connection:
            await users.set_password(connection, found.name, hashed, must_change=True, now=now)
        return password

    async def _disable(self, found: User, form: Form, now: datetime) -> str:
        async with self._lobby.store.write() as connection:
            await users.disable(connection, found.name, now)
        return ""

    async def _enable(self, found: User, form: Form, now: datetime) -> str:
        async with self._lobby.store.write() as connection:
            await users.enable(connection, found.name)
        return ""

    async def _end_sessions(self, found: User, form: Form, now: datetime) -> str:
        async with self._lobby.store.write() as connection:
            await users.end_sessions(connection, found, "ended", now)
        return ""

    async def _prove(self, request: Request, form: Form, now: datetime) -> None:
        """Raises `WrongPassword`, `Held`."""
        mine = form.get("mine", [""])[0]
        await self._lobby.entry.prove(_viewer(request).name, mine, from_of(request), now)

    # What is shown.

    async def _all(self) -> tuple[list[User], Counter[str]]:
        async with self._lobby.store.read() as connection:
            found = await users.every(connection)
            running = await session.running(connection, datetime.now(UTC), self._lobby.limits)
        return found, Counter(each.name for each in running)

    async def _list(
        self, request: Request, problem: Problem | None = None, typed: dict[str, Any] | None = None, status: int = 422
    ) -> Response:
        found, counts = await self._all()
        empty = {"name": "", "person": "", "area": "", "roles": []}
        values = {"users": found, "counts": counts, "states": {each.name: _state(each) for each in found}}
        return await self._page(
            request, "users.html", 200 if problem is None else status, problem, typed={**empty, **(typed or {})},
            **values,
        )  # fmt: skip

    async def _user(
        self, request: Request, name: str, *, problem: Problem | None = None, status: int = 200, password: str = ""
    ) -> Response:
        now = datetime.now(UTC)
        try:
            async with self._lobby.store.read() as connection:
                found = await users.one(connection, name)
                running = await session.running(connection, now, self._lobby.limits, found)
        except NoSuchUser as missing:
            return await self._list(request, missing, status=404)
        registry, place = self._desk.book.registry, found.area
        return await self._page(
            request, "user.html", status, problem, user=found, running=running, password=password,
            state=_state(found), place=registry.name(place, now) if place else "",
            duties=[(duty.role, duty.place, registry.name(duty.place, now) or duty.place)
                    for duty in registry.duties(found.person, now)] if found.person else [],
        )  # fmt: skip

    async def _page(
        self, request: Request, template: str, status: int, problem: Problem | None, **values: Any
    ) -> Response:  # fmt: skip
        visit, me = await self._desk.visit(request), _viewer(request)
        wrong = problem.sentence(visit.language) if problem is not None else ""
        given = {"wrong": wrong, "me": me, "may": me.may("users:write"), "roles": _roles(visit.language), **values}
        return await self._desk.page(visit, template, here="users", status=status, **given)


def _state(user: User) -> str:
    if user.disabled is not None:
        return "disabled"
    return "must_change" if user.must_change else "good"


def _roles(language: Language) -> dict[str, str]:
    return {name: role.zh if language == "zh" else role.en for name, role in ROLES.items()}


async def _form(request: Request) -> Form:
    body = (await body_of(request, _FORM_BYTES)).decode("utf-8", "replace")
    return parse_qs(body, keep_blank_values=True, max_num_fields=50)


def _said(form: Form, name: str) -> str:
    return form.get(name, [""])[0].strip()[:64]


def _viewer(request: Request) -> Viewer:
    found: Viewer = request.state.viewer
    return found
