"""What a visit at the terminal has begun and not ended: wishes, receipts and points that wait a while. Pure.

Times are monotonic seconds. A wish waits for a card; a receipt, the last or one that was shown, waits for its rating.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from drivers.terminal.actions import Ask, Command, Report

Wish = Ask | Report | Command
T = TypeVar("T")

KEY_AGAIN_S = 1.0
"""Keys bounce, and people press twice."""
CODE_AGAIN_S = 2.0
"""Scanners say a code again and again while it is held before them."""
CORRECTION_S = 10.0
"""So long after a rating another one still belongs to the same receipt: whoever hit the wrong key corrects it."""


@dataclass
class Waiting(Generic[T]):
    """A value until its time is over; `begin` again puts another in its place."""

    value: T | None = None
    until_s: float = 0.0

    def begin(self, value: T, now_s: float, wait_s: float) -> None:
        self.value, self.until_s = value, now_s + wait_s

    def get(self, now_s: float) -> T | None:
        """The value, None once it is over."""
        return self.value if now_s < self.until_s else None

    def take(self, now_s: float) -> T | None:
        """The same, and it waits no longer. What is over stays: whoever waits for its end must still find it."""
        value = self.get(now_s)
        if value is not None:
            self.value = None
        return value


class Visit:
    """Of one terminal: people come one after the other, and do not say when they leave."""

    def __init__(self) -> None:
        self.wish: Waiting[Wish] = Waiting()
        self.point: Waiting[str] = Waiting()
        self.receipt: Waiting[str] = Waiting()
        """The receipt that the next rating belongs to."""
        self._last_key: tuple[object, float] = (None, 0.0)

    def is_bounce(self, action: object, now_s: float, within_s: float = KEY_AGAIN_S) -> bool:
        """Whether the same was asked for a moment ago."""
        same, at_s = self._last_key
        self._last_key = (action, now_s)
        return same == action and now_s - at_s < within_s

    def rated(self, now_s: float) -> None:
        """The receipt has its rating; it waits only for a correction."""
        self.receipt.until_s = min(self.receipt.until_s, now_s + CORRECTION_S)

    def cancel(self) -> None:
        """Forget what was begun."""
        self.wish, self.point, self.receipt = Waiting(), Waiting(), Waiting()
