"""What logging in needs, made once for a console."""

from __future__ import annotations

from dataclasses import dataclass

from countyhub.accounts.entry import Entry
from countyhub.accounts.passwords import Hasher
from countyhub.accounts.session import Limits
from countyhub.api.peer import believed
from countyhub.cases.book import Book
from countyhub.config import Config
from countyhub.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Lobby:
    """`proxies`: who is believed about addresses; `password_days`: 0 for no limit."""

    store: Store
    book: Book
    entry: Entry
    limits: Limits
    proxies: frozenset[str]
    password_days: int


def lobby(store: Store, book: Book, config: Config, hasher: Hasher | None = None) -> Lobby:
    """As the settings have it."""
    limits = Limits.of(config.accounts.idle_minutes, config.accounts.longest_hours)
    return Lobby(
        store=store,
        book=book,
        entry=Entry(store, hasher or Hasher(), limits),
        limits=limits,
        proxies=believed(config),
        password_days=config.accounts.password_days,
    )
