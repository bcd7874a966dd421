"""Both languages say the same things: the same keys with the same placeholders, and every key that is used exists."""

import re
from pathlib import Path
from string import Formatter

import pytest

import countyhub.web
from countyhub.overview.arrivals import LISTED
from countyhub.overview.boxviews import LINKS
from countyhub.web.texts import details
from countyhub.web.texts.table import TEXTS, text, word
from drivers.devicehttp import request
from gridwire.events import LANES

WEB = Path(countyhub.web.__file__).parent


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_have_the_text_with_the_same_placeholders(key):
    zh, en = TEXTS[key]
    assert zh
    assert en
    assert placeholders(zh) == placeholders(en)


def test_every_key_that_a_template_or_module_names_exists():
    sources = [*WEB.glob("templates/*.html"), *WEB.rglob("*.py")]
    used = {
        key
        for path in sources
        for key in re.findall(r'\b(?:c\.t|text)\(\s*"([a-z_.0-9]+)"[,)]', path.read_text("utf-8"))
    }
    assert len(used) > 40
    assert used <= set(TEXTS)


def test_no_text_is_there_for_nothing():
    """A text is used by its key, or by the family that a word belongs to (`c.word("link", …)`, `"nav." ~ here`)."""
    written = {*WEB.glob("texts/*texts.py"), WEB / "texts/table.py"}
    sources = {*WEB.rglob("*.html"), *WEB.rglob("*.py")} - written
    source = "\n".join(path.read_text("utf-8") for path in sources)
    said = set(re.findall(r'"([a-z_][a-z_.0-9-]*)"', source))
    families = re.findall(r'"([a-z_.]+)\." ~|word\(\s*"([a-z_.]+)"|f"([a-z_.]+)\.\{', source)
    prefixes = tuple(f"{name.rstrip('.')}." for found in families for name in found if name)
    assert [key for key in TEXTS if key not in said and not key.startswith(prefixes)] == []


def test_what_a_box_wrote_is_told_in_the_readers_language():
    facts = {"host": "10.0.0.7", "port": 80, "timeout_s": 5.0, "why": "No route"}
    for problem in (request.Refused, request.Unreachable, request.TimedOut, request.HungUp):
        told = problem(**{name: facts[name] for name in placeholders(problem.zh)})
        for language in ("zh", "en"):
            for written in (told.text("zh"), told.text("en")):
                assert details.spoken(written, language).split("：")[0] == told.text(language).split("：")[0]
    for unknown in ("", "device.refused: 别的", "onvif.x: 认证失败", "串口无数据"):
        assert details.spoken(unknown, "en") == unknown


def test_closed_sets_of_words_are_complete():
    words = {
        "link": LINKS,
        "type": LISTED.values(),
        "lane": LANES,
        "severity": ("info", "notice", "warning", "critical"),
        "state": ("start", "end"),
        "device": ("starting", "up", "degraded", "down", "unknown"),
        "method": ("card", "id", "qr"),
        "mode": ("direct", "proxy", "authorised", "report"),
    }
    assert not [
        f"{prefix}.{value}" for prefix, values in words.items() for value in values if f"{prefix}.{value}" not in TEXTS
    ]


def test_a_word_that_only_the_device_knows_is_shown_as_it_came():
    assert word("reason", "refused", "zh") == "连接被拒绝"
    assert word("reason", "flux-capacitor", "zh") == "flux-capacitor"
    assert text("boxes.title", "en") == "Boxes"
