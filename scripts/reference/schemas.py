"""JSON Schema 2020-12 of every event (envelope and data together) and every message."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from countyhub.api.openapi import cleaned
from gridwire.events import LANE_OF, TYPES, Data, Envelope
from gridwire.topics import TOPICS

Json = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_name(type_name: str) -> str:
    """`cn.gridwire.alarm.v1` -> `alarm.v1`."""
    return type_name.removeprefix("cn.gridwire.")


def messages() -> dict[str, type[msgspec.Struct]]:
    """The Struct of each topic that carries no event, by the topic's name."""
    rows = {name: row.carries for name, row in TOPICS.items()}
    return {name: struct for name, struct in rows.items() if struct is not None and struct is not Envelope}


def components(template: str) -> tuple[Json, Json]:
    """Every schema once: (name of event or topic -> `$ref`, component -> schema). `template` has `{name}`."""
    events = {event_name(name): Envelope[data] for name, data in TYPES.items()}  # type: ignore[valid-type]  # made at run time
    wanted: dict[str, Any] = {**events, **messages()}
    refs, found = msgspec.json.schema_components(wanted.values(), ref_template=template, schema_hook=_any)
    for name, data in TYPES.items():
        pin(found[f"Envelope_{data.__name__}_"], name, data)
    return dict(zip(wanted, refs, strict=True)), {name: cleaned(schema) for name, schema in sorted(found.items())}


def files() -> dict[str, str]:
    """File name -> text: one self-contained schema for each event and message."""
    refs, _ = components("#/$defs/{name}")
    return {f"{name}.json": _text(name, ref["$ref"].rpartition("/")[2]) for name, ref in refs.items()}


def _text(name: str, root: str) -> str:
    _, every = components("#/$defs/{name}")
    needed = _reachable(root, every)
    body = every[root]
    definitions = {each: every[each] for each in sorted(needed - {root})}
    schema = {"$schema": DIALECT, "$id": f"urn:gridwire:{name}", **body}
    if definitions:
        schema["$defs"] = definitions
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _any(cls: type) -> Json:
    """`object` is any JSON value."""
    if cls is not object:
        raise NotImplementedError
    return {"description": "any JSON value"}


def pin(schema: Json, type_name: str, data: type[Data]) -> None:
    """An event of this type has this `type` and its lane."""
    schema["title"] = type_name
    schema["description"] = data.__doc__ or ""
    properties = schema["properties"]
    properties["type"] = {"description": properties["type"]["description"], "const": type_name}
    properties["lane"] = {"description": properties["lane"]["description"], "const": LANE_OF[data]}


def _reachable(root: str, every: Json) -> set[str]:
    seen: set[str] = set()
    queue = [root]
    while queue:
        name = queue.pop()
        if name not in seen:
            seen.add(name)
            queue += [ref.rpartition("/")[2] for ref in refs_in(every[name])]
    return seen


def refs_in(value: Any) -> list[str]:
    """All `$ref`s inside, in order."""
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for item in value.values() for ref in refs_in(item)]
    return [ref for item in value for ref in refs_in(item)] if isinstance(value, list) else []
