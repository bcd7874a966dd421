"""What a browser says that it is, as people call it: Chrome（Windows）. Pure.

Browsers name each other in their texts for old reasons: the first that fits counts.
"""

from __future__ import annotations

import re
from typing import Final

from countyhub.web.texts.table import text
from gridwire.problem import Language

_BROWSERS: Final = (
    ("MicroMessenger", "微信"),
    ("WeChat", "微信"),
    ("QQBrowser", "QQ"),
    ("360SE", "360"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS: Final = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def named(agent: str, language: Language) -> str:
    """E.g. Firefox（Linux）; “another program” for what nobody knows."""
    browser = _first(_BROWSERS, agent)
    system = _first(_SYSTEMS, agent)
    if browser and system:
        return text("account.agent", language, browser=browser, system=system)
    return browser or system or text("account.agent.other", language)


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for sign, name in names if re.search(sign, agent)), "")
