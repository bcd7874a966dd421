"""A request on its way: who asks, what that token may see, and what the answer carries beside its body."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from countyhub.accounts import masking, reasons
from countyhub.accounts.viewer import Viewer
from countyhub.api.parts import ApiParts
from countyhub.api.problems import Changed, Conflict, NoPerson, PersonAway, ReasonNeeded
from countyhub.api.tokens import Token
from countyhub.audit import trail
from countyhub.audit.trail import Asker
from countyhub.cases.book import Book
from countyhub.cases.refusals import NoSuchPerson
from countyhub.lifecycle.state import Actor
from countyhub.registry.snapshot import Registry
from countyhub.sight.scope import Scope, both
from countyhub.store.engine import Store

Keep = Callable[[AsyncConnection, Any], Awaitable[None]]


@dataclass(kw_only=True)
class Call:
    """One request. `registry` is one state for all questions of it; `now` one instant; `headers` go with the answer.

    `seen`: the version that If-Match names; None: whatever it is. `keep`: see `kept.keep`.
    """

    store: Store
    parts: ApiParts
    book: Book
    token: Token
    viewer: Viewer | None = None
    address: str = ""
    now: datetime
    registry: Registry
    zh: bool
    seen: int | None = None
    keep: Keep | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @cached_property
    def scope(self) -> Scope:
        """What the token sees: its area, what its person works in, or both; of a session what its user sees.
        Raises `PersonAway`."""
        if self.viewer is not None:
            if not self.viewer.on_duty:
                raise PersonAway(person=self.viewer.user)
            return self.viewer.scope
        area = self.book.scope_of(self.token.area, self.now) if self.token.area else Scope(whole=True)
        if not self.token.person:
            return area
        try:
            own = self.book.scope(self.token.person, self.now)
        except NoSuchPerson as error:
            raise PersonAway(person=self.token.person) from error
        return both(area, own, self.registry, self.now)

    @property
    def actor(self) -> Actor:
        """In whose name it acts. Raises `NoPerson`, `PersonAway`."""
        if self.viewer is not None:
            if self.viewer.actor is None:
                raise NoPerson
            return self.viewer.actor
        if not self.token.person:
            raise NoPerson
        try:
            return self.book.actor(self.token.person, self.now)
        except NoSuchPerson as error:
            raise PersonAway(person=self.token.person) from error

    @property
    def who(self) -> str:
        """For logs: the person, else the token."""
        return self.token.person or self.asker.who[:64]

    @property
    def asker(self) -> Asker:
        """For the audit."""
        if self.viewer is not None:
            return self.viewer.asker
        return Asker(f"token/{self.token.name}", self.token.person, self.address)

    def shown(self, text: str) -> str:
        """A text of a case: in a session without the numbers of persons, which its pages show for a reason."""
        return text if self.viewer is None else masking.text(text)

    async def is_revealed(self, connection: AsyncConnection, subject: str) -> bool:
        """Whether personal data of this is shown in full: to a program, and to a session that has said why."""
        return self.viewer is None or await reasons.is_open(connection, self.viewer.session, subject, self.now)

    async def note_look(self, kind: str, subject: str) -> None:
        """That this is looked at goes into the audit, of a session when it says why. Raises `ReasonNeeded`."""
        if self.viewer is None:
            async with self.store.write() as connection:
                await trail.note(connection, kind, subject)
            return
        async with self.store.read() as connection:
            if not await self.is_revealed(connection, subject):
                raise ReasonNeeded(subject=subject)

    def allows(self, scope: str) -> bool:
        return scope in self.token.scopes

    def version(self, number: int) -> None:
        """The version of what is answered: its ETag."""
        self.headers["etag"] = f'"{number}"'

    def check_version(self, found: int, expected: int | None) -> None:
        """Raises `Changed` where If-Match says another version, `Conflict` where the body does."""
        if self.seen is not None and self.seen != found:
            raise Changed(version=found, headers={"etag": f'"{found}"'})
        if expected is not None and expected != found:
            raise Conflict(version=found, found=found, expected=expected, headers={"etag": f'"{found}"'})
