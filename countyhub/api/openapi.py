"""The OpenAPI 3.1 page, made from the table of routes and the Structs that they take and give. Pure."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from types import NoneType
from typing import Any, Final

import msgspec

from countyhub.api.idempotency import KEY_PATTERN
from countyhub.api.problems import (
    MEDIA_TYPE,
    TITLES,
    Away,
    BadRequest,
    BadToken,
    Changed,
    InProgress,
    KeyReused,
    NotFound,
    NoToken,
    OnlyWhole,
    PersonAway,
    PlainHttp,
    ProblemAnswer,
    ScopeMissing,
    TokenExpired,
    TokenRevoked,
    TooLarge,
    TooMany,
    TooManyFailures,
    TooSlow,
    WrongType,
    status_of,
)
from countyhub.api.route import Blob, Route, Upload
from countyhub.api.scopes import SCOPES
from gridwire.problem import Problem

Json = dict[str, Any]
PREFIX: Final = "/api/1"
PATH: Final = "/openapi.json"
VERSION: Final = "1.0.0"
VERSION_PATTERN: Final = r'"[0-9]{1,15}"'
_TEMPLATE = "#/components/schemas/{name}"
_ALWAYS: tuple[type[Problem], ...] = (
    NoToken, BadToken, TokenExpired, TokenRevoked, TooMany, TooManyFailures, Away, PlainHttp, PersonAway,
)  # fmt: skip
TAGS: Final[dict[str, tuple[str, str]]] = {
    "cases": ("案件", "Cases: what was found, and what became of it"),
    "matters": ("归并", "Matters: how alarms became cases, and what was held back"),
    "events": ("事件", "Events: what boxes sent, as it came, and its pictures"),
    "boxes": ("盒子", "Boxes: their devices and health, and orders to them"),
    "board": ("公示栏", "Notice boards: what the terminals of a village show and print"),
    "registry": ("登记表", "Registry: areas, grids, kinds of matters, services, staff"),
    "notifications": ("通知", "Notifications: who was told what, and who has answered"),
    "hooks": ("推送", "Webhooks: what the hub sends to others by itself"),
    "letters": ("未识别报文", "Unread messages: what could not be read"),
    "tokens": ("令牌", "Tokens: who may use this interface"),
}


def document(routes: Sequence[Route]) -> bytes:
    """The page as it is served."""
    return msgspec.json.encode(build(routes))


def build(routes: Sequence[Route]) -> Json:
    """The page."""
    refs, schemas = _schemas(routes)
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, refs)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "countyhub 县级汇聚端接口",
            "version": VERSION,
            "summary": "HTTP interface of the county hub 县级汇聚端的 HTTP 接口",
            "description": _about(),
        },
        "servers": [{"url": PREFIX}],
        "tags": [{"name": name, "description": f"{zh} {en}"} for name, (zh, en) in TAGS.items()],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _about_tokens()}},
        },
    }


def problems_of(route: Route) -> tuple[type[Problem], ...]:
    """Every refusal that a route may give, its own last."""
    found: list[type[Problem]] = [*_ALWAYS]
    if route.scope:
        found.append(ScopeMissing)
    if route.whole:
        found.append(OnlyWhole)
    if route.where or route.query or route.body or route.method == "POST" or route.conditional:
        found.append(BadRequest)
    if route.where:
        found.append(NotFound)
    if route.body is not None:
        found += [TooLarge, TooSlow, WrongType]
    if route.method == "POST":
        found += [InProgress, KeyReused]
    if route.conditional:
        found.append(Changed)
    return (*found, *(each for each in route.problems if each not in found))


def _about() -> str:
    return inspect.cleandoc("""
        Cases, events, boxes and the registry of one county, for other programs. docs/api.md shows how to begin.

        Times are RFC 3339 in UTC. Lists come in pages: `next` is given as `after` for the next one. What is unknown in
        a request is refused, never ignored; in answers fields may be added. Every refusal is RFC 9457
        `application/problem+json` with a stable `code` and the text in Chinese and English (`Accept-Language`).
        A POST with an `Idempotency-Key` may be sent again for a day and is done once.

        县内的案件、事件、盒子和登记表，供其他系统使用，入门见 docs/api.md。时间为 UTC；列表分页，用 `next` 作下一页的
        `after`；请求中有未知字段即被拒绝；拒绝均为 problem+json，附不变的 `code` 和中英文说明；带 `Idempotency-Key` 的
        POST 一天内可重发，只执行一次。
    """)


def _about_tokens() -> str:
    scopes = "\n".join(f"* `{scope}` {name.zh} {name.en}" for scope, name in SCOPES.items())
    return f"A token made by `countyhub token add`. Scopes 权限：\n\n{scopes}"


# Schemas


def _kinds(routes: Iterable[Route]) -> dict[Any, None]:
    """Every Struct that goes over the wire as JSON, once, in order."""
    found: dict[Any, None] = {ProblemAnswer: None}
    for route in routes:
        for kind in (route.body, route.answer):
            if kind not in (None, NoneType, Upload, Blob):
                found[kind] = None
    return found


def _schemas(routes: Sequence[Route]) -> tuple[dict[Any, Json], Json]:
    kinds = list(_kinds(routes))
    refs, found = msgspec.json.schema_components(kinds, ref_template=_TEMPLATE, schema_hook=_any)
    return dict(zip(kinds, refs, strict=True)), {name: cleaned(schema) for name, schema in sorted(found.items())}


def _any(kind: type) -> Json:
    """JSON that is passed on as it came."""
    if kind not in (object, msgspec.Raw):
        raise NotImplementedError
    return {"description": "any JSON value"}


def cleaned(value: Any) -> Any:
    """A schema whose descriptions are docstrings without their indentation."""
    if isinstance(value, dict):
        return {
            key: inspect.cleandoc(item) if key == "description" and isinstance(item, str) else cleaned(item)
            for key, item in value.items()
        }
    return [cleaned(item) for item in value] if isinstance(value, list) else value


# Operations


def _operation(route: Route, refs: Mapping[Any, Json]) -> Json:
    made: Json = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": f"{route.zh} {route.en}",
        "description": _description(route),
        "security": [{"token": [route.scope] if route.scope else []}],
    }
    parameters = [*_parameters(route.where, "path"), *_parameters(route.query, "query"), *_headers(route)]
    if parameters:
        made["parameters"] = parameters
    if route.body is not None:
        made["requestBody"] = {"required": True, "content": _content(route.body, route.takes, refs)}
    made["responses"] = _responses(route, refs)
    return made


def _description(route: Route) -> str:
    needs = f"Scope 权限：`{route.scope}`." if route.scope else "Any good token 任何有效令牌均可。"
    return f"{route.description}\n\n{needs}"


def _parameters(kind: type[msgspec.Struct] | None, where: str) -> Iterable[Json]:
    if kind is None:
        return
    schema = _flat(kind)
    required = schema.get("required", [])
    for name, each in schema["properties"].items():
        about = each.pop("description", "")
        made: Json = {"name": name, "in": where, "required": name in required, "schema": each}
        yield made | ({"description": about} if about else {})


def _flat(kind: type[msgspec.Struct]) -> Json:
    """The schema of a Struct of plain values; nothing in it refers elsewhere."""
    _, found = msgspec.json.schema_components([kind])
    schema: Json = cleaned(found[kind.__name__])
    return schema


def _headers(route: Route) -> Iterable[Json]:
    if route.method == "POST":
        yield {
            "name": "Idempotency-Key", "in": "header", "required": False,
            "description": "new for each request, e.g. a UUID; a request that comes again with it is not done again",
            "schema": {"type": "string", "pattern": KEY_PATTERN},
        }  # fmt: skip
    if route.conditional:
        yield {
            "name": "If-Match", "in": "header", "required": False,
            "description": "the ETag that was seen: nothing is done when it is another one by now (412)",
            "schema": {"type": "string", "pattern": f"^{VERSION_PATTERN}$(?!\\n)"},
        }  # fmt: skip


def _content(kind: Any, media: Sequence[str], refs: Mapping[Any, Json]) -> Json:
    if kind in (Upload, Blob):
        return {each: _bytes(each) for each in media}
    return {"application/json": {"schema": refs[kind]}}


def _bytes(media: str) -> Json:
    """Plain bytes have no schema in OpenAPI 3.1; what is JSON all the same is an object."""
    return {"schema": {"type": "object"}} if media.endswith("json") else {}


def _responses(route: Route, refs: Mapping[Any, Json]) -> Json:
    made: Json = {}
    status = 204 if route.gives_nothing else route.status
    good: Json = {"description": "done" if route.gives_nothing else "as asked"}
    if not route.gives_nothing:
        good["content"] = _content(route.answer, route.media, refs)
    if route.versioned:
        good["headers"] = {"ETag": {"description": "the version", "schema": {"type": "string"}}}
    made[str(status)] = good
    if route.answer is Blob:
        made["304"] = {"description": "as `If-None-Match` names it"}
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in problems_of(route):
        by_status.setdefault(status_of(problem), []).append(problem)
    for number, found in sorted(by_status.items()):
        codes = "\n".join(f"* `{each.code}` {each.zh} {each.en}" for each in found)
        made[str(number)] = {
            "description": f"{TITLES[number]}\n\n{codes}",
            "content": {MEDIA_TYPE: {"schema": refs[ProblemAnswer]}},
        }
    return made
