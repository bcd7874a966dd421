"""What looks like somebody's number: identity numbers (GB 11643, the older 15 digits, and those of foreigners who
live here for good: the same 18 digits since 2023, the first a 9), mobile telephones. Pure.
"""

from __future__ import annotations

import re

from gridwire.persons import birth_date, check_character, parse_date
from gridwire.problem import Both

_RESIDENT = re.compile(r"(?<![0-9])[1-9][0-9]{16}[0-9Xx](?![0-9])")
_OLDER = re.compile(r"(?<![0-9])[1-8][0-9]{5}([0-9]{6})[0-9]{3}(?![0-9])")
_MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_BLANKS = re.compile(r"[\s-]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")

IDENTITY = Both("身份证号", "an identity number")
MOBILE = Both("手机号", "a mobile telephone number")
NAME = Both("姓名", "a name")

COLUMNS = frozenset({
    "name", "姓名", "户主", "idcard", "id_card", "id_number", "身份证", "身份证号", "身份证号码", "公民身份号码",
    "phone", "电话", "手机", "手机号",
    "联系电话", "address", "住址", "地址", "photo", "照片", "face", "人脸", "birthday", "出生日期",
})  # fmt: skip
"""Headings under which persons stand: in a file that is not about staff they are refused by name."""
NOT_KEPT = ("上访", "信访", "吸毒", "涉毒", "刑满", "社区矫正", "精神", "邪教", "重点人员", "petition", "drug")
"""Lists of persons that this software does not keep."""


def in_text(text: str) -> Both | None:
    """What a number in the text looks like, if any does."""
    close = _BLANKS.sub("", text)
    if any(_is_identity(found.upper()) for found in _RESIDENT.findall(close)):
        return IDENTITY
    if any(parse_date("19" + found) for found in _OLDER.findall(close)):
        return IDENTITY
    return MOBILE if _MOBILE.search(close) else None


def in_code(text: str) -> Both | None:
    """The same for a code that is to mean nothing: a name is refused too, and any long number."""
    if _CHINESE.search(text):
        return NAME
    return in_text(text) or (IDENTITY if re.search(r"[0-9]{14}", _BLANKS.sub("", text)) else None)


def _is_identity(number: str) -> bool:
    """By its birth date; where a credit code of an enterprise begins with the same 9, by its check character too."""
    birth = birth_date(number)
    is_ours = number[0] != "9" or number[17] == check_character(number[:17])
    return birth is not None and 1880 <= birth.year <= 2100 and is_ours
