"""What correlation looks at: a signal, made of an event of a box or of a word about its link. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from countyhub.correlate.matter import SECOND_US
from countyhub.worktime.deadlines import LATE_ALARM
from gridwire.events import Alarm, Data, DeviceState
from gridwire.instants import microseconds
from gridwire.kinds import KINDS

END: Final = 0
PULSE: Final = 1
START: Final = 2
UP: Final = 0
DOWN: Final = 1

LATE_US: Final = LATE_ALARM // timedelta(microseconds=1)

_MARKS: Final = {"end": END, "pulse": PULSE, "start": START}

BY_INPUT: Final = frozenset(name for name, kind in KINDS.items() if kind.by_input)
"""Kinds of sensors: two inputs of one device are two things. Of a camera, two rules that see the same are one."""

PICTURE_KINDS: Final = frozenset(name for name, kind in KINDS.items() if kind.with_power)
"""What a camera also says when its site loses power or network: part of the site's outage while that lasts."""

_HOLD_SENSOR_US: Final = 86_400 * SECOND_US
_HOLD_CAMERA_US: Final = 3_600 * SECOND_US


class Signal(NamedTuple):
    """One sign. `stream` (with lane) and `seq` name it: the same name is the same signal, taken once.

    `mark`: START, PULSE or END of an alarm; DOWN or UP of a device or of the box's link. `rule`: which input, where it
    matters. `late`: it was more than 24 h old when it arrived.
    """

    what: Literal["alarm", "device", "link"]
    stream: str
    seq: int
    box: str
    device: str
    kind: str
    rule: str
    mark: int
    at_us: int
    late: bool = False
    drill: bool = False


def of_data(data: Data, box: str, device: str, lane: str, seq: int, at_us: int, *, late: bool) -> Signal | None:
    """The signal of an event; None for what is not correlated: requests, calls for help and ratings are cases each.

    `lane`: its stream and lane. `at_us`: its true time; its arrival where the box's clock cannot be put right. `late`:
    more than `LATE_US` old when it arrived.
    """
    stream = f"{box}/{lane}"  # with the box, as the hub's own key: a disk may have been cloned
    if isinstance(data, Alarm):
        rule = data.source if data.kind in BY_INPUT else ""
        return Signal("alarm", stream, seq, box, device, data.kind, rule, _MARKS[data.state], at_us, late, data.drill)
    if isinstance(data, DeviceState):
        mark = DOWN if data.state == "down" else UP
        return Signal("device", stream, seq, box, device, "", "", mark, at_us, late)
    return None


def of_link(box: str, *, connected: bool, connection: int, boot: str, at: datetime) -> Signal:
    """The box's link by its status: its last will, or that it is there again. `at`: the hub's clock."""
    mark = UP if connected else DOWN
    return Signal(
        "link", f"{box}/{boot}/link", 2 * connection + (not connected), box, "", "", "", mark, microseconds(at)
    )


def hold_us(kind: str) -> int:
    """How long a state is taken to last when its end has not come: sensors a day, what cameras see an hour."""
    return _HOLD_SENSOR_US if kind in BY_INPUT else _HOLD_CAMERA_US
