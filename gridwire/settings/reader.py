"""One TOML file: bytes -> tables and the place of every key. Collects what is wrong with it as text.

A line that is not TOML is reported and left out, so that the rest of the file is checked at the same time.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, NamedTuple

from gridwire import fullwidth
from gridwire.problem import Both
from gridwire.settings.locator import Located, locate
from gridwire.settings.locator import Path as KeyPath
from gridwire.settings.mistakes import (
    BadSyntax,
    DuplicateKey,
    FullWidth,
    Mistake,
    NotUtf8,
    Place,
    UnreadableFile,
)

MAX_FILE_BYTES = 4 * 1024 * 1024
_MAX_ROUNDS = 50
_MAX_DEPTH = 32
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_REPEATS = ("Cannot declare", "Cannot overwrite", "Cannot mutate", "Duplicate")
_UNENDED = ("Unclosed", "Unterminated", "Expected \"'")
_PAIR = re.compile(r"[ \t]*[^\s#\[=]")


class Source(NamedTuple):
    """One file. `complete` is false when something of it could not be read: what seems to be missing may be there."""

    name: str
    data: dict[str, Any]
    located: Located
    mistakes: list[Mistake]
    complete: bool

    def place(self, path: KeyPath) -> Place:
        """Where the key stands, or the nearest table around it; the root is the file as a whole."""
        return Place(self.name, self.located.line(path) if path else 0)


def parsed(name: str, raw: bytes) -> Source:
    """The bytes of a file, as `parse` does; never raises for what they are."""
    if len(raw) > MAX_FILE_BYTES:
        return nothing(name, UnreadableFile(Place(name), reason=f"> {MAX_FILE_BYTES} bytes"))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return nothing(name, NotUtf8(Place(name, raw[: error.start].count(b"\n") + 1), guess=_guess(raw)))
    return parse(name, text)


def parse(name: str, text: str) -> Source:
    """Parse; slips of the input method are mended, wrong lines left out, all of them reported."""
    text = text.replace("\r\n", "\n")
    mistakes: list[Mistake] = []
    for _ in range(_MAX_ROUNDS):
        try:
            data = _bounded(tomllib.loads(text))
        except (ValueError, RecursionError) as error:
            found, mended = _diagnose(name, text, error)
            mistakes += found
            if mended is None:
                return Source(name, {}, locate(""), mistakes, complete=False)
            text = mended
        else:
            return Source(name, data, locate(text), mistakes, complete=not mistakes)
    return Source(name, {}, locate(""), mistakes, complete=False)


def _bounded(data: dict[str, Any]) -> dict[str, Any]:
    """The same; raises RecursionError if it is nested deeper than any configuration needs."""
    layer: list[Any] = [data]
    for _ in range(_MAX_DEPTH):
        tables = [item for item in layer if isinstance(item, dict | list)]
        layer = [inner for item in tables for inner in (item.values() if isinstance(item, dict) else item)]
        if not layer:
            return data
    raise RecursionError


def nothing(name: str, mistake: Mistake) -> Source:
    """What there is of a file that cannot be read."""
    return Source(name, {}, locate(""), [mistake], complete=False)


def _guess(raw: bytes) -> Both:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Both(" UTF-16（记事本的“Unicode”）", "UTF-16 (“Unicode” of Windows Notepad)")
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return Both("其他内容", "something else")
    return Both("很可能是 GBK（记事本的“ANSI”）", "probably GBK (“ANSI” of Windows Notepad)")


def _diagnose(name: str, text: str, error: Exception) -> tuple[list[Mistake], str | None]:
    """What is wrong with a text that is not TOML, and the text without it; None if nothing more can be checked."""
    if slips := fullwidth.find(text):
        mended = fullwidth.mend(text, slips)
        return [
            FullWidth(Place(name, s.line), column=s.column, found=s.shown, wanted=s.asked, name=s.name) for s in slips
        ], mended
    line, column, message = _where(text, error)
    repeat = next((r for r in locate(text).repeats if message.startswith(_REPEATS)), None)
    if repeat is not None:
        key = show(repeat.path)
        return [DuplicateKey(Place(name, repeat.line), key, first=Place(name, repeat.first_line))], _without(
            text, repeat.line
        )
    reason, begin = _in_words(message), _begin(text, line)
    if begin:
        reason = Both(
            f"{reason.zh}；第 {begin} 行开始的内容没有结束", f"{reason.en}; what begins in line {begin} is not closed"
        )
    reason = Both(f"第 {column} 列：{reason.zh}", f"column {column}: {reason.en}") if column else reason
    return [BadSyntax(Place(name, line), reason=reason)], _without(text, line)


def _where(text: str, error: Exception) -> tuple[int, int, str]:
    """Line and column (0: none) and the message of a parse error."""
    if isinstance(error, RecursionError):
        return 1, 0, "nested too deeply"
    message = str(error)
    match = _AT.search(message)
    if match is None:  # e.g. an integer of thousands of digits
        return 1, 0, message
    message = message[: match.start()]
    if message.startswith(_UNENDED):  # noticed far below: tell the line on which it begins
        return max(locate(text).keys.values(), default=1), 0, message
    if match[1] is None:
        return text.rstrip().count("\n") + 1, 0, message
    return int(match[1]), int(match[2]), message


def _begin(text: str, line: int) -> int:
    """Where that begins which this line is in the midst of; 0 if it stands for itself."""
    above = "\n".join(text.split("\n")[: line - 1])
    try:
        tomllib.loads(above)
    except (ValueError, RecursionError):
        return max(locate(above).keys.values(), default=0)
    return 0


def _without(text: str, line: int) -> str | None:
    """The text with this line emptied, if it is a setting that stands on this line alone."""
    lines = text.split("\n")
    wrong = lines[line - 1] if line <= len(lines) else ""
    several = wrong.count("[") != wrong.count("]") or '"""' in wrong or "'''" in wrong
    if not _PAIR.match(wrong) or several or _begin(text, line):
        return None
    lines[line - 1] = ""
    return "\n".join(lines)


