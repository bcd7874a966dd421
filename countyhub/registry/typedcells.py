"""What a cell of a workbook stores (text, number, day, error) -> the text that the column's reader takes. Pure.

A code that was stored as a number is taken only where nothing can have been lost: no digits (a spreadsheet keeps 15),
no zeros in front.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from countyhub.registry import cellmistakes, personalnumbers, workbookmistakes
from countyhub.registry.columns import Column
from countyhub.registry.mistakes import Mistake, Place, perhaps
from gridwire.problem import Both

Stored = str | int | float | bool | date | datetime | time | timedelta | None

_SAFE_DIGITS = 15
_ROUNDED = re.compile(r"[0-9]{6,}0{6}")
"""What is left of 990126100200 when it was once written as 9.90126E+11."""
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_ZEROS = re.compile(r"0{2,15}")
_NO_CODES = frozenset({"month_days"})
"""Kept like codes, but 5 and 05 are the same there."""
_MIDNIGHT = time(0)


class Typed(NamedTuple):
    """The text of a cell, or what is wrong with it. `number`: a code that was stored as a number."""

    text: str
    said: Mistake | None = None
    number: bool = False


def text_of(column: Column, value: Stored, number_format: str, place: Place) -> Typed:
    """As it would stand in a CSV file."""
    if value is None or isinstance(value, str):
        return Typed(value or "")
    if isinstance(value, bool):
        return Typed(str(value).upper())
    if isinstance(value, datetime | date | time | timedelta):
        return _day(column, value, place)
    if column.kind == "code" and column.name not in _NO_CODES:
        return _code(column, value, number_format, place)
    return Typed(_plain(value))


def _day(column: Column, value: datetime | date | time | timedelta, place: Place) -> Typed:
    shown = str(value).removesuffix(" 00:00:00")
    if column.kind in ("code", "text", "word"):
        return Typed("", workbookmistakes.DayForCode(place, found=shown))
    if column.kind != "day":
        return Typed(shown)  # its reader says that it is no number
    if isinstance(value, datetime):
        if value.time() != _MIDNIGHT:
            return Typed("", workbookmistakes.TimeForDay(place, found=shown))
        return Typed(value.date().isoformat())
    return Typed(value.isoformat() if isinstance(value, date) else shown)


def _code(column: Column, value: int | float, number_format: str, place: Place) -> Typed:
    text = _plain(value)
    pattern = column.about.pattern or "^[0-9]+$"
    look = personalnumbers.in_code if column.about.opaque else personalnumbers.in_text
    seems = None if column.name == "phone" or re.match(pattern, text) else look(text)
    if seems is not None:  # not quoted, as the other mistakes would
        instead = Both(column.about.zh_about, column.about.en_about)
        return Typed("", cellmistakes.LooksPersonal(place, what=seems, instead=instead))
    if isinstance(value, float) or len(text) > _SAFE_DIGITS or _ROUNDED.fullmatch(text):
        return Typed("", cellmistakes.DigitsLost(place, found=f"{value:.6G}" if isinstance(value, float) else text))
    if _ZEROS.fullmatch(number_format):  # shown, and meant, with these zeros
        return Typed(text.zfill(len(number_format)), number=True)
    if column.name == "phone":
        longer = "" if _MOBILE.fullmatch(text) else f"0{text}"
    else:
        longer = next((each for zeros in range(1, 9) if re.match(pattern, each := "0" * zeros + text)), "")
    if longer:
        return Typed("", workbookmistakes.ZerosLost(place, found=text, hint=perhaps(longer)))
    return Typed(text, number=True)


def _plain(value: int | float) -> str:
    """Never 1E-05, and 3 for 3.0."""
    if isinstance(value, int):
        return str(value)
    exact = Decimal(repr(value))
    if not exact.is_finite():
        return str(value)
    return f"{exact:f}".rstrip("0").rstrip(".") if "." in f"{exact:f}" else f"{exact:f}"
