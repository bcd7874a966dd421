"""Characters that a Chinese input method puts where TOML wants ASCII: found outside strings and comments, and named.

Pure. Every character is replaced by exactly one, so that lines and columns stay what they were.
"""

from __future__ import annotations

from typing import NamedTuple

from gridwire.problem import Both

_QUOTE = Both("全角引号", "the full-width quotation mark")
_COMMA = Both("全角逗号", "the full-width comma")
_SPACE = Both("全角空格", "the full-width space")
_BRACKET = Both("全角括号", "the full-width bracket")
_DASH = Both("全角横线", "the full-width dash")
_DIGIT = Both("全角数字", "the full-width digit")
_LETTER = Both("全角字母", "the full-width letter")
_COLON = Both("全角冒号", "the full-width colon")
_EQUALS = Both("全角等号", "the full-width equals sign")
_STOP = Both("全角句号", "the full-width stop")
_HASH = Both("全角井号", "the full-width number sign")
_OTHER = Both("全角字符", "the full-width character")

_NAMES: dict[str, tuple[str, Both]] = {
    **dict.fromkeys("“”„‟＂「」『』〝〞", ('"', _QUOTE)),
    **dict.fromkeys("‘’‚‛＇", ("'", _QUOTE)),
    **dict.fromkeys("，、﹐", (",", _COMMA)),
    **dict.fromkeys("\u3000\u00a0\u2002\u2003\u2009\u200b\ufeff", (" ", _SPACE)),
    **dict.fromkeys("［【〔〖", ("[", _BRACKET)),
    **dict.fromkeys("］】〕〗", ("]", _BRACKET)),
    **dict.fromkeys("－—–−", ("-", _DASH)),
    **dict.fromkeys("。．", (".", _STOP)),
    "｛": ("{", _BRACKET),
    "｝": ("}", _BRACKET),
    "：": (":", _COLON),
    "＝": ("=", _EQUALS),
    "＃": ("#", _HASH),
}
_NAMES |= {chr(0xFF10 + digit): (str(digit), _DIGIT) for digit in range(10)}
_NAMES |= {chr(code + 0xFEE0): (chr(code), _LETTER) for code in range(0x41, 0x7B) if chr(code).isalpha()}
_NAMES |= {chr(c + 0xFEE0): (chr(c), _OTHER) for c in range(0x21, 0x7F) if chr(c + 0xFEE0) not in _NAMES}
_ASCII = str.maketrans({char: ascii_char for char, (ascii_char, _) in _NAMES.items()})


class Slip(NamedTuple):
    """One such character. `line` and `column` count from 1, `position` from 0."""

    position: int
    line: int
    column: int
    found: str
    wanted: str
    name: Both

    @property
    def shown(self) -> str:
        """What was found; an invisible one by its number."""
        return f"(U+{ord(self.found):04X})" if self.wanted == " " else self.found

    @property
    def asked(self) -> str | Both:
        return Both("空格", "a space") if self.wanted == " " else self.wanted


def find(text: str) -> list[Slip]:
    """All such characters outside strings and comments, and the quotation marks that should have ended a string."""
    slips = []
    start, closing = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        columns, closing = _outside(line, closing)
        for column in columns:
            wanted, name = _NAMES[line[column]]
            # Between key and value TOML has no colon; who typed one meant the equals sign.
            wanted = "=" if line[column] == "：" else wanted
            slips.append(Slip(start + column, number, column + 1, line[column], wanted, name))
        start += len(line) + 1
    return slips


def mend(text: str, slips: list[Slip]) -> str:
    """The text with each slip replaced, so that the rest can be checked too."""
    chars = list(text)
    for slip in slips:
        chars[slip.position] = slip.wanted
    return "".join(chars)


def to_ascii(text: str) -> str:
    """The text as it would have been typed without the input method."""
    return text.translate(_ASCII)


def _outside(line: str, closing: str) -> tuple[list[int], str]:
    """Columns (from 0) of slips in a line; `closing`: the quotes that end a string begun on an earlier line."""
    columns: list[int] = []
    at = 0
    while at < len(line):
        if closing:
            end = _end_of_string(line, at, closing)
            if end < 0 and len(closing) == 1:
                return columns + _wrong_quote(line, at), ""
            if end < 0:
                return columns, closing
            at, closing = end, ""
        elif line[at] == "#":
            break
        elif line[at] in "\"'":
            closing = line[at] * 3 if line.startswith(line[at] * 3, at) else line[at]
            at += len(closing)
        elif _is_quote(line[at]):
            pair = _quoted(line, at)
            columns += [column for column in pair if line[column] in _NAMES]
            at = pair[-1] + 1
        else:
            columns += [at] if line[at] in _NAMES else []
            at += 1
    return columns, closing if len(closing) == 3 else ""


def _end_of_string(line: str, at: int, closing: str) -> int:
    """Column after the closing quotes, or -1."""
    while at < len(line):
        if line.startswith(closing, at):
            return at + len(closing)
        at += 2 if closing[0] == '"' and line[at] == "\\" else 1
    return -1


def _wrong_quote(line: str, at: int) -> list[int]:
    """The last full-width quotation mark of a string that nothing ended: it was to end it."""
    return [column for column in range(at, len(line)) if _is_quote(line[column])][-1:]


def _quoted(line: str, at: int) -> list[int]:
    """Columns of a full-width quotation mark and of the mark that ends what it begins; what is between is text."""
    for column in range(at + 1, len(line)):
        if _is_quote(line[column]) or line[column] in "\"'":
            return [at, column]
    return [at]


def _is_quote(char: str) -> bool:
    return char in _NAMES and _NAMES[char][1] is _QUOTE
