"""The registry that is in force, for a process that runs: read once, and again when an import has changed it."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from countyhub.registry import stored
from countyhub.registry.content import Content
from countyhub.registry.snapshot import Registry
from countyhub.store.engine import Store


class LiveRegistry:
    """`current` is always whole; who needs one state for several questions keeps it in a variable."""

    def __init__(self, store: Store, zone: ZoneInfo) -> None:
        self._store = store
        self._zone = zone
        self._turn = asyncio.Lock()
        self.current = Registry(Content.bare(()), zone)

    async def refresh(self) -> bool:
        """Read again if there was an import; says whether. One short query when there was none.

        Raises what the database raises (`store.engine.UNAVAILABLE`); `current` is then as before.
        """
        async with self._turn, self._store.read() as connection:
            if await stored.revision(connection) == self.current.revision:
                return False
            self.current = await stored.load_registry(connection, self._zone)
            return True
