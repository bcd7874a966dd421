"""Commands that ask the running agent about one device: what it refuses, and how such a command ends."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable

from edgeagent.configfile import BadConfig
from gridwire.problem import Language, Problem


class Refused(Problem):
    """What the agent or the driver answered, with the code that it gave."""

    def text(self, language: Language) -> str:
        return self.sentence(language)

    def sentence(self, language: Language) -> str:
        return str(self.facts[language])


def ending(work: Callable[[], int], language: Language, *, interrupted: int = 0) -> int:
    """The exit code of this work: its own, 1 for a problem, that of a wrong configuration; `interrupted` by Ctrl-C."""
    try:
        return work()
    except BadConfig as bad:
        print(bad.text(language), file=sys.stderr)
        return bad.exit_code
    except Problem as problem:
        print(problem.text(language), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return interrupted


def hints(name: str, known: Iterable[str], *, between_en: str, between_zh: str) -> dict[str, str]:
    """`hint_en` and `hint_zh`: the known name that was perhaps meant; empty when none is close."""
    close = difflib.get_close_matches(name, list(known), n=1) if name else []
    return {
        "hint_en": f"{between_en} did you mean “{close[0]}”?" if close else "",
        "hint_zh": f"{between_zh}是不是“{close[0]}”？" if close else "",
    }
