"""What is said of single cameras of a list: by number where a person answers, by address or id in a file of answers."""

from __future__ import annotations

from typing import Any

from edgeagent.cli.newdevices import Named
from edgeagent.cli.setup.talk import Question, Talk, numbers


def answer_of(answers: Any, one: Named, name: str) -> Any:
    """What the file of answers says of a camera, by its address or its id."""
    found = next((answers[key] for key in (one.found.address, one.id) if key in answers), None)
    return getattr(found, name, None)


def pick(talk: Talk, count: int, zh: str, en: str, default: str = "none") -> list[int]:
    """Places from 0 that a person names by number."""

    def check(text: str) -> str:
        numbers(text, count)
        return text

    return numbers(talk.ask(Question((), zh, en, check, default)), count)
