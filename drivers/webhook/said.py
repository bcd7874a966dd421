"""One thing that a device says, whatever its format; and the refusal of what cannot be read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from drivers.devicehttp.requesthead import BadRequest

MAX_TEXT_CHARS = 256
MAX_OBJECT_CHARS = 64
MAX_DETAILS = 24
State = Literal["on", "off", "pulse"]
STATES: Mapping[str, State] = {
    "active": "on", "start": "on", "on": "on", "true": "on", "1": "on",
    "inactive": "off", "stop": "off", "end": "off", "off": "off", "false": "off", "0": "off",
    "pulse": "pulse", "": "pulse",
}  # fmt: skip


class Said(NamedTuple):
    """`name` is the device's own name of the event; `source` which of its channels, inputs or rules it is about.

    `time` is the device's text; `id` what it repeats when it sends the same event again.
    """

    name: str
    state: State
    source: str = ""
    object: str = ""
    time: str = ""
    id: str = ""
    detail: tuple[tuple[str, str], ...] = ()


def state_of(text: str) -> State:
    """Raises `BadRequest`."""
    try:
        return STATES[text.strip().lower()]
    except KeyError:
        raise BadRequest(422, f"state {text[:40]!r} is not known / 无法识别的状态 {text[:40]!r}") from None


def cut(pairs: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """As much detail as an alarm takes, without what is empty."""
    return tuple((name[:64], value[:MAX_TEXT_CHARS]) for name, value in pairs.items() if name and value)[:MAX_DETAILS]