_WORDS = {
    "Invalid value": Both(
        '缺少值或值不合法；文本要加英文引号 "…"',
        'the value is missing or no TOML value; text needs quotes: "…"',
    ),
    "Expected '=' after a key": Both(
        "设置项名称后缺少“=”",
        "“=” is missing after the name of the setting",
    ),
    "Expected newline or end of document": Both(
        "值的后面有多余内容",
        "something stands after the value",
    ),
    "Expected ']' at the end of a table": Both(
        "表名末尾缺少“]”",
        "“]” is missing at the end of the table's name",
    ),
    "Expected ']]' at the end": Both(
        "表名末尾缺少“]]”",
        "“]]” is missing at the end of the table's name",
    ),
    "Unclosed array": Both(
        "列表没有结束，缺少“]”",
        "a list is not closed: “]” is missing",
    ),
    "Unclosed inline table": Both(
        "缺少“}”",
        "“}” is missing",
    ),
    "Expected \"'": Both("缺少结束的引号", "the closing quotation mark is missing"),
    "Unterminated string": Both(
        "缺少结束的引号",
        "the closing quotation mark is missing",
    ),
    "Illegal character '\\n'": Both(
        "行末缺少结束的引号",
        "the closing quotation mark is missing at the end of the line",
    ),
    "Illegal character": Both(
        "此处有不允许的控制字符",
        "a control character that must not stand here",
    ),
    "Unescaped '\\' in a string": Both(
        "文本中有单个“\\”：请写“\\\\”，或改用 '…'",
        "a single “\\” in text: write “\\\\”, or use '…'",
    ),
    "Invalid statement": Both(
        "既不是“名称 = 值”，也不是 [表名]",
        "neither a setting (name = value) nor a [table]",
    ),
    "Invalid initial character for a key": Both(
        "名称只能用英文字母、数字、- 和 _",
        "a name may have only A-Z, a-z, 0-9, - and _",
    ),
    "Invalid date or datetime": Both(
        "没有这样的日期或时间",
        "no such date or time",
    ),
    "Cannot": Both(
        "上文已用此名称表示其他内容",
        "this name already means something else above",
    ),
    "nested too deeply": Both(
        "嵌套过深",
        "nested too deeply",
    ),
}


def _in_words(message: str) -> Both:
    """A message of `tomllib` in words for people who do not know TOML; as it is if it is none of the usual ones."""
    known = (words for begin, words in _WORDS.items() if message.startswith(begin))
    return next(known, Both(f"不是合法的 TOML({message})", message))


def show(path: KeyPath) -> str:
    """A path for people: `device.cam-1.port`, `rule[2].armed`; positions count from 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            plain = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            shown = part if plain else '"' + "".join(c if c.isprintable() else "�" for c in part[:64]) + '"'
            text += f".{shown}" if text else shown
    return text
