"""A cell's text -> its value. What an input method or a spreadsheet did to it is undone and told; the rest is refused.

Pure. A value that cannot be had is `BAD`; then there is a mistake.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from datetime import date, timedelta
from typing import Final, NamedTuple

from countyhub.registry import cellmistakes, personalnumbers
from countyhub.registry.columns import Column
from countyhub.registry.mistakes import NOTHING, Mistake, Place, perhaps
from gridwire.problem import Both

BAD: Final = object()
"""Stands where no value could be read."""

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff]")
_FORCED_TEXT = re.compile(r'="(.*)"|\'(.*)')
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+?[0-9]+")
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}(\.0+)?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,15})?")
_DAY = re.compile(
    r"([0-9]{4})([-/.年])([0-9]{1,2})[-/.月]([0-9]{1,2})日?( 0{1,2}:00(:00)?)?|([0-9]{4})([0-9]{2})([0-9]{2})"
)
_SERIAL = re.compile(r"[2-6][0-9]{4}")
_EXCEL_ZERO = date(1899, 12, 30)
_FIRST, _LAST = date(1949, 10, 1), date(2199, 12, 31)


class Read(NamedTuple):
    """A value and what there is to say of it."""

    value: object
    said: Mistake | None = None


def read(column: Column, text: str, place: Place) -> Read:
    """The value of a cell, or `BAD` with the mistake."""
    bare = _bare(text)
    if not bare:
        if column.required:
            return Read(BAD, cellmistakes.Empty(place, what=meaning(column)))
        return Read(column.default)
    if column.kind == "text":
        return _text(column, bare, place)
    used = mended(bare)
    found = _READERS[column.kind](column, used, place)
    if found.said is None and used != bare and column.kind != "day":
        return Read(found.value, cellmistakes.Mended(place, found=bare, used=used))
    return found


def meaning(column: Column) -> Both:
    return Both(column.about.zh_about, column.about.en_about)


def mended(text: str) -> str:
    """As it would have been typed without an input method, and without what a spreadsheet puts around it."""
    forced = _FORCED_TEXT.fullmatch(text)
    inner = (forced[1] or forced[2] or "") if forced else text
    return " ".join(unicodedata.normalize("NFKC", inner).translate(_DASHES).split())


def _bare(text: str) -> str:
    return _INVISIBLE.sub("", text).strip()


def _text(column: Column, text: str, place: Place) -> Read:
    seems = personalnumbers.in_text(unicodedata.normalize("NFKC", text))
    if seems is not None:
        return Read(BAD, cellmistakes.LooksPersonal(place, what=seems, instead=Both("名称", "a name of the thing")))
    if text[0] in "=+-@":
        return Read(BAD, cellmistakes.Formula(place, found=text[0]))
    if len(text) > column.about.max_length:
        return Read(BAD, cellmistakes.TooLong(place, most=column.about.max_length))
    return Read(" ".join(text.split()))


def _code(column: Column, text: str, place: Place) -> Read:
    said = _personal_code(column, text, place)
    if said is not None:
        return Read(BAD, said)
    if _SCIENTIFIC.fullmatch(text):
        return Read(BAD, cellmistakes.DigitsLost(place, found=text))
    pattern = column.about.pattern
    if re.match(pattern, text):
        return Read(text)
    near = _near(text, pattern)
    if near and near != text and text.endswith(".0"):
        return Read(near, cellmistakes.Mended(place, found=text, used=near))
    if near and near.replace(" ", "") == text.replace(" ", ""):
        return Read(near, cellmistakes.Mended(place, found=text, used=near))
    return Read(BAD, cellmistakes.BadCode(place, found=text[:64], what=meaning(column), hint=perhaps(near)))


def _personal_code(column: Column, text: str, place: Place) -> Mistake | None:
    """Codes of persons and households must tell nothing about them; a wrong code elsewhere must not be somebody's."""
    if column.name == "phone":
        return None
    if column.about.opaque:
        seems = personalnumbers.in_code(text)
    else:
        seems = None if re.match(column.about.pattern, text) else personalnumbers.in_text(text)
    return None if seems is None else cellmistakes.LooksPersonal(place, what=seems, instead=meaning(column))


def _near(text: str, pattern: str) -> str:
    """The code that was probably meant: without blanks or `.0`, in small or capital letters, with its leading zero."""
    tries = (text.replace(" ", ""), text.removesuffix(".0"), text.lower(), text.lower().replace("_", "-"), "0" + text)
    return next((each for each in tries if re.match(pattern, each)), "")


def _word(column: Column, text: str, place: Place) -> Read:
    known = column.about.words
    if text in known:
        return Read(text)
    value = next(
        (value for value, zh in known.items() if text in (zh, value.replace("_", " ")) or text.lower() == value), ""
    )
    if value:
        return Read(value)
    words = Both("、".join(known.values()), ", ".join(known))
    if column.about.zh == "类型" and any(each in text.lower() for each in personalnumbers.NOT_KEPT):
        return Read(BAD, cellmistakes.NotKept(place, words=words))
    close = difflib.get_close_matches(text, [*known, *known.values()], 1, 0.5)
    return Read(BAD, cellmistakes.BadWord(place, found=text[:32], words=words, hint=perhaps(close[0] if close else "")))


def _day(_column: Column, text: str, place: Place) -> Read:
    found = _DAY.fullmatch(text)
    hint = NOTHING
    if found:
        parts = (found[1], found[3], found[4]) if found[1] else (found[7], found[8], found[9])
        try:
            value = date(int(parts[0]), int(parts[1]), int(parts[2]))
        except ValueError:
            return Read(BAD, cellmistakes.BadDay(place, found=text, hint=hint))
        if _FIRST <= value <= _LAST:
            return Read(value)
        return Read(BAD, cellmistakes.OutOfRange(place, found=text, lowest=_FIRST, highest=_LAST, hint=NOTHING))
    if _SERIAL.fullmatch(text):
        hint = perhaps((_EXCEL_ZERO + timedelta(days=int(text))).isoformat())
    return Read(BAD, cellmistakes.BadDay(place, found=text[:32], hint=hint))


def _whole(column: Column, text: str, place: Place) -> Read:
    if not _WHOLE.fullmatch(text):
        return Read(BAD, cellmistakes.BadNumber(place, found=text[:32], what=Both("整数", "whole number")))
    return _in_range(column, int(text.partition(".")[0]), text, place)


def _number(column: Column, text: str, place: Place) -> Read:
    if not _NUMBER.fullmatch(text):
        return Read(BAD, cellmistakes.BadNumber(place, found=text[:32], what=Both("数字", "number")))
    return _in_range(column, round(float(text), 6), text, place)


def _in_range(column: Column, value: float, text: str, place: Place) -> Read:
    about = column.about
    if (about.ge is None or value >= about.ge) and (about.le is None or value <= about.le):
        return Read(value)
    swapped = (column.name == "latitude" and 73 <= value <= 136) or (column.name == "longitude" and 3 <= value <= 54)
    hint = Both("；经度与纬度是否颠倒？", "; are longitude and latitude swapped?") if swapped else NOTHING
    return Read(BAD, cellmistakes.OutOfRange(place, found=text, lowest=about.ge, highest=about.le, hint=hint))


_READERS = {"code": _code, "word": _word, "day": _day, "whole": _whole, "number": _number}
