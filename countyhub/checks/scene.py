"""What the hub's checks look at: the configuration, the database if it can be read, and the time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import NamedTuple

from countyhub.config import Config
from countyhub.store.engine import Store, locate, open_reader
from gridwire.problem import Problem


class Scene(NamedTuple):
    """`store` is None where the database cannot be read; `trouble` then says why."""

    config: Config
    now: datetime
    store: Store | None = None
    trouble: Problem | None = None


@asynccontextmanager
async def look(config: Config) -> AsyncIterator[Scene]:
    """The scene of now. Raises `SecretUnreadable`, `DatabaseUnusable` for a database that is none."""
    now = datetime.now(UTC)
    try:
        store = await open_reader(locate(config))
    except Problem as problem:
        yield Scene(config, now, trouble=problem)
        return
    try:
        yield Scene(config, now, store)
    finally:
        await store.close()
