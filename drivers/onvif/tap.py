"""Lets a person look at what one camera sends, while it is watched: the last notifications, and what became of each.

Costs nothing while nobody looks. Nothing waits for whoever looks: who is too slow misses some, and is told how many.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from drivers.onvif.notifications import Notification
from drivers.onvif.states import Step
from edgeagent.driver import Stored

KEPT = 200
"""Notifications that wait for whoever looks."""
LINGER_S = 60.0
"""So long after the last question they are still noted."""
MAX_WAIT_S = 30.0
MAX_ITEMS = 24
MAX_CHARS = 200


class Became(msgspec.Struct, kw_only=True):
    """What became of one thing that a notification said. `change` empty: it was known already.

    `why`: what the rules decided; empty when there was nothing to decide. `event`: id, empty when it was not stored.
    """

    kind: str
    item: str = ""
    value: bool | None = None
    change: str = ""
    why: str = ""
    event: str = ""
    picture: bool = False
    at_start: bool = False


class Heard(msgspec.Struct, kw_only=True):
    """One notification. `at`: when it came, by our clock; `time`: by the camera's. `became` empty: ignored."""

    number: int
    at: datetime
    topic: str
    operation: str = ""
    source: dict[str, str] = {}
    key: dict[str, str] = {}
    data: dict[str, str] = {}
    time: datetime | None = None
    became: list[Became] = []


class Look(msgspec.Struct, frozen=True):
    """What is asked: everything after that number, waiting so long for something."""

    after: int = -1
    wait_s: Annotated[float, msgspec.Meta(ge=0, le=MAX_WAIT_S)] = 0.0


class Tap:
    """What was heard lately, numbered from 1 without holes since the process began."""

    def __init__(self) -> None:
        self._heard: deque[Heard] = deque(maxlen=KEPT)
        self._number = 0
        self._wanted_until_s = 0.0
        self._open: Heard | None = None
        self._news = asyncio.Event()

    @property
    def wanted(self) -> bool:
        """Somebody looks."""
        return time.monotonic() < self._wanted_until_s

    def hear(self, notification: Notification) -> None:
        """A notification came; what becomes of it follows, until `done`."""
        if not self.wanted:
            return
        self._number += 1
        self._open = Heard(
            number=self._number,
            at=datetime.now(UTC),
            topic=notification.topic[:MAX_CHARS],
            operation=notification.operation,
            source=_short(notification.source),
            key=_short(notification.key),
            data=_short(notification.data),
            time=notification.time,
        )

    def became(self, step: Step, stored: Stored | None) -> None:
        """One step of the notification under way, and what was answered to its alarm, if there was one."""
        if self._open is None:
            return
        one = Became(kind=step.kind, item=step.identity.item, value=step.value, at_start=step.at_start)
        if step.change is not None:
            one.change = step.change
        if stored is not None:
            one.why, one.event, one.picture = stored.why, stored.id, stored.picture_wanted
        self._open.became.append(one)

    def done(self) -> None:
        """Nothing more becomes of it."""
        if self._open is not None:
            self._heard.append(self._open)
            self._open = None
            self._news.set()

    async def after(self, number: int, wait_s: float) -> dict[str, object]:
        """What came after that number, waiting for something for a while; `missed`: how many fell out meanwhile.

        Number -1 begins: nothing is heard yet, and from now on it is noted.
        """
        begins = not self.wanted
        self._wanted_until_s = time.monotonic() + wait_s + LINGER_S
        if begins or number < 0:
            number = self._number
        self._news.clear()
        if number >= self._number and wait_s > 0:
            try:
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            except TimeoutError:
                pass
        heard = [one for one in self._heard if one.number > number]
        missed = heard[0].number - number - 1 if heard else 0
        last = heard[-1].number if heard else number
        return {"heard": msgspec.to_builtins(heard), "last": last, "missed": missed}


def _short(items: Mapping[str, str]) -> dict[str, str]:
    return {name[:64]: value[:MAX_CHARS] for name, value in list(items.items())[:MAX_ITEMS]}
