"""Runs what a command does, and turns what it may meet with into a line for people and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, NamedTuple

from countyhub.cli.say import say
from countyhub.store.engine import UNAVAILABLE
from gridwire.problem import Language, Problem
from gridwire.systemwords import system_words

OK, FAILED, WRONG_USE = 0, 1, 2


class Trouble(NamedTuple):
    """What a command says before the words of a database that is away."""

    zh: str
    en: str


WRITES: Final = Trouble("数据库无法写入", "the database takes nothing")
READS: Final = Trouble("数据库无法读取", "the database cannot be read")


def attempt(
    language: Language,
    work: Callable[[], int],
    *,
    wrong_use: tuple[type[Problem], ...] = (),
    failed: tuple[type[Problem], ...] = (),
    database: Trouble = WRITES,
) -> int:
    """The exit code of `work`. `failed`: problems that are no mistake of the caller; they count before `wrong_use`. Any
    other problem passes through."""
    try:
        return work()
    except (*failed, *wrong_use) as problem:
        print(problem.text(language), file=sys.stderr)
        return FAILED if isinstance(problem, failed) else WRONG_USE
    except BrokenPipeError:
        raise  # `countyhub … | head`: whoever read has gone; that says nothing of the database
    except UNAVAILABLE as error:
        why = system_words(error, "en"), system_words(error, "zh")
        print(say(language, en=f"{database.en}: {why[0]}", zh=f"{database.zh}：{why[1]}"), file=sys.stderr)
        return FAILED
