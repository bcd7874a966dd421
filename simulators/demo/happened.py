"""What the simulated devices did, from their own records, in the words in which the hub should have it.

Written from the cameras' topics and the terminal's promises, not from the drivers' code.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from datetime import timedelta

from simulators.camera import Raised
from simulators.camera.topics import ALARMS
from simulators.demo.counting import CHECKIN, Happened, Key
from simulators.terminal import Shown

_KIND = {"field": "intrusion", "signal_loss": "signal_lost"}
"""Kinds that the hub calls otherwise than the simulated camera."""


def kind_of(raised: str) -> str:
    """The hub's name of a kind that a simulated camera raises."""
    return _KIND.get(raised, raised)


def alarms(device: str, raised: Iterable[Raised]) -> Iterator[Happened]:
    """One for each topic of each raise. Motion thus counts twice: cameras tell it under two topics."""
    tracked: dict[str, str] = {}
    for record in raised:
        for topic in ALARMS[record.kind]:
            pulse = topic.values is None
            if record.active:
                tracked[topic.path] = str(record.number)
            thing = tracked.get(topic.path, "") if pulse or topic.key else ""
            state = "pulse" if pulse else "start" if record.active else "end"
            yield Happened(Key(device, kind_of(record.kind), state, topic.path, thing), record.time)


def person_hash(secret: bytes, text: str) -> str:
    """What stands for a number, a card or a code at the hub: HMAC-SHA256 under the village key, as hex digits."""
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def checkins(device: str, shown: Iterable[Shown], secret: bytes, window: timedelta) -> Iterator[Happened]:
    """One for each card or code that was shown to a plugged part, but for one shown again within its window."""
    counted: dict[str, Shown] = {}
    for one in shown:
        before = counted.get(one.what)
        if one.plugged and (before is None or one.time - before.time >= window):
            counted[one.what] = one
            yield Happened(Key(device, CHECKIN, "", person_hash(secret, one.what)), one.time)
