"""Personal data as it is shown to who need not see it: telephones, identity numbers, names, what residents write. Pure.

The hub's one place that says what is hidden: in lists, exports, live pages, and in the answers to a session. A
card's number is masked and hashed at the box already: `drivers.terminal.idnumber`, the hash by `gridwire.persons`.

What is masked here was never sent to the browser; a page that shows it in full asks `reasons` first. Who asks here:
pages, by `web.cases.maskedcase` (a case), `web.texts.present` (events) and the tables; the interface, for sessions, by
`api.call.shown` and `is_revealed`: a program that shows a token sees all.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from gridwire.events import Alarm, Checkin, Data, DeviceState, Request, Sos
from gridwire.persons import is_resident_number

WRITTEN = "…"
"""Stands for what a resident has written: nobody can tell a name from other words."""
_IDENTITY = re.compile(r"(?<![0-9])[1-9][0-9]{5}(?:[0-9]{8}|[0-9]{6})([0-9]{3}[0-9Xx]?)(?![0-9Xx])")
_MOBILE = re.compile(r"(?<![0-9])(1[3-9][0-9])[ -]?[0-9]{4}[ -]?([0-9]{4})(?![0-9])")
_FIXED = re.compile(r"(?<![0-9-])(0[0-9]{2,3})-[0-9]{3,4}([0-9]{4})(?![0-9])")
_SHORT_TELEPHONE = 4


def phone(number: str) -> str:
    """`13812345678` -> `138****5678`; of short ones (110, extensions) nothing is anybody's."""
    digits = re.sub(r"[^0-9]", "", number)
    if len(digits) <= _SHORT_TELEPHONE:
        return number
    return digits[:3] + "*" * max(4, len(digits) - 7) + digits[-4:] if len(digits) >= 8 else "****" + digits[-2:]


def name(full: str) -> str:
    """`张三丰` -> `张**`; `Zhang San` -> `Z*`."""
    if not full:
        return ""
    return full[0] + "*" * (max(1, len(full) - 1) if not full.isascii() else 1)


def identity(number: str) -> str:
    """The last four digits: `431126199001011234` -> `**************1234`. What the box has masked (first six and last
    four are left, `drivers.terminal.idnumber`) stays so."""
    return number if "*" in number else "*" * max(0, len(number) - 4) + number[-4:]


def text(written: str) -> str:
    """A text with the numbers in it masked, as people write them into titles and reports."""
    masked = _IDENTITY.sub(_hidden, written)
    masked = _MOBILE.sub(r"\1****\2", masked)
    return _FIXED.sub(r"\1-****\2", masked)


def _hidden(found: re.Match[str]) -> str:
    """Beginning with 9, an enterprise's credit code or whatever else unless the check character says identity."""
    is_other = found[0][0] == "9" and not is_resident_number(found[0].upper())
    return found[0] if is_other else "*" * 14 + found[1][-4:]


def event(data: Data | None) -> Data | None:
    """An event as lists show it: names short, numbers masked, and no word of what a resident has written."""
    match data:
        case Checkin():
            return replace(data, name=name(data.name), masked=text(data.masked), point=text(data.point))
        case Request():
            return replace(data, text=WRITTEN if data.text else "", masked=text(data.masked))
        case Alarm():
            return replace(data, source=text(data.source), object=text(data.object))
        case DeviceState():
            return replace(data, detail=text(data.detail))
        case Sos():
            return replace(data, point=text(data.point))
        case _:
            return data


def is_hidden(data: Data | None) -> bool:
    """Whether an event has more than its list shows."""
    return event(data) != data
