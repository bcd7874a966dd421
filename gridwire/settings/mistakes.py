"""What can be wrong with any file of settings: one class a kind, with a stable code and a text in two languages.

A mistake knows its place and reads `file:line: key: what is wrong, did you mean … [code]`. It never quotes a secret.
`decode` asks for the suggestion where a key or a value is unknown (`did_you_mean`); a box's own mistakes stand in
`edgeagent.configfile.boxmistakes`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gridwire.problem import Both, Language, Problem


class Place(NamedTuple):
    """Where something stands. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def path(self) -> Path:
        return Path(self.file)


NOTHING = Both("", "")


class Mistake(Problem):
    """Something wrong at a place; `hint` is a further sentence, e.g. a suggestion."""

    def __init__(self, place: Place, key: str = "", *, hint: Both = NOTHING, **facts: object) -> None:
        self.place, self.key, self.hint = place, key, hint
        super().__init__(**facts)

    def sentence(self, language: Language) -> str:
        """What is wrong, without place, key and code."""
        sentence = super().sentence(language) + self.hint.text(language)
        return sentence.replace(" ，", "，") if language == "zh" else sentence

    def text(self, language: Language) -> str:
        key = f"{self.key}: " if self.key else ""
        return f"{self.place}: {key}{self.sentence(language)} [{self.code}]"


def in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    """By file (`conf.d` last, as it is read) and line, without repeats."""
    unique = {(mistake.place, mistake.code, mistake.key, mistake.args): mistake for mistake in mistakes}
    return sorted(unique.values(), key=lambda mistake: (mistake.place.path.parent.name == "conf.d", mistake.place))


def did_you_mean(word: str, known: Iterable[str]) -> Both:
    """A suggestion, if one of `known` is close to `word`."""
    known = list(known)
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold()[:64], folded, n=1, cutoff=0.65)
    return suggest(folded[close[0]]) if close else NOTHING


def suggest(text: str) -> Both:
    return Both(f"，是不是“{text}”？", f", did you mean “{text}”?")


class UnknownKey(Mistake):
    code = "config.unknown-key"
    en = "there is no such setting"
    zh = "没有这个设置项"


class WrongType(Mistake):
    code = "config.wrong-type"
    en = "is {found}, expected {expected}"
    zh = "现在是{found}，应为{expected}"


class OutOfRange(Mistake):
    code = "config.out-of-range"
    en = "{found} is not allowed, expected {expected}"
    zh = "{found}不符合要求，应为{expected}"


class MissingKey(Mistake):
    code = "config.missing-key"
    en = "is missing ({what})"
    zh = "缺少这一项（{what}）"


class Invalid(Mistake):
    code = "config.invalid"
    en = "{reason}"
    zh = "{reason}"


class DuplicateKey(Mistake):
    code = "config.duplicate-key"
    en = "is set twice: first at {first}; keep one"
    zh = "重复设置：第一次在 {first}；请只保留一处"


class BadSyntax(Mistake):
    code = "config.bad-syntax"
    en = "{reason}"
    zh = "{reason}"


class FullWidth(Mistake):
    code = "config.full-width"
    en = "column {column}: {name} {found} of a Chinese input method, type {wanted} instead"
    zh = "第 {column} 列：中文输入法的{name} {found}，请改用英文半角的 {wanted}"


class UnreadableFile(Mistake):
    code = "config.unreadable"
    en = "cannot be read: {reason}"
    zh = "无法读取：{reason}"


class NotUtf8(Mistake):
    code = "config.not-utf8"
    en = "is not UTF-8 text but {guess}: save it as UTF-8"
    zh = "不是 UTF-8 文本，而是{guess}：请另存为 UTF-8 编码"
