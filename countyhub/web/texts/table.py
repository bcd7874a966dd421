"""Every text of the console in Chinese and English, in one table. Chinese words are the ones the counties use.

They stand in the modules beside this one whose names end in `texts`; those of the menu in `web.access`.
"""

from __future__ import annotations

import importlib
import pkgutil

from countyhub.web import texts
from countyhub.web.access import MENU
from gridwire.kinds import PICTURE_FAULTS
from gridwire.problem import Both, Language


def written() -> dict[str, Both]:
    """The tables of the modules here whose names end in `texts`."""
    names = [each.name for each in pkgutil.iter_modules(texts.__path__) if each.name.endswith("texts")]
    modules = [importlib.import_module(f"{texts.__name__}.{name}") for name in names]
    return {key: said for module in modules for key, said in module.TEXTS.items()}


TEXTS: dict[str, Both] = {
    **written(),
    **{f"nav.{entry.name}": Both(entry.zh, entry.en) for entry in MENU},
    **{f"fault.{name}": said for name, said in PICTURE_FAULTS.items()},
}
"""Key -> both texts. A test holds that both use the same placeholders."""


def text(key: str, language: Language, **facts: object) -> str:
    """The text of `key`; raises `KeyError` for a key that is not in the table (a programmer's mistake)."""
    return TEXTS[key].text(language).format_map(facts)


def word(prefix: str, value: str, language: Language) -> str:
    """The text of `prefix.value`, or the value itself: devices may send words that the table does not know."""
    return text(f"{prefix}.{value}", language) if f"{prefix}.{value}" in TEXTS else value


def both(key: str, zh: str = "", en: str = "") -> str:
    """For answers that are no page: in both languages, for nobody has chosen one there."""
    said = TEXTS[key]
    return f"{said.zh.format(roles=zh)}\n{said.en.format(roles=en)}\n"
