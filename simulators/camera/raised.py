"""The camera's own record of every alarm it raised, so that a test can count what should have arrived."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Raised:
    """One call of `raise_alarm` or `send_raw`.

    `number` counts from 1 per camera; a line crossing carries it as its ObjectId. `time` is the true time, not the
    camera's. `subscribed` says whether a live subscription existed at that moment; `pulled` how often a poll has
    carried it away since.
    """

    number: int
    kind: str
    topics: tuple[str, ...]
    active: bool
    monotonic_s: float
    time: datetime
    subscribed: bool
    pulled: int = 0
