"""Asks and tells: a person, line by line, or a file of answers; the steps of the wizard know no difference.

Plain lines, nothing that needs a screen: it works over a slow line and in a serial console. What an input method has
made full-width is read as what was meant, and said.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn, Protocol

from edgeagent.cli.say import say, width
from edgeagent.cli.setup.answers import Answers, value_at
from gridwire.fullwidth import to_ascii
from gridwire.problem import Language, Problem

COLUMNS = 78
ROOM_FOR_ANSWER = 22
"""Columns behind a question; where there are fewer, the answer gets a line of its own."""
_NOT_FIRST = "，。：；？！、）”… "
YES, NO = ("y", "yes", "是", "好", "1"), ("n", "no", "否", "不", "0")

Keys = tuple[tuple[str, ...], ...]
"""Where a file may have the answer, e.g. `(("hub",),)`, `(("camera", "10.0.0.8", "name"), …)`; the first counts."""


class NotUnderstood(Problem):
    """An answer that is none, in both languages."""

    code = "setup.not-understood"
    en = "{why_en}"
    zh = "{why_zh}"


class BadAnswer(Problem):
    code = "setup.bad-answer"
    en = "{file}: {key}: {why_en}"
    zh = "{file}：{key}：{why_zh}"


class NotUtf8(Problem):
    code = "setup.not-utf8"
    en = "this was not UTF-8: set the terminal (PuTTY: Window > Translation) to UTF-8, then type it again"
    zh = "输入的不是 UTF-8：请把终端的字符编码（PuTTY：Window > Translation）设为 UTF-8，再输入一次"


class Question(NamedTuple):
    """`zh`, `en`: the question, with what a right answer looks like. `check` gives the value, or raises a Problem.

    `default`: what an empty line means; None: an empty line is no answer. `ascii`: no Chinese belongs in the answer.
    """

    keys: Keys
    zh: str
    en: str
    check: Callable[[str], str]
    default: str | None = None
    ascii: bool = True


class Talk(Protocol):
    """A person or a file. `alone`: nobody is there to be asked again."""

    language: Language
    alone: bool

    def tell(self, *, en: str, zh: str) -> None: ...

    def ask(self, question: Question) -> str: ...

    def agrees(self, keys: Keys, *, en: str, zh: str, default: bool) -> bool: ...

    def secret(self, keys: Keys, *, en: str, zh: str) -> str: ...

    def given(self, key: str) -> Any:
        """What a file says for a setting that has no question of its own; None from a person."""


def why(problem: Problem) -> dict[str, str]:
    """The sentences of a problem without its code, as facts."""
    return {"why_en": problem.sentence("en"), "why_zh": problem.sentence("zh")}


def wrapped(text: str, columns: int = COLUMNS) -> str:
    """Broken into lines that fit; a Chinese character may be followed by a break, a word may not be torn."""
    lines = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        now = ""
        for word in _words(line):
            if now.strip() and width(now + word.rstrip()) > columns:
                lines.append(now.rstrip())
                now = indent + word.lstrip()
            else:
                now += word
        lines.append(now.rstrip())
    return "\n".join(lines)


def _words(line: str) -> list[str]:
    """What a line may be broken between: words with the blank behind them, and single Chinese characters."""
    words = [""]
    for char in line:
        before = words[-1][-1:]
        begins = before == " " or width(char) == 2 or width(before) == 2
        if before and begins and char not in _NOT_FIRST and not (char == " " and words[-1].isspace()):
            words.append("")
        words[-1] += char
    return words


class Person:
    """Whoever sits at the terminal. An end of input counts as Ctrl-C."""

    alone = False

    def __init__(self, language: Language) -> None:
        self.language = language

    def tell(self, *, en: str, zh: str) -> None:
        print(wrapped(say(self.language, en=en, zh=zh)), flush=True)

    def given(self, key: str) -> Any:
        return None

    def ask(self, question: Question) -> str:
        prompt = say(self.language, en=question.en, zh=question.zh)
        shown = f" [{question.default}]" if question.default else ""
        while True:
            text = self._line(prompt + shown + say(self.language, en=": ", zh="："))
            try:
                return self._read(question, text)
            except Problem as problem:
                self._no(problem.sentence(self.language))

    def _read(self, question: Question, text: str) -> str:
        if "\ufffd" in text:
            raise NotUtf8
        if not text:
            if question.default is None:
                raise NotUnderstood(why_en="an answer is needed", why_zh="此项必填")
            return question.check(question.default)
        plain = to_ascii(text).strip() if question.ascii else text
        if plain != text:
            self.tell(en=f"  (full-width characters, read as {plain})", zh=f"  （有全角字符，读作 {plain}）")
        return question.check(plain)

    def agrees(self, keys: Keys, *, en: str, zh: str, default: bool) -> bool:
        marks = "[Y/n]" if default else "[y/N]"
        while True:
            prompt = say(self.language, en=f"{en} {marks} ", zh=f"{zh} {marks} ")
            text = to_ascii(self._line(prompt)).strip().lower()
            if text in ("", *YES, *NO):
                return default if not text else text in YES
            self._no(say(self.language, en="y (yes) or n (no), please", zh="请输入 y（是）或 n（否）"))

    def secret(self, keys: Keys, *, en: str, zh: str) -> str:
        while True:
            try:
                text = getpass.getpass(say(self.language, en=f"{en}: ", zh=f"{zh}："))
            except EOFError:
                raise KeyboardInterrupt from None
            except UnicodeDecodeError:
                self._no(NotUtf8().sentence(self.language))
                continue
            if to_ascii(text) == text:
                return text
            kept = self.agrees((), en="  It has full-width characters. Read them as plain ones?",
                               zh="  密码中有全角字符，是否按半角理解？", default=True)  # fmt: skip
            return to_ascii(text) if kept else text

    def _line(self, prompt: str) -> str:
        shown = wrapped(prompt) + (" " if prompt.endswith(" ") else "")
        if width(shown.rpartition("\n")[2]) > COLUMNS - ROOM_FOR_ANSWER:
            shown += "\n  > "
        print(shown, end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt
        return line.strip()

    def _no(self, text: str) -> None:
        print(wrapped(f"  ✗ {text}"), flush=True)


class FromFile:
    """A file of answers. What it does not say has the default; what has none, or is wrong, is a `BadAnswer`."""

    alone = True

    def __init__(self, answers: Answers, file: str, language: Language) -> None:
        self._answers, self._file, self.language = answers, file, language

    def tell(self, *, en: str, zh: str) -> None:
        print(wrapped(say(self.language, en=en, zh=zh)), flush=True)

    def given(self, key: str) -> Any:
        return getattr(self._answers, key)

    def ask(self, question: Question) -> str:
        key, found = self._found(question.keys)
        text = question.default if found is None else str(found)
        try:
            if text is None:
                raise NotUnderstood(why_en="an answer is needed", why_zh="此项必填")
            return question.check(text)
        except Problem as problem:
            self._bad(key, problem)

    def agrees(self, keys: Keys, *, en: str, zh: str, default: bool) -> bool:
        found = self._found(keys)[1]
        return default if found is None else bool(found)

    def secret(self, keys: Keys, *, en: str, zh: str) -> str:
        return str(self._found(keys)[1] or "")

    def _found(self, keys: Keys) -> tuple[str, Any]:
        """The first key that has an answer, else the first."""
        values = [(".".join(path), value_at(self._answers, path)) for path in keys]
        return next((pair for pair in values if pair[1] is not None), (values or [("", None)])[0])

    def _bad(self, key: str, problem: Problem) -> NoReturn:
        raise BadAnswer(file=self._file, key=key, **why(problem)) from problem


def numbers(text: str, count: int) -> list[int]:
    """Places, from 0, that `1,3-5`, `all` or `none` name among `count`. Raises `NotUnderstood`."""
    plain = text.strip().lower()
    if plain in ("all", "全部", "全"):
        return list(range(count))
    if plain in ("none", "无", ""):
        return []
    try:
        return sorted({place for part in plain.replace(" ", ",").split(",") if part for place in _span(part, count)})
    except ValueError as error:
        raise NotUnderstood(
            why_en=f"“{text[:40]}”: write numbers from 1 to {count} as 1,3-5, or all, or none",
            why_zh=f"“{text[:40]}”：请写 1 至 {count} 的序号，如 1,3-5，或 all（全部）、none（无）",
        ) from error


def _span(part: str, count: int) -> Sequence[int]:
    first, dash, last = part.partition("-")
    begin = int(first)
    end = int(last) if dash else begin
    if not 1 <= begin <= end <= count:
        raise ValueError(part)
    return range(begin - 1, end)
