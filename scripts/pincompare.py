"""Compares the wire as a release has pinned it with today's, and says what an older end would no longer understand.

A field may be added, with a default; a type, a topic, an alarm kind may be added. All else that changes what passes
breaks one direction: what is wider than before an old receiver refuses, what is narrower refuses an old sender.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
_WORDS_ONLY = frozenset({"description", "title", "$id", "$schema", "$defs", "examples", "default", "required"})
MAX_SHOWN = 20
WHAT_TO_DO = """\
The wire of today breaks a box or hub of release {release}:

{breaks}

What to do, one of:
  - take it back: a new field with a default, a new event type, a new topic never break an older end;
  - is it another meaning? Leave the old type as it is, and add cn.gridwire.<kind>.v2 beside it (docs/decisions/0036);
  - is no release {release} out yet (`git tag` names none)? Then pin it anew: python scripts/pinwire.py
  - has the other end understood it for a whole release already? Write it into ALLOWED of
    tests/contract/test_wire_pinned.py with the reason; next release: bump the version in pyproject.toml and
    pin a new folder: python scripts/pinwire.py
"""


def folders(root: Path) -> list[Path]:
    """Every pinned release, the oldest first."""
    found = [path.parent for path in root.glob("*/samples.jsonl")]
    return sorted(found, key=lambda path: [int(part) for part in path.name.split(".")])


def read_schemas(folder: Path) -> dict[str, Json]:
    """Name -> schema."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def breaks(old: dict[str, Json], new: dict[str, Json]) -> list[str]:
    """What an end that speaks `old` and one that speaks `new` do not understand of each other, one line each."""
    found = [f"{name}: is gone; an older end still says it" for name in old if name not in new]
    for name, schema in old.items():
        if name in new:
            found += sorted(set(_node(schema, new[name], name, schema, new[name], ())))
    return found


def topic_breaks(old: Json, new: Json) -> list[str]:
    """As `breaks`, of the table of topics."""
    lines = [f"topic {name}: is gone" for name in old if name not in new]
    for name, row in old.items():
        for key, value in row.items():
            now = new.get(name, row).get(key)
            if now != value:
                lines.append(f"topic {name}: {key} was {value!r}, is {now!r}")
    return lines


def told(release: str, lines: list[str]) -> str:
    """The text of a failing test: what, and what to do."""
    shown = [f"  {line}" for line in lines[:MAX_SHOWN]]
    more = [f"  … and {len(lines) - MAX_SHOWN} more"] if len(lines) > MAX_SHOWN else []
    return WHAT_TO_DO.format(release=release, breaks="\n".join([*shown, *more]))


def _node(old: Json, new: Json, path: str, old_root: Json, new_root: Json, seen: tuple[str, ...]) -> Iterator[str]:
    """One place of both schemas. `seen`: references above it, for schemas that name themselves."""
    reference = old.get("$ref", "")
    if reference and reference in seen:
        return
    seen = (*seen, reference) if reference else seen
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    yield from _fields(old, new, path)
    yield from _limits(old, new, path)
    for name, inner in old.get("properties", {}).items():
        if name in new.get("properties", {}):
            yield from _node(inner, new["properties"][name], f"{path}.{name}", old_root, new_root, seen)
    for key in ("items", "additionalProperties", "propertyNames"):
        if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
            yield from _node(old[key], new[key], f"{path}[]", old_root, new_root, seen)
    for key in ("anyOf", "prefixItems"):
        pairs = zip(old.get(key, ()), new.get(key, ()), strict=False)
        for index, (before, after) in enumerate(pairs):
            yield from _node(before, after, f"{path}({index})", old_root, new_root, seen)


def _resolved(schema: Json, root: Json) -> Json:
    """Without `$ref`, which each schema may name otherwise."""
    while "$ref" in schema:
        schema = {
            **root["$defs"][schema["$ref"].rpartition("/")[2]],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    return schema


def _fields(old: Json, new: Json, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before:
        if name not in after:
            yield f"{path}.{name}: is gone; what an older end says there is no longer read"
    for name in new.get("required", ()):
        if name not in old.get("required", ()):
            yield f"{path}.{name}: must now be there; an older end does not say it"
    for name in old.get("required", ()):
        if name not in new.get("required", ()) and name in after:
            yield f"{path}.{name}: may now be left out; an older end refuses what lacks it"
    for name in before:
        if name in after and "default" in before[name] and before[name]["default"] != after[name].get("default"):
            was, now = before[name]["default"], after[name].get("default", "none")
            yield f"{path}.{name}: left out it meant {was!r}, now {now!r}"


def _limits(old: Json, new: Json, path: str) -> Iterator[str]:
    """Types, choices and limits: any difference is one, words for people aside."""
    deep = {"properties", "items", "additionalProperties", "propertyNames", "anyOf", "prefixItems"}
    for key in sorted((old.keys() | new.keys()) - _WORDS_ONLY):
        was, now = old.get(key), new.get(key)
        if key == "enum" and was is not None and now is not None:
            was, now = sorted(was, key=str), sorted(now, key=str)
        if key in ("anyOf", "prefixItems") and was is not None and now is not None:
            was, now = len(was), len(now)
        elif key in deep and isinstance(was, dict) and isinstance(now, dict):
            continue
        if key == "properties" and None in (was, now):
            continue
        if was != now:
            yield f"{path}: {key} was {was!r}, is {now!r}"
