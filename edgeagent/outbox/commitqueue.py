"""Who waits for a commit, gathered into groups: whatever waits goes into one, and only readings linger for company."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from edgeagent.driver import Stored
from edgeagent.outbox.draft import Draft
from edgeagent.outbox.group import Pending
from edgeagent.outbox.pictures import PictureFile

MAX_GROUP = 2000
"""Events in one transaction at most: bounds the time that the first of them waits."""


class CommitQueue:
    """`want` one, from anywhere; `run` hands out the groups, one after the other, until it is closed and none waits."""

    def __init__(self, linger_s: float) -> None:
        self.waiting: list[Pending] = []
        self._linger_s = linger_s
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._closing = False

    def want(
        self,
        draft: Draft | None = None,
        files: tuple[PictureFile, ...] = (),
        remember: dict[str, bytes | None] | None = None,
    ) -> asyncio.Future[Stored | None]:
        """What is stored with the next commit; nothing at all is the wish that there be one."""
        pending = Pending(draft, files, remember or {}, asyncio.get_running_loop().create_future())
        self.waiting.append(pending)
        if draft is None or draft.lane != "reading":
            self._hurry.set()
        self._wake.set()
        return pending.done

    async def run(self, write: Callable[[list[Pending]], Awaitable[None]]) -> None:
        while not (self._closing and not self.waiting):
            await self._wake.wait()
            if not self._hurry.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), self._linger_s)
            self._wake.clear()
            self._hurry.clear()
            group, self.waiting = self.waiting[:MAX_GROUP], self.waiting[MAX_GROUP:]
            if self.waiting:
                self._wake.set()
                self._hurry.set()
            if group:
                await write(group)

    def close(self) -> None:
        self._closing = True
        self._wake.set()
        self._hurry.set()
