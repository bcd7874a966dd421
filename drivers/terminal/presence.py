"""When a card on a reader is a new check-in. Pure: time comes in as an argument.

Two rules work together: within one presence a card counts once (`PolledPresence`, `SpokenPresence`), and within a
window per card it counts once however often it is shown (`CardWindows`, which the device remembers over restarts; how
long: `config.Config.window_s`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

NO_CARD_POLLS = 2
# A reader that repeats a card while it is held does so several times a second.
REPEAT_GAP_S = 2.0
MAX_READ_FAILURES = 5


class PolledPresence:
    """A reader that is asked: a presence is over after two "no card" in a row, as one alone may be a bad contact."""

    def __init__(self) -> None:
        self._settled = False
        self._none_in_a_row = 0
        self._failures = 0

    def found(self) -> bool:
        """A card lies there; whether it is still to be read."""
        self._none_in_a_row = 0
        return not self._settled

    def none(self) -> None:
        """No card lies there."""
        self._none_in_a_row += 1
        if self._none_in_a_row >= NO_CARD_POLLS:
            self._settled = False
            self._failures = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing lies there, for certain: another "no card" would change nothing."""
        return not self._settled and self._none_in_a_row >= NO_CARD_POLLS

    def settle(self) -> None:
        """The card was dealt with, well or ill: nothing more until it is lifted."""
        self._settled = True

    def rearm(self) -> None:
        """Something was asked for: the card that lies there may be meant for it."""
        self._settled = False

    def fail(self) -> bool:
        """The card could not be read this time; whether that has now happened so often that its owner must be told."""
        self._failures += 1
        return self._failures == MAX_READ_FAILURES


class SpokenPresence:
    """A reader that speaks by itself: the same card again within two seconds is the same presence."""

    def __init__(self) -> None:
        self._card = ""
        self._last_s = 0.0

    def shown(self, card: str, now_s: float) -> bool:
        """Whether this card begins a new presence. `now_s` is monotonic."""
        is_new = card != self._card or now_s - self._last_s > REPEAT_GAP_S
        self._card, self._last_s = card, now_s
        return is_new

    def rearm(self) -> None:
        """Something was asked for: the card, shown again at once, is meant for it."""
        self._card = ""


@dataclass(frozen=True)
class CardWindows:
    """Which cards checked in lately. Cards are their keyed hashes."""

    window: timedelta
    stored_at: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def decode(cls, window: timedelta, remembered: bytes | None) -> "CardWindows":
        """What an earlier process remembered. What cannot be read counts as nothing."""
        try:
            times = json.loads(remembered or b"{}")
            stored_at = {card: datetime.fromtimestamp(time_s, UTC) for card, time_s in times.items()}
        except (ValueError, TypeError, AttributeError, OverflowError, OSError):
            stored_at = {}
        return cls(window, stored_at)

    def encode(self) -> bytes:
        return json.dumps({card: time.timestamp() for card, time in self.stored_at.items()}).encode()

    def is_within(self, card: str, now: datetime) -> bool:
        """Whether this card checked in less than a window ago.

        A time in the future comes from a clock that has been set back since: it counts only as far as the window goes,
        because a check-in too many can be seen at the hub and one too few cannot.
        """
        stored = self.stored_at.get(card)
        return stored is not None and abs(now - stored) < self.window

    def with_card(self, card: str, now: datetime) -> "CardWindows":
        """These windows and that of a card that checks in now; those that are over are left out."""
        kept = {other: time for other, time in self.stored_at.items() if abs(now - time) < self.window}
        return CardWindows(self.window, {**kept, card: now})
