"""The citizen number and the keyed hash that stands for a person, as box and hub must both compute it. Pure.

The box masks and hashes a card's number by it (`drivers.terminal.idnumber`), the hub the numbers of its roster
(`countyhub.gridworkers.villagekey`). What the hub shows of a person is decided in `countyhub.accounts.masking`.

Promises: nothing here puts a number into an error text.
"""

import hashlib
import hmac
import re
from datetime import date

# GB 11643: weights of the first 17 digits, and the check character for the sum modulo 11 (ISO 7064 MOD 11-2).
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]")
_FOREIGNER = re.compile(r"[A-Z]{3}[0-9]{12}")

RESIDENT_WITHIN = re.compile(_RESIDENT.pattern, re.IGNORECASE)
"""Finds what looks like a resident number inside a longer text, an `x` at its end too."""


def keyed_hash(secret: bytes, number: str) -> str:
    """HMAC-SHA256 as 64 hex digits, of a number as printed on the card (upper case, no blanks) or of any code."""
    return hmac.new(secret, number.encode(), hashlib.sha256).hexdigest()


def card_number(uid: bytes, *, is_reversed: bool) -> str:
    """What is hashed of an IC or EM card: its UID in upper-case hex, in the village's order of bytes."""
    return (uid[::-1] if is_reversed else uid).hex().upper()


def check_character(first_17: str) -> str:
    """The 18th character for 17 digits."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_17, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def parse_date(digits: str) -> date | None:
    """A date from `YYYYMMDD`, None when there is no such day."""
    if not re.fullmatch(r"[0-9]{8}", digits):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def birth_date(number: str) -> date | None:
    """The birth date inside an 18-character number (digits 7 to 14), None when it is no date."""
    return parse_date(number[6:14])


def has_resident_shape(number: str) -> bool:
    """Whether these are the 18 characters of a resident number, be its birth date and check character as they may."""
    return _RESIDENT.fullmatch(number) is not None


def is_resident_number(number: str) -> bool:
    """Whether this is a whole resident number: 18 characters, a real birth date, the right check character.

    A foreigner's of 2023 is one too, with a 9 before it.
    """
    if not has_resident_shape(number):
        return False
    return birth_date(number) is not None and check_character(number[:17]) == number[17]


def is_foreigner_number(number: str) -> bool:
    """Whether this is the number of a permanent resident card of 2017: three letters of the nationality, 12 digits.

    No published standard says how its last digit is computed: it is not checked.
    """
    return _FOREIGNER.fullmatch(number) is not None
