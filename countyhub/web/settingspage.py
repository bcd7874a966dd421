"""What is configured, to look at: every setting that is in force, with its meaning; secrets are never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, get_type_hints

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from countyhub.config import Settings, meaning
from countyhub.web.desk import Desk
from gridwire.problem import Both

SECRET: Final = re.compile(r"password|secret|token|key$|_key|url$|dsn")
"""Names of settings whose value may be a secret, or hold one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A setting; `value` None: it is a secret. `usual`: it is as it comes."""

    name: str
    value: str | None
    meaning: Both
    usual: bool


class SettingsPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, request: Request) -> Response:
        """`GET /settings`"""
        visit = await self._desk.visit(request)
        if not visit.scope.whole:
            raise HTTPException(403)
        registry = visit.registry
        return await self._desk.page(
            visit,
            "settings.html",
            here="settings",
            tables=dict(tables(self._desk.config)),
            revision=registry.revision,
            years={year: year in visit.book.calendar.years for year in (visit.now.year, visit.now.year + 1)},
            counts={name: len(found) for name, found in _counts(registry.scope(visit.book.county, visit.now)).items()},
        )


def _counts(scope: Any) -> dict[str, frozenset[str]]:
    return {"areas": scope.areas, "grids": scope.grids, "boxes": scope.boxes}


def tables(config: Settings) -> Iterator[tuple[str, list[Line]]]:
    """Name of each table, the outermost without a name, and its settings."""

    def walk(value: Settings, name: str) -> Iterator[tuple[str, list[Line]]]:
        lines, below = [], []
        hints = get_type_hints(type(value), include_extras=True)
        for field in msgspec.structs.fields(value):
            found = getattr(value, field.name)
            if isinstance(found, Settings):
                below.append((f"{name}.{field.encode_name}".lstrip("."), found))
                continue
            secret = bool(SECRET.search(field.name)) and isinstance(found, str) and bool(found)
            usual = field.default is not msgspec.NODEFAULT and found == field.default
            shown, about = None if secret else _said(found), meaning(hints[field.name])
            lines.append(Line(name=field.encode_name, value=shown, meaning=about, usual=usual))
        if lines:
            yield name, lines
        for key, each in below:
            yield from walk(each, key)

    return walk(config, "")


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list | frozenset):
        return ", ".join(map(_said, value))
    return "" if value is None else re.sub(r"//[^/@]*@", "//…@", str(value))


def routes(desk: Desk) -> list[Route]:
    return [Route("/settings", SettingsPage(desk).page)]
