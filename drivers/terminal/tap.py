"""Lets a person look at what the terminal's parts send, and try each of them without anything being stored.

Lines in memory only, and only while somebody looks. Promises: no line holds a raw frame or a whole number; whoever is
slow misses lines and is told how many. A part on trial (`testing`) hands nothing on: only calls for help are stored
even then, marked as a drill.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Annotated, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from drivers.seriallink import Decoder
from drivers.terminal.idnumber import NumberHash, mask_code, mask_resident
from drivers.terminal.parts import problem_text
from edgeagent.driver import Data, Request, Stored
from gridwire.persons import RESIDENT_WITHIN

Frame = TypeVar("Frame")

KEPT = 200
"""Lines that wait for whoever looks."""
LINGER_S = 60.0
"""So long after the last question lines are still noted."""
TRIAL_LINGER_S = 5.0
"""So long after the last question a part is still on trial: nobody may check in in vain for long."""
MAX_WAIT_S = 30.0
MAX_CHARS = 120
ALL = "*"
"""Every part is on trial."""
What = Literal[
    "id-card", "card", "code", "key", "contact", "paper", "works", "problem", "noise",
    "stored", "already", "refused", "not-stored", "waits", "tried",
]  # fmt: skip
"""Up to `noise`: what a part said. From `stored` on: what was made of the line `of`."""


class Line(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One line. `shown`: masked; `detail`: a stable word, or `English / 中文`; `person`, `key`: as in an event."""

    number: int
    at: datetime
    what: What
    part: str = ""
    of: int = 0
    shown: str = ""
    detail: str = ""
    person: str = ""
    key: str = ""
    kind: str = ""
    event: str = ""
    receipt: str = ""


class Look(msgspec.Struct, frozen=True):
    """What is asked: lines after that number, waiting so long for one; `test`: a part to be put on trial, or `*`."""

    after: int = -1
    wait_s: Annotated[float, Meta(ge=0, le=MAX_WAIT_S)] = 0.0
    test: str = ""


_place: ContextVar[tuple[str, int]] = ContextVar("place", default=("", 0))
"""The part whose bytes this task handles, and the number of its last line."""


