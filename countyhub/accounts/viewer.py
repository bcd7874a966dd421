"""Who looks and acts: a user with the rights of his roles and the scope that the registry gives him at this moment.

The scope is that of all of his person's duties in one of his roles, within his area where one is set. A village that
was merged, a duty that has ended: it counts from the next request on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from countyhub.accounts.roles import NO_PERSON, ROLES
from countyhub.accounts.users import User
from countyhub.audit.trail import Asker
from countyhub.cases.book import WORKING, Book
from countyhub.lifecycle.state import Actor
from countyhub.sight import scope as scopes
from countyhub.sight.scope import NOTHING, WHOLE, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """`user`: staff number, empty for nobody who acts; `name`: as he logs in. `csrf`: what a form must bring back.

    `on_duty`: false when the registry has nothing for his person today: then he sees nothing.
    """

    name: str
    user: str
    roles: tuple[str, ...]
    rights: frozenset[str]
    scope: Scope
    account: int
    session: int
    csrf: str
    must_change: bool = False
    on_duty: bool = True
    address: str = ""
    actor: Actor | None = field(default=None, repr=False)
    """In whose name he acts; None for who only looks."""

    def may(self, right: str) -> bool:
        """Whether one of the roles has this right, see `roles.RIGHTS`."""
        return right in self.rights

    @property
    def sight(self) -> str:
        """Says whether he sees the same as before: places and rights, in short."""
        return _sight(self.scope, self.rights, self.on_duty)

    @property
    def asker(self) -> Asker:
        """For the audit."""
        return Asker(f"user/{self.name}", self.user, self.address)


def viewer(user: User, book: Book, now: datetime, *, session: int = 0, csrf: str = "", address: str = "") -> Viewer:
    """As the registry in `book` has it now."""
    seen, actor = _place(user, book, now)
    rights = user.rights if actor is not None else user.rights - NO_PERSON
    return Viewer(
        name=user.name,
        user=user.person,
        roles=user.roles,
        rights=rights,
        scope=seen,
        account=user.id,
        session=session,
        csrf=csrf,
        must_change=user.must_change,
        on_duty=seen != NOTHING,
        address=address,
        actor=actor,
    )


class Standing:
    """Who somebody is for as long as he looks: a page that stays open follows the registry, and its days."""

    def __init__(self, user: User, book: Book, first: Viewer, now: datetime) -> None:
        self._user, self._book, self._last = user, book, first
        self._of = (book.registry, book.day(now))

    def at(self, now: datetime) -> Viewer:
        """Reckoned anew when the registry was imported or the day is over; what changes a user ends his session."""
        current = (self._book.registry, self._book.day(now))
        if current[0] is not self._of[0] or current[1] != self._of[1]:
            last = self._last
            self._of = current
            self._last = viewer(self._user, self._book, now, session=last.session, csrf=last.csrf, address=last.address)
        return self._last


@lru_cache(1024)
def _sight(scope: Scope, rights: frozenset[str], on_duty: bool) -> str:
    said = repr((on_duty, scope.whole, sorted(rights), *(sorted(each) for each in scope[1:])))
    return hashlib.blake2b(said.encode(), digest_size=9).hexdigest()


def _place(user: User, book: Book, now: datetime) -> tuple[Scope, Actor | None]:
    """What he sees, and as whom he acts."""
    area = book.scope_of(user.area, now) if user.area else None
    if not user.person:
        if area is not None:
            return area, None
        is_whole = any(ROLES[role].whole for role in user.roles if role in ROLES)
        return (WHOLE if is_whole else NOTHING), None
    duties = [duty for duty in book.registry.duties(user.person, book.day(now)) if duty.role in user.roles]
    own = scopes.joined(book.scope_of(duty.place, now) for duty in duties)
    if not duties:
        return NOTHING, None
    working = [duty for duty in duties if duty.role in WORKING]
    actor = None
    if working:
        widest = next(role for role in WORKING if any(duty.role == role for duty in working))
        offices = (book.scope_of(duty.place, now).offices for duty in working)
        actor = Actor(user.person, widest, frozenset().union(*offices))
    return (own if area is None else scopes.both(area, own, book.registry, now)), actor
