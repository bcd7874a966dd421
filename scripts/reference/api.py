"""docs/schema/openapi.json, and docs/reference/api.md: every route of the HTTP interface for readers."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from types import NoneType
from typing import Any

import msgspec
from msgspec import inspect as shapes

from countyhub.api import openapi
from countyhub.api.route import Blob, Route, Upload
from countyhub.api.scopes import PERSONAL, SCOPES
from countyhub.api.table import ROUTES
from reference.tables import doc, field_table, table


def openapi_text() -> str:
    """The page that programs read, as it is served."""
    return json.dumps(openapi.build(ROUTES), indent=2, ensure_ascii=False) + "\n"


def text() -> str:
    """The whole page."""
    lines = [
        "# HTTP interface 接口参考",
        "",
        "Made from the table that the hub answers by; the same as OpenAPI 3.1:",
        "[openapi.json](../schema/openapi.json), at the hub `/api/1/openapi.json`. How to begin: [api.md](../api.md).",
        "",
        "由程序所用的路由表生成，与 OpenAPI 3.1 文件一致。入门见 [api.md](../api.md)。",
        "",
        "## Scopes 权限",
        "",
        *table(["scope", "权限", "what it is for"], [_scope(each) for each in SCOPES]),
        "",
        "✱ only for tokens of a person 只限有工号的令牌。",
    ]
    for tag, (zh, en) in openapi.TAGS.items():
        rows = [route for route in ROUTES if route.tag == tag]
        if rows:
            lines += ["", f"## {zh} {en.partition(':')[0]}", *(line for route in rows for line in _route(route))]
    lines += ["", "## Shapes 数据结构"]
    for name, kind in sorted(_structs().items()):
        lines += ["", f'<a id="{name.lower()}"></a>', "", f"### {name}", "", doc(kind), "", *field_table(kind)]
    return "\n".join(lines) + "\n"


def _scope(scope: str) -> list[str]:
    name = SCOPES[scope]
    return [f"`{scope}`{' ✱' if scope in PERSONAL else ''}", name.zh, name.en]


def _route(route: Route) -> Iterator[str]:
    yield from ("", f"### `{route.method} {route.path}` {route.zh} {route.en}", "")
    yield " ".join(inspect.cleandoc(route.call.__doc__ or "").split())
    yield ""
    yield f"Scope: `{route.scope}`." if route.scope else "Any good token."
    if route.query is not None:
        yield from ("", *field_table(route.query))
    if route.body is not None:
        yield from ("", f"Body: {_named(route.body, route.takes)}.")
    yield from ("", f"Answer {204 if route.gives_nothing else route.status}: {_named(route.answer, route.media)}.")
    if route.problems:
        yield from ("", "Refused with " + ", ".join(f"`{each.code}`" for each in route.problems) + ".")


def _named(kind: Any, media: tuple[str, ...]) -> str:
    if kind is NoneType:
        return "nothing"
    if kind in (Upload, Blob):
        return ", ".join(f"`{each}`" for each in media)
    items = getattr(kind, "__args__", ())
    if items:
        return f"a page of [{items[0].__name__}](#{items[0].__name__.lower()})"
    return f"[{kind.__name__}](#{kind.__name__.lower()})"


def _structs() -> dict[str, type[msgspec.Struct]]:
    """All Structs that go over the wire as JSON, and those within them, by name."""
    found: dict[str, type[msgspec.Struct]] = {}
    kinds = [kind for route in ROUTES for kind in (route.body, route.answer)]
    for info in shapes.multi_type_info([kind for kind in kinds if kind not in (None, NoneType, Upload, Blob)]):
        for kind in _within(info):
            found[kind.__name__] = kind
    return found


def _within(info: shapes.Type) -> Iterator[type[msgspec.Struct]]:
    if isinstance(info, shapes.StructType):
        if not getattr(info.cls, "__parameters__", ()):
            yield info.cls
        for field in info.fields:
            yield from _within(field.type)
    for each in (getattr(info, "type", None), getattr(info, "item_type", None), getattr(info, "value_type", None)):
        if isinstance(each, shapes.Type):
            yield from _within(each)
    for each in (*getattr(info, "types", ()), *getattr(info, "item_types", ())):
        yield from _within(each)
