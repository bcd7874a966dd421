"""The citizen number: its check digit, its mask, and the keyed hash that stands for it everywhere else.

Pure but for `load_village_key`. Promises: nothing here puts a number into a log record, an error text or a repr.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from edgeagent.driver import DriverProblem

# GB 11643: weights of the first 17 digits, and the check character for the sum modulo 11 (ISO 7064 MOD 11-2).
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]")
_KEY_LINE = re.compile(r"([A-Za-z0-9._-]{1,32}):([0-9A-Fa-f]{64})")
_SHOWN_OF_CODE = 4


class KeyFileUnreadable(DriverProblem):
    code = "terminal.key-unreadable"
    en = "village key file {path} cannot be read: {why}"
    zh = "村密钥文件 {path} 无法读取：{why}"


class KeyFileExposed(DriverProblem):
    code = "terminal.key-exposed"
    en = "village key file {path} may be read by others (mode {mode}): chmod 600 {path}"
    zh = "村密钥文件 {path} 权限过宽（{mode}），请执行 chmod 600 {path}"


class KeyFileMalformed(DriverProblem):
    code = "terminal.key-malformed"
    en = "village key file {path} must hold one line KEYID:HEX, 64 hex digits"
    zh = "村密钥文件 {path} 应为一行，形如 KEYID:HEX（HEX 为 64 位十六进制）"


@dataclass(frozen=True)
class NumberHash:
    """What stands for a number: HMAC-SHA256 as 64 hex digits, and the id of the key that made it."""

    digest: str
    key_id: str


@dataclass(frozen=True)
class VillageKey:
    """The village's own key. Hashes made with it tell nothing without it, and differ from village to village."""

    key_id: str
    secret: bytes = field(repr=False)

    def hash_number(self, number: str) -> NumberHash:
        """The keyed hash of a number as printed on the card (upper case, no blanks), or of any code in UTF-8."""
        return NumberHash(hmac.new(self.secret, number.encode(), hashlib.sha256).hexdigest(), self.key_id)


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


def is_resident_number(number: str) -> bool:
    """Whether this is a whole resident number: 18 characters, a real birth date, the right check character."""
    if not _RESIDENT.fullmatch(number):
        return False
    return birth_date(number) is not None and check_character(number[:17]) == number[17]


def mask_resident(number: str) -> str:
    """Region and last four stay, the birth date goes: `110101********1006`."""
    return number[:6] + "*" * 8 + number[14:]


def mask_foreigner(number: str) -> str:
    """Three letters of the nationality and the last two characters stay of a 15-character permit number."""
    return number[:3] + "*" * (len(number) - 5) + number[-2:]


def mask_code(code: str) -> str:
    """The last four characters of a card's or badge's code, at most half of it: `********6CED`."""
    shown = min(_SHOWN_OF_CODE, len(code) // 2)
    hidden = min(len(code) - shown, 8)
    return "*" * hidden + code[len(code) - shown :]


def load_village_key(path: Path) -> VillageKey:
    """The key from a text file of one line, `KEYID:HEX`, that only its owner may read.

    Raises KeyFileUnreadable, KeyFileExposed, KeyFileMalformed.
    """
    try:
        mode = path.stat().st_mode & 0o777
        text = path.read_bytes().decode("ascii", "replace").strip()
    except OSError as error:
        raise KeyFileUnreadable(path=path, why=error.strerror or type(error).__name__) from error
    if mode & 0o077:
        raise KeyFileExposed(path=path, mode=f"{mode:o}")
    line = _KEY_LINE.fullmatch(text)
    if line is None:
        raise KeyFileMalformed(path=path)  # what it holds is a secret: not quoted
    return VillageKey(line[1], bytes.fromhex(line[2]))
