"""What a JSON document refers to within itself, by `$ref`: for tests of schemas and AsyncAPI documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def references(value: Any) -> Iterator[str]:
    """Of each `$ref` below this value."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolve(document: Any, ref: str) -> Any:
    """What a JSON pointer (RFC 6901) names; raises KeyError when there is no such thing."""
    value = document
    for step in ref.removeprefix("#/").split("/"):
        value = value[step.replace("~1", "/").replace("~0", "~")]
    return value