class Tap:
    """Of one terminal. Each part's task says `enter` first; then what follows from its frames is known to be its."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._number = 0
        self._wanted_until_s = 0.0
        self._trials: dict[str, float] = {}
        self._news = asyncio.Event()

    # -- what the parts say ----------------------------------------------------------------------------------------

    def enter(self, part: str) -> None:
        """From here on this task is that part's."""
        _place.set((part, 0))

    @property
    def testing(self) -> bool:
        """Whether the part that this task serves is on trial."""
        return any(self._trials.get(name, 0.0) > time.monotonic() for name in (_place.get()[0], ALL))

    @property
    def all_on_trial(self) -> bool:
        return self._trials.get(ALL, 0.0) > time.monotonic()

    def showed(self, method: str, masked: str, number: NumberHash) -> None:
        """A card, an ID card or a badge was read."""
        what: What = "id-card" if method == "id" else "card" if method == "card" else "code"
        self._say(what, shown=masked, person=number.digest, key=number.key_id)

    def asked(self, action: object, key: str = "") -> None:
        """A key or a printed code asked for something; None: for nothing that is known."""
        words = (str(value) for value in _values(action) if value != "")
        detail = ":".join((type(action).__name__.lower(), *words)) if action is not None else "unknown"
        self._say("key", shown=mask_code(key) if len(key) > 4 else key, detail=detail)

    def help(self, button: str, point: str, *, pressed: bool) -> None:
        """A button on the bus was pressed or let go; a key, which has no name here, was told of before."""
        if button:
            self._say("contact", shown=point or button, detail="pressed" if pressed else "released")

    def paper(self, paper: str, *, online: bool | None) -> None:
        """What a printer says; silence is `unknown`."""
        self._say("paper", detail="offline" if online is False else paper)

    def noted(self, part: str, problem: str) -> None:
        """A part works, or has a problem; `kind` is its stable reason."""
        self._say("problem" if problem else "works", part=part, kind=problem, detail=problem_text(problem))

    def noise(self, count: int) -> None:
        """So many bytes came, and no frame was among them."""
        self._say("noise", detail=str(count))

    # -- what was made of it ---------------------------------------------------------------------------------------

    @property
    def here(self) -> tuple[str, int]:
        """For who has something stored by another task: give it back as `at`."""
        return _place.get()

    def stored(self, data: Data, stored: Stored, at: tuple[str, int] | None = None) -> None:
        """It is on disk."""
        receipt = data.receipt if isinstance(data, Request) else ""
        verified = "verified" if getattr(data, "verified", False) else "unverified" if hasattr(data, "verified") else ""
        kind = type(data).__name__.lower()
        self._say("stored", at=at, kind=kind, event=stored.id, receipt=receipt, detail=verified)

    def became(self, what: What, detail: str = "") -> None:
        """`already`, `refused`, `not-stored`, `waits`, `tried`."""
        self._say(what, detail=detail)

    # -- who looks -------------------------------------------------------------------------------------------------

    async def after(self, look: Look) -> dict[str, object]:
        """Lines after that number, waiting for one for a while; `missed`: how many fell out meanwhile.

        Number -1 begins: nothing is there yet, and from now on lines are noted.
        """
        now_s, number = time.monotonic(), look.after
        if now_s >= self._wanted_until_s or number < 0:
            number = self._number
        self._wanted_until_s = now_s + look.wait_s + LINGER_S
        if look.test:
            self._trials[look.test] = now_s + look.wait_s + TRIAL_LINGER_S
        self._news.clear()
        if number >= self._number and look.wait_s > 0:
            try:
                async with asyncio.timeout(look.wait_s):
                    await self._news.wait()
            except TimeoutError:
                pass
        lines = [line for line in self._lines if line.number > number]
        missed = lines[0].number - number - 1 if lines else 0
        return {"heard": msgspec.to_builtins(lines), "last": lines[-1].number if lines else number, "missed": missed}

    def end_trial(self) -> None:
        """Every part does its work again."""
        self._trials.clear()

    def _say(self, what: What, *, part: str = "", at: tuple[str, int] | None = None, **facts: str) -> None:
        if time.monotonic() >= self._wanted_until_s:
            return
        here, last = at or _place.get()
        self._number += 1
        is_outcome = what in ("stored", "already", "refused", "not-stored", "waits", "tried")
        if not is_outcome and here and not part:
            _place.set((here, self._number))
        facts = {name: _scrub(value) for name, value in facts.items()}
        self._lines.append(
            msgspec.convert(
                {"number": self._number, "at": datetime.now(UTC), "what": what, "part": part or here, **facts}
                | ({"of": last} if is_outcome else {}),
                Line,
            )
        )
        self._news.set()


class Listening(Generic[Frame]):
    """A decoder that tells of bytes without a frame, as a wrong protocol, speed or checksum gives."""

    def __init__(self, decoder: Decoder[Frame], noise: Callable[[int], None]) -> None:
        self._decoder, self._noise = decoder, noise
        self._bytes, self._frames = 0, 0

    @property
    def is_midway(self) -> bool:
        """Whether bytes wait for the rest of a frame, or for a pause that tells that they are none."""
        return bool(self._bytes) or bool(getattr(self._decoder, "is_midway", True))

    def feed(self, data: bytes) -> list[Frame]:
        frames = self._decoder.feed(data)
        self._bytes += len(data)
        self._frames += len(frames)
        if frames and not getattr(self._decoder, "is_midway", True):
            self._bytes = self._frames = 0  # whole frames: nothing to wait for
        return frames

    def silence(self) -> list[Frame]:
        frames = self._decoder.silence()
        if self._bytes and not self._frames and not frames:
            self._noise(self._bytes)
        self._bytes = self._frames = 0
        return frames


def _values(action: object) -> Iterable[object]:
    return vars(action).values() if action is not None else ()


def _scrub(text: str) -> str:
    """A number in what a code or a key asks for is masked, and nothing is long."""
    return RESIDENT_WITHIN.sub(lambda found: mask_resident(found[0]), text)[:MAX_CHARS]
