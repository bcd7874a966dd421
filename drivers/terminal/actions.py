"""What a key or a scanned code may ask for, besides saying who is there: one grammar for both. Pure.

    rate:5   item:0301   item:0301:proxy   report:0102   receipt:R7K2M9   point:东塘   answers   sos   cancel

A printed code has `GW:` before it, in any case: so no badge number is ever taken for a wish. One that holds what looks
like somebody's citizen number asks for nothing, lest the number go into an event or onto a slip.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeAlias, get_args

from gridwire.persons import RESIDENT_WITHIN

Mode = Literal["direct", "proxy", "authorised"]
"""直办, 代办, 授权办."""

CODE_PREFIX = "GW:"
GRAMMAR = (
    "rate:1…5, item:CODE[:direct|proxy|authorised], report:CATEGORY, receipt:NUMBER, point:NAME, answers, sos, cancel"
)
_CODE = re.compile(r"[0-9A-Za-z._-]{1,32}")
_MAX_NAME = 64


@dataclass(frozen=True)
class Rate:
    """Of the last request, or of the receipt that was shown before. 5 is best."""

    score: int


@dataclass(frozen=True)
class Ask:
    """A service of the village's list. `mode` empty: the list's own."""

    item: str
    mode: Mode | Literal[""] = ""


@dataclass(frozen=True)
class Report:
    """A matter, by its category."""

    category: str


@dataclass(frozen=True)
class Receipt:
    """A receipt, shown to be rated."""

    number: str


@dataclass(frozen=True)
class Point:
    """The patrol point at which the next check-in is made."""

    name: str


@dataclass(frozen=True)
class Command:
    """`answers`: print what is there for me; `sos`: help; `cancel`: forget what was begun."""

    name: Literal["answers", "sos", "cancel"]


Action: TypeAlias = Rate | Ask | Report | Receipt | Point | Command


def parse_action(text: str) -> Action | None:
    """The action that a text asks for, None when it asks for none."""
    name, _, rest = text.strip().partition(":")
    make = _ACTIONS.get(name.lower())
    return make(rest) if make is not None else None


def action_in_code(code: str) -> Action | None:
    """The action that a scanned code asks for; None when it is somebody's badge, or anything else."""
    if code[: len(CODE_PREFIX)].upper() != CODE_PREFIX or RESIDENT_WITHIN.search(code):
        return None
    return parse_action(code[len(CODE_PREFIX) :])


def _ask(rest: str) -> Ask | None:
    item, _, mode = rest.partition(":")
    if not _CODE.fullmatch(item):
        return None
    known = next((each for each in get_args(Mode) if each == mode.lower()), None)
    return Ask(item, known or "") if known or not mode else None


def _command(name: Literal["answers", "sos", "cancel"], rest: str) -> Command | None:
    return None if rest else Command(name)


_ACTIONS: dict[str, Callable[[str], Action | None]] = {
    "rate": lambda rest: Rate(int(rest)) if re.fullmatch(r"[1-5]", rest) else None,
    "item": _ask,
    "report": lambda rest: Report(rest) if _CODE.fullmatch(rest) else None,
    "receipt": lambda rest: Receipt(rest.upper()) if _CODE.fullmatch(rest) else None,
    "point": lambda rest: Point(rest) if 0 < len(rest) <= _MAX_NAME and rest.isprintable() else None,
    "answers": partial(_command, "answers"),
    "sos": partial(_command, "sos"),
    "cancel": partial(_command, "cancel"),
}
