"""Answers that last long end with their session: all open ones together ask once in a while which sessions are over.

Promise: one question for all sessions, however many pages are open.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from countyhub.accounts import session
from countyhub.accounts.session import Limits
from countyhub.store.engine import Store

CHECK_EVERY_S: Final = 15.0
"""An answer of a session that was ended goes on so long, at most until the next beat of its stream."""


class OpenAnswers:
    """Of one console."""

    def __init__(self, store: Store, limits: Limits, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._store, self._limits, self._clock_s = store, limits, clock_s
        self._open: Counter[int] = Counter()
        self._over: frozenset[int] = frozenset()
        self._asked_s = self._clock_s()
        self._asking = asyncio.Lock()

    @contextlib.contextmanager
    def under_way(self, number: int) -> Iterator[Callable[[], Awaitable[bool]]]:
        """Inside, an answer of this session is sent; it was good at the beginning. Yields what says whether it is over
        now, as of the last question; never so of an answer that is short. That raises one of `UNAVAILABLE`."""
        began_s = self._clock_s()
        self._open[number] += 1

        async def is_over() -> bool:
            return self._clock_s() - began_s >= CHECK_EVERY_S and number in await self._asked()

        try:
            yield is_over
        finally:
            self._open[number] -= 1
            if not self._open[number]:
                del self._open[number]

    async def _asked(self) -> frozenset[int]:
        """The open ones that are over."""
        async with self._asking:
            if self._clock_s() - self._asked_s >= CHECK_EVERY_S:
                self._asked_s = self._clock_s()
                numbers = frozenset(self._open)
                async with self._store.read() as connection:
                    self._over = numbers - await session.good(connection, numbers, datetime.now(UTC), self._limits)
        return self._over
