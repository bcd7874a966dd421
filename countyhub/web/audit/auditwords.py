"""What the rows of the audit say to people: of whom, of what, and the details of it. Pure.

A row keeps codes, for its hash must stay; what has no words here is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from countyhub.accounts.reasons import REASONS
from countyhub.accounts.roles import RIGHTS, ROLES
from countyhub.audit.chain import Row
from countyhub.audit.kinds import KINDS
from countyhub.cases.actnames import ACTS
from countyhub.web.texts.table import TEXTS, text, word
from countyhub.web.texts.words import Words
from gridwire.problem import Both, Language

_DIGEST: Final = re.compile(r"[0-9a-f]{12}")


class AuditWords:
    """In one language, as the registry has the names now. `boxes`: what boxes are called."""

    def __init__(self, words: Words, boxes: Mapping[str, str]) -> None:
        self._words, self._boxes = words, boxes
        self._language: Language = words.language

    def kind(self, row: Row) -> str:
        return self._name(KINDS, row.kind)

    def who(self, row: Row) -> str:
        """E.g. county（李想）."""
        kind, _, name = row.who.partition("/")
        if not name:
            shown = word("audit.by", row.who, self._language)
        else:
            shown = name if kind == "user" else f"{word('audit.of', kind, self._language)} {name}"
        person = self._words.person(row.person) if row.person else ""
        return text("audit.somebody", self._language, name=shown, person=person) if person else shown

    def object(self, row: Row) -> str:
        """E.g. 案件 990126-20261120-0004, 图片 禄桥村."""
        kind, _, code = row.object.partition("/")
        if row.object == "settings":
            return text("audit.of.settings", self._language)
        if not kind or not code or f"audit.of.{kind}" not in TEXTS:
            return row.object
        box = code.partition("/")[0]
        shown = {"picture": self._boxes.get(box, box), "box": self._boxes.get(code, code)}.get(kind, code)
        shown = self._words.person(code) if kind == "person" else shown
        return f"{text(f'audit.of.{kind}', self._language)} {shown}"

    def detail(self, row: Row) -> str:
        told = msgspec.json.decode(row.detail, type=dict[str, str])
        if row.kind == "settings.changed":  # what else stands there are digests, for the next start to compare
            told = {name: value for name, value in told.items() if not _DIGEST.fullmatch(value)}
        comma, colon = text("audit.semicolon", self._language), text("colon", self._language)
        return comma.join(f"{self._label(name)}{colon}{self._value(name, value)}" for name, value in told.items())

    def _label(self, name: str) -> str:
        return word("audit.fact", name, self._language)

    def _value(self, name: str, value: str) -> str:
        several: dict[str, Callable[[str], str]] = {
            "roles": self._role,
            "before": self._role,
            "scopes": lambda each: self._name(RIGHTS, each),
        }
        if name in several:
            parts = (several[name](each) for each in value.split(", ") if each)
            return text("list.comma", self._language).join(parts)
        one: dict[str, Callable[[str], str]] = {
            "reason": lambda each: self._name(REASONS, each),
            "act": lambda each: self._name(ACTS, each),
            "kind": lambda each: self._name(KINDS, each),
            "person_code": lambda each: f"{each} {self._words.person(each)}" if each else each,
            "area": self._words.place,
        }
        return one[name](value) if name in one else word(f"audit.fact.{name}", value, self._language)

    def _role(self, code: str) -> str:
        """Of a role; a person's name and a place's stand beside it in the same list."""
        found = ROLES.get(code)
        if found is None:
            person = self._words.person(code)
            return person if person != code else self._words.place(code)
        return found.zh if self._language == "zh" else found.en

    def _name(self, names: Mapping[str, Both], code: str) -> str:
        found = names.get(code)
        if found is None:
            return code
        return found.zh if self._language == "zh" else found.en
