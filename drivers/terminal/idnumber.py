"""The citizen number at the terminal: its mask, and the hash by the village's key that stands for it elsewhere.

The hub gets mask and hash alone. The hash is that of `gridwire.persons`, as the hub's roster must come to the same;
what the hub hides of names, telephones and texts says `countyhub.accounts.masking`.

Pure but for `load_village_key`. Promises: nothing here puts a number into a log record, an error text or a repr.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from edgeagent.driver import DriverProblem
from gridwire.persons import keyed_hash

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
        return NumberHash(keyed_hash(self.secret, number), self.key_id)


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
    handed = os.environ.get("CREDENTIALS_DIRECTORY")  # a folder that nobody else can enter
    if mode & 0o077 and not (handed and path.parent == Path(handed)):
        raise KeyFileExposed(path=path, mode=f"{mode:o}")
    line = _KEY_LINE.fullmatch(text)
    if line is None:
        raise KeyFileMalformed(path=path)  # what it holds is a secret: not quoted
    return VillageKey(line[1], bytes.fromhex(line[2]))
