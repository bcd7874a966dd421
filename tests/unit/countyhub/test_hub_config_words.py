"""Every setting and table of the hub says in Chinese and in English what it means, and so does its sample."""

import re
import tomllib
from typing import get_args, get_type_hints

import msgspec
import pytest

from countyhub import configfile
from countyhub.cli import main
from countyhub.config import Config, Settings, meaning
from gridwire.problem import Both
from gridwire.settings import about

CJK = "[\u4e00-\u9fff]"
LITERAL = re.compile(
    r"`[^`]*`|::1|(file|env):(?=[\u4e00-\u9fff])|(\.(?=[a-z])|[A-Za-z0-9{/_-])([\x21-\x7e]*[A-Za-z0-9_/}])?"
)
"""What stands in Chinese prose as it is typed: commands, values, addresses, names; `file:路径`."""


def settings(struct: type[Settings] = Config, path: str = "") -> dict[str, Both]:
    """Every setting and table below, by its full name, with what it says of itself."""
    found = {}
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        hint = hints[field.name]
        found[f"{path}{field.name}"] = meaning(hint)
        for part in (get_args(hint) or (hint,))[:1]:
            for inner in (part, *get_args(part)):
                if isinstance(inner, type) and issubclass(inner, Settings):
                    found |= settings(inner, f"{path}{field.name}.")
    return found


ALL = settings()


def test_the_walk_comes_to_every_table_and_no_texts_are_exchanged() -> None:
    assert {"county", "broker", "broker.tls.ca", "feeds.mqtt.broker.tls.ca", "notify.wecom.robots"} <= ALL.keys()
    with pytest.raises(ValueError, match="Chinese stands first"):
        about("the county", "县")


@pytest.mark.parametrize("name", ALL)
def test_a_setting_says_in_both_languages_what_it_means(name: str) -> None:
    zh, en = ALL[name]
    assert re.search("[a-z]", en), name
    assert not re.search(CJK, en), name
    assert re.search(CJK, zh), name


@pytest.mark.parametrize("name", ALL)
def test_chinese_prose_has_chinese_punctuation(name: str) -> None:
    zh = ALL[name].zh
    assert not re.search(r"[,;:?!()\"'.]", LITERAL.sub("", zh)), zh
    assert not zh.endswith(("。", "；", "，")), zh


@pytest.mark.parametrize(("language", "other"), [("zh", "name of the county, for people"), ("en", "县名，用于显示")])
def test_a_sample_is_in_one_language(language: str, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "--language", language]) == 0
    text = capsys.readouterr().out
    assert other not in text
    assert bool(re.search(CJK, text)) is (language == "zh")
    for name, both in ALL.items():
        assert f"# {both.text(language)}\n" in text, name


def test_both_samples_hold_the_same_settings(tmp_path) -> None:
    def uncommented(text: str) -> dict[str, object]:
        lines = [line.removeprefix("# ") if " = " in line or "[" in line else line for line in text.splitlines()]
        return tomllib.loads("\n".join(lines))

    assert uncommented(configfile.sample("zh")) == uncommented(configfile.sample("en"))


def test_a_mistake_quotes_what_the_setting_means(tmp_path) -> None:
    path = tmp_path / "countyhub.toml"
    path.write_text('county = "1"\n[broker.tls]\n')
    with pytest.raises(configfile.ConfigMistakes) as found:
        configfile.load(path)
    assert "应为6 位县级区划代码" in found.value.text("zh")
    assert "expected a county code of 6 digits" in found.value.text("en")
    assert "toml:2: broker.tls.ca: 缺少这一项（县级 CA 证书，PEM 文件）" in found.value.text("zh")
    assert "toml:2: broker.tls.ca: is missing (certificate of the county's CA, PEM file)" in found.value.text("en")
