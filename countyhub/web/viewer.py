"""Who looks at a page: the one place where the console asks for it.

Promise: a page knows of a person only what stands here. Where no accounts are set up, everybody who reaches the console
looks at everything and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from starlette.requests import Request

from countyhub.cases.book import Book
from countyhub.cases.scope import WHOLE, Scope
from countyhub.lifecycle.state import Actor
from gridwire.problem import Language

LOOKS = frozenset(
    {"cases:read", "matters:read", "events:read", "pictures:read", "boxes:read", "registry:read", "letters:read"}
)


class Viewer(Protocol):
    """`user`: staff number, empty for who only looks; `csrf`: what a form must bring back."""

    @property
    def name(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def roles(self) -> tuple[str, ...]: ...
    @property
    def scope(self) -> Scope: ...
    @property
    def language(self) -> Language | None: ...
    @property
    def csrf(self) -> str: ...

    def may(self, right: str) -> bool:
        """Whether this right of `accounts.roles` is given."""

    def actor(self, book: Book, now: datetime) -> Actor | None:
        """In whose name it acts; None for who only looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anybody:
    """Nobody in particular."""

    name: str = ""
    user: str = ""
    roles: tuple[str, ...] = ()
    scope: Scope = WHOLE
    language: Language | None = None
    csrf: str = ""

    def may(self, right: str) -> bool:
        return right in LOOKS

    def actor(self, book: Book, now: datetime) -> Actor | None:
        return None


ANYBODY = Anybody()


def viewer_of(request: Request) -> Viewer:
    """Who asks, as the sessions' middleware has left it in `request.state.viewer`."""
    return cast(Viewer, getattr(request.state, "viewer", None) or ANYBODY)
