"""One row of the table of routes: everything about a route that the server, the OpenAPI page and the tests go by.

What it takes and gives is said once, by the types of the function that answers: `path`, `query` and `body` are Structs
(a body may be `Upload`, the plain bytes), the result is a Struct, `Blob` (plain bytes) or None.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, get_type_hints

import msgspec

from gridwire.problem import Problem

Method = Literal["GET", "POST", "PUT", "DELETE"]
MAX_BODY_BYTES: Final = 256 * 1024
_PARAMETER = re.compile(r"\{([a-z_]+)\}")


class Upload(NamedTuple):
    """A body that is not JSON."""

    data: bytes
    media_type: str


class Blob(NamedTuple):
    """An answer that is not JSON. `etag` without quotes; `file_name` empty: to be shown, not saved."""

    data: bytes
    media_type: str
    etag: str = ""
    file_name: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Route:
    """`scope` empty: any good token; None: no token at all. `media`: what a Blob or Upload may be. `versioned`: gives
    an ETag; `conditional`: takes If-Match. `whole`: only for tokens that see the whole county."""

    method: Method
    path: str
    call: Callable[..., Awaitable[Any]]
    scope: str | None
    tag: str
    zh: str
    en: str
    problems: tuple[type[Problem], ...] = ()
    status: int = 200
    media: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    max_bytes: int = MAX_BODY_BYTES
    versioned: bool = False
    conditional: bool = False
    whole: bool = False
    hints: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hints", get_type_hints(self.call, include_extras=True))
        wanted = set(_PARAMETER.findall(self.path))
        given = set(self.hints["path"].__struct_fields__) if "path" in self.hints else set()
        if wanted != given:
            raise TypeError(f"{self.method} {self.path}: the path names {wanted}, the function takes {given}")

    @property
    def name(self) -> str:
        """Its operation id."""
        module = self.call.__module__.rpartition(".")[2]
        return f"{module}_{self.call.__name__}"

    @property
    def description(self) -> str:
        return inspect.cleandoc(self.call.__doc__ or "")

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(_PARAMETER.sub(r"(?P<\1>[^/]+)", self.path))

    @property
    def where(self) -> type[msgspec.Struct] | None:
        return self.hints.get("path")

    @property
    def query(self) -> type[msgspec.Struct] | None:
        return self.hints.get("query")

    @property
    def body(self) -> Any:
        """A Struct, `Upload`, or None."""
        return self.hints.get("body")

    @property
    def answer(self) -> Any:
        """A Struct, `Blob`, or NoneType."""
        return self.hints["return"]

    @property
    def gives_nothing(self) -> bool:
        return self.answer is type(None)
