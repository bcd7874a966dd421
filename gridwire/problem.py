"""Named, expected errors with a stable code and a text in Chinese and English.

A problem is declared once, as a subclass with `code`, `en` and `zh`; reference pages are made from the declarations.
The templates name the facts in braces; the facts are given as keywords when the problem is raised.
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

from gridwire.systemwords import system_words

Language = Literal["zh", "en"]


class Both(NamedTuple):
    """One text in two languages: Chinese first, as in all tables of words."""

    zh: str
    en: str

    def text(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


class Problem(Exception):
    """An expected error. `code` never changes once released; `facts` fill the templates `en` and `zh`.

    A fact may be a `Both`, or what the operating system says: each stands there in the reader's language.
    """

    code: ClassVar[str] = ""
    en: ClassVar[str] = ""
    zh: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.text("en"))

    def text(self, language: Language) -> str:
        """The sentence for a person, with the code in front, e.g. `wire.not-json: …`."""
        return f"{self.code}: {self.sentence(language)}"

    def sentence(self, language: Language) -> str:
        """The same without the code."""
        template = self.zh if language == "zh" else self.en
        facts = {
            name: fact.text(language) if isinstance(fact, Both) else system_words(fact, language)
            for name, fact in self.facts.items()
        }
        return template.format_map(facts)


def declared(base: type[Problem] = Problem) -> list[type[Problem]]:
    """All problems declared so far (of the modules imported so far), sorted by code."""
    found: dict[str, type[Problem]] = {}
    queue = [base]
    while queue:
        cls = queue.pop()
        queue += cls.__subclasses__()
        if cls.code:
            found[cls.code] = cls
    return [found[code] for code in sorted(found)]
