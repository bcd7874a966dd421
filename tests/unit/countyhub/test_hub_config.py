"""The hub's configuration: the sample is in order, and all mistakes are told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from countyhub import configfile
from countyhub.cli import EXIT_CONFIG, main
from countyhub.config import Config
from countyhub.store import upgrade


def written(folder: Path, text: str) -> Path:
    path = folder / "countyhub.toml"
    path.write_text(text)
    return path


def test_the_sample_is_the_default(tmp_path: Path) -> None:
    assert configfile.load(written(tmp_path, configfile.sample())) == Config(county="431126")


def test_every_setting_of_the_sample_is_in_order_when_uncommented(tmp_path: Path) -> None:
    lines = [
        line.removeprefix("# ") if " = " in line or "[" in line else line for line in configfile.sample().splitlines()
    ]
    text = "\n".join(lines).replace('ca = ""', 'ca = "ca.pem"')
    assert configfile.load(written(tmp_path, text)).broker.tls is not None


def test_all_mistakes_are_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, 'languge = "zh"\n[broker]\nport = 0\nhots = "x"\n[web]\nport = "no"\nnames = [1]\n')
    assert main(["check", "--config", str(path), "--language", "en"]) == EXIT_CONFIG
    told = capsys.readouterr().err
    for part in (
        "6 mistake(s)",
        "county: ",
        "did you mean “language”",
        "broker.port",
        "broker.hots",
        "web.port",
        "web.names",
    ):
        assert part in told


@pytest.mark.parametrize("text", ["no toml", "\udcff", ""])
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "countyhub.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises((configfile.ConfigUnreadable, configfile.ConfigMistakes)):
        configfile.load(path)


def test_secrets_may_stand_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SECRET", "from the environment")
    assert configfile.secret("env:HUB_SECRET") == "from the environment"
    kept = written(tmp_path, "from a file\n")
    kept.chmod(0o600)
    assert configfile.secret(f"file:{kept}") == "from a file"
    assert configfile.secret("as:it stands") == "as:it stands"
    for where in ("env:NOT_SET_AT_ALL", f"file:{tmp_path}/none"):
        with pytest.raises(configfile.SecretUnreadable):
            configfile.secret(where)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_secret_that_others_can_touch_is_refused(tmp_path: Path, mode: int) -> None:
    kept = written(tmp_path, "canary\n")
    kept.chmod(mode)
    with pytest.raises(configfile.SecretOpen) as caught:
        configfile.secret(f"file:{kept}")
    assert f"chmod 600 {kept}" in caught.value.text("en")
    assert "canary" not in caught.value.text("en") + caught.value.text("zh")


def test_a_hub_does_not_start_with_a_secret_that_others_can_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "password"
    kept.write_text("canary\n", encoding="utf-8")
    kept.chmod(0o644)
    text = f'county = "431126"\ndata_dir = "{tmp_path}/data"\n[broker]\nhost = "127.0.0.1"\npassword = "file:{kept}"\n'
    path = written(tmp_path, text)
    assert main(["run", "--config", str(path), "--language", "en"]) == 78
    told = capsys.readouterr()
    assert "chmod 600" in told.out + told.err
    assert "canary" not in told.out + told.err


def test_check_looks_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, f'county = "431126"\ndata_dir = "{tmp_path}/data"\n')
    look = ["check", "--only", "database", "--config", str(path), "--language", "en"]
    assert main(look) == 0
    assert "new, will be created" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [path]
    assert main(["migrate", "--config", str(path), "--language", "en"]) == 0
    assert main(look) == 0
    assert f"format {upgrade.revisions()[0]}" in capsys.readouterr().out


def test_secrets_that_systemd_hands_over_are_read_there(tmp_path, monkeypatch):
    """The service's user cannot read /etc/countyhub/secrets."""
    (tmp_path / "sec_broker").write_text("handed over\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert configfile.secret("file:/etc/countyhub/secrets/broker") == "handed over"
    assert configfile.own_file("/etc/countyhub/secrets/broker") == str(tmp_path / "sec_broker")
    assert configfile.own_file("/etc/countyhub/secrets/other") == "/etc/countyhub/secrets/other"
    assert configfile.own_file("/etc/countyhub/broker") == "/etc/countyhub/broker"
    assert configfile.own_file("") == ""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert configfile.own_file("/etc/countyhub/secrets/broker") == "/etc/countyhub/secrets/broker"


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        (
            "county ＝ “431126”",
            "type = instead",
            "countyhub.toml:1: 第 8 列：中文输入法的全角等号 ＝，请改用英文半角的 =",
        ),
        ('county = "431126"\n[web]\n[web]', "toml:3: web: is set twice: first at", "toml:3: web: 重复设置：第一次在"),
        ("county = 431126", "toml:1: county: is the whole number 431126", "toml:1: county: 现在是整数 431126"),
        (
            'county = "431126"\n[web]\nport = 0.5',
            "toml:3: web.port: is the number 0.5, expected a whole number",
            "toml:3: web.port: 现在是数字 0.5，应为",
        ),
        (
            'county = "431126"\nnmae = ""',
            "toml:2: nmae: there is no such setting, did you mean “name”?",
            "toml:2: nmae: 没有这个设置项，是不是“name”？",
        ),
        ("", "countyhub.toml: county: is missing", "countyhub.toml: county: 缺少这一项"),
    ],
)
def test_a_mistake_is_told_in_the_readers_language(tmp_path: Path, text: str, en: str, zh: str) -> None:
    with pytest.raises(configfile.ConfigMistakes) as found:
        configfile.load(written(tmp_path, text))
    assert en in found.value.text("en")
    assert zh in found.value.text("zh")


def test_a_secret_of_the_wrong_type_is_not_quoted(tmp_path: Path) -> None:
    text = 'county = "431126"\n[broker]\npassword = 271828\n[notify.wecom]\nrobots = { group = 271828 }\n'
    with pytest.raises(configfile.ConfigMistakes) as found:
        configfile.load(written(tmp_path, text))
    assert [(mistake.place.line, mistake.key) for mistake in found.value.mistakes] == [
        (3, "broker.password"),
        (5, "notify.wecom.robots.group"),
    ]
    assert "271828" not in found.value.text("en") + found.value.text("zh")


def test_without_a_file_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(configfile.ConfigAbsent) as found:
        configfile.load(tmp_path / "countyhub.toml")
    assert "countyhub sample >" in found.value.text("zh")
