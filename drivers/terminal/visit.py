"""What a visit at the terminal has begun and not ended: wishes, receipts and points that wait a while. Pure.

Times are monotonic seconds. A wish waits for a card; a receipt, the last or one that was shown, waits for its rating.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from drivers.terminal.actions import Ask, Command, Report

Wish = Ask | Report | Command
T = TypeVar("T")


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
        """The same, and it waits no longer."""
        value, self.value = self.get(now_s), None
        return value


class Visit:
    """Of one terminal: people come one after the other, and do not say when they leave."""

    def __init__(self) -> None:
        self.wish: Waiting[Wish] = Waiting()
        self.point: Waiting[str] = Waiting()
        self.receipt: Waiting[str] = Waiting()
        """The receipt that the next rating belongs to."""
        self._last_key: tuple[object, float] = (None, 0.0)

    def is_bounce(self, action: object, now_s: float, within_s: float = 1.0) -> bool:
        """Whether the same key was pressed a moment ago: keys bounce, and people press twice."""
        same, at_s = self._last_key
        self._last_key = (action, now_s)
        return same == action and now_s - at_s < within_s

    def cancel(self) -> None:
        """Forget what was begun."""
        self.wish, self.point, self.receipt = Waiting(), Waiting(), Waiting()
