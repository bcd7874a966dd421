"""Passwords: which ones will do, how they are kept (argon2id), and whether one is right.

The rules ask for what MLPS level 2 (GB/T 22239-2019, 8.1.4.1) is checked by, length and variety; a long one needs no
variety. Nobody is made to change a good password each month.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import unicodedata
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gridwire.problem import Problem

MIN_LENGTH: Final = 10
LONG: Final = 16
"""From here on no variety is asked for: four words are better than one with a digit."""
MAX_LENGTH: Final = 128
MIN_DIFFERENT: Final = 5
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz", "1qaz2wsx3edc4rfv")
_LIKE: Final = str.maketrans("@013457$!|", "aoieastsii")
_COMMON: Final = frozenset(
    line for line in (Path(__file__).parent / "commonest.txt").read_text().split() if not line.startswith("#")
)
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class WeakPassword(Problem):
    """Base of what is wrong with a new password."""


class TooShort(WeakPassword):
    code = "password.too-short"
    en = "the password is too short: at least {least} characters"
    zh = "密码太短：至少 {least} 个字符"


class TooLong(WeakPassword):
    code = "password.too-long"
    en = "the password is too long: at most {most} characters"
    zh = "密码太长：最多 {most} 个字符"


class TooPlain(WeakPassword):
    code = "password.too-plain"
    en = "the password is of one kind of characters: mix letters with digits or signs, or take one of {long} characters"
    zh = "密码只有一类字符：请混用字母与数字或符号，或使用 {long} 个字符以上的长密码"


class TooCommon(WeakPassword):
    code = "password.too-common"
    en = "this is one of the passwords that are tried first: choose another one"
    zh = "这是最容易被猜中的常见密码之一：请换一个"


class LikeName(WeakPassword):
    code = "password.like-name"
    en = "the password contains the name of the user: choose another one"
    zh = "密码中含有用户名：请换一个"


def check(password: str, name: str) -> None:
    """Raises `WeakPassword` for one that will not do."""
    text = normal(password)
    if len(text) > MAX_LENGTH:
        raise TooLong(most=MAX_LENGTH)
    if len(text) < MIN_LENGTH:
        raise TooShort(least=MIN_LENGTH)
    if len(name) >= 3 and name.casefold() in text.casefold():
        raise LikeName
    if is_common(text):
        raise TooCommon
    if len(text) < LONG and _kinds(text) < 2:
        raise TooPlain(long=LONG)


def normal(password: str) -> str:
    """The same text from every keyboard (NFKC: full-width letters of an input method are plain ones)."""
    return unicodedata.normalize("NFKC", password)


def is_common(password: str) -> bool:
    """Whether it is a common word with something before or behind it, a row of keys, or ever the same again."""
    text = password.casefold()
    if len(set(text)) < MIN_DIFFERENT or _is_repeated(text):
        return True
    core = re.sub(r"^[^a-z]+|[^a-z]+$", "", text)
    like = re.sub(r"[^a-z]+$", "", text).translate(_LIKE)
    words = {text, core, like, re.sub(r"[^a-z]", "", text)}
    if words & _COMMON:
        return True
    parts = re.findall(r"[a-z]+|[0-9]+", text)
    in_a_row = sum(len(part) for part in parts if _in_a_row(part))
    return in_a_row > 0 and 3 * in_a_row >= 2 * sum(map(len, parts))


def generate() -> str:
    """A password for somebody who will change it: 16 letters in four groups, none of them easily mistaken."""
    while is_common(made := "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))):
        pass
    return made


def _kinds(text: str) -> int:
    tests = (str.islower, str.isupper, str.isdigit, lambda letter: not letter.isalnum())
    asian = any(letter.isalpha() and not (letter.islower() or letter.isupper()) for letter in text)
    return sum(any(test(letter) for letter in text) for test in tests) + asian


def _is_repeated(text: str) -> bool:
    return re.fullmatch(r"(.{1,8}?)\1+.{0,4}", text) is not None


def _in_a_row(part: str) -> bool:
    """A piece of a row of keys, forwards or backwards, or a year."""
    rows = (*_ROWS, *(row[::-1] for row in _ROWS))
    is_year = re.fullmatch(r"(19|20)\d\d(\d{4})?", part) is not None
    return is_year or (len(part) > 2 and any(part in row * 2 for row in rows))


class Hasher:
    """Reckons hashes beside the event loop, two at a time: each takes 64 MiB for about a tenth of a second."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = asyncio.Semaphore(2)
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, normal(password))

    async def is_right(self, password: str, kept: str) -> bool:
        """Takes as long for nobody's hash (empty) as for somebody's: names cannot be told by the time it takes."""
        if len(password) > 4 * MAX_LENGTH:
            return False
        if not kept and not self._nobodys:
            self._nobodys = await self.hash(secrets.token_hex())
        async with self._turns:
            right = await asyncio.to_thread(self._is_right, normal(password), kept or self._nobodys)
        return right and bool(kept)

    def is_old(self, kept: str) -> bool:
        """Whether it was reckoned more cheaply than today's are."""
        return self._hasher.check_needs_rehash(kept)

    def _is_right(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
