"""Chooses the language of the output and the text in it."""

from __future__ import annotations

import os

from gridwire.problem import Language


def choose(asked: str | None) -> Language:
    """As asked; otherwise by the environment's locale, Chinese when that says nothing."""
    if asked is not None:
        return "en" if asked == "en" else "zh"
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "en" if locale.startswith("en") else "zh"


def say(language: Language, *, en: str, zh: str) -> str:
    return zh if language == "zh" else en
