"""The subscriptions of one camera: slots, lifetimes, queues. Knows no XML and no HTTP."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from simulators.camera.topics import Notification

MAX_QUEUED = 1000


class NoSlot(Exception):
    """All slots are taken."""


class PullPoint:
    """One subscription. Times are `time.monotonic` seconds."""

    def __init__(self, number: int, lifetime_s: float, now_s: float) -> None:
        self.number = number
        self.lifetime_s = lifetime_s
        self.expires_s = now_s + lifetime_s
        self.polls = 0
        self.pulled = 0
        self.ended = False
        self.overflowed = 0
        self._queue: deque[Notification] = deque()
        self._woken = asyncio.Event()

    def add(self, notifications: Iterable[Notification]) -> None:
        """Queue at the end; the oldest fall out when nobody has pulled for long."""
        self._queue.extend(notifications)
        while len(self._queue) > MAX_QUEUED:
            self._queue.popleft()
            self.overflowed += 1
        if self._queue:
            self._woken.set()

    def take(self, limit: int) -> list[Notification]:
        taken = [self._queue.popleft() for _ in range(min(limit, len(self._queue)))]
        if not self._queue:
            self._woken.clear()
        return taken

    def put_back(self, notifications: Sequence[Notification]) -> None:
        """What could not be handed over after all goes to the front again."""
        self._queue.extendleft(reversed(notifications))
        if self._queue:
            self._woken.set()

    def end(self) -> None:
        self.ended = True
        self._woken.set()

    async def wait(self, timeout_s: float) -> None:
        """Until something is queued, the subscription has ended, or the time is over."""
        if timeout_s <= 0:
            return
        self.polls += 1
        try:
            await self.arrival(timeout_s)
        finally:
            self.polls -= 1

    async def arrival(self, timeout_s: float) -> None:
        """The same without counting as a poll, so that the subscription may expire meanwhile."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()


class PullPoints:
    """All subscriptions of one camera; at most `slots` live at a time."""

    def __init__(self, slots: int, clock: Callable[[], float]) -> None:
        self._slots = slots
        self._clock = clock
        self._next = 1
        self._live: dict[int, PullPoint] = {}

    @property
    def opened(self) -> int:
        """How many there have ever been."""
        return self._next - 1

    def open(self, lifetime_s: float) -> PullPoint:
        """Raises NoSlot."""
        if len(self.live()) >= self._slots:
            raise NoSlot
        point = PullPoint(self._next, lifetime_s, self._clock())
        self._next += 1
        self._live[point.number] = point
        return point

    def get(self, number: int) -> PullPoint | None:
        return next((point for point in self.live() if point.number == number), None)

    def live(self) -> list[PullPoint]:
        """Those that have not expired; one with a poll under way does not expire."""
        now = self._clock()
        for point in [p for p in self._live.values() if p.expires_s <= now and not p.polls]:
            self.close(point)
        return list(self._live.values())

    def close(self, point: PullPoint) -> None:
        self._live.pop(point.number, None)
        point.end()

    def clear(self) -> None:
        for point in list(self._live.values()):
            self.close(point)

    def publish(self, notifications: Sequence[Notification]) -> bool:
        """Queue for every subscription; whether there was one."""
        points = self.live()
        for point in points:
            point.add(notifications)
        return bool(points)
