"""Several files, encodings, secrets, certificates, warnings, what is shown and hashed."""

import os
from pathlib import Path

import pytest

from drivers.terminal.config import Config as Terminal
from drivers.terminal.idnumber import KeyFileExposed, load_village_key
from edgeagent.config import Config, HubSettings
from edgeagent.configfile import BadConfig, DriverBroken, NoSuchDriver, load, redacted
from edgeagent.driver import DeviceConfig, Secret

GOOD = 'box = "430121001001"\n[hub]\nhost = "127.0.0.1"\nport = 1883\n'
CAMERA = '[device.cam-1]\ndriver = "camera"\nhost = "192.0.2.1"\n'


class Camera(DeviceConfig, frozen=True, kw_only=True):
    host: str
    password: Secret = ""
    more: dict[str, Secret] = {}  # noqa: RUF012
    other: Secret | None = None


def resolve(name: str) -> type[DeviceConfig]:
    if name == "camera":
        return Camera
    if name == "terminal":
        return Terminal
    if name == "broken":
        raise DriverBroken(name, "ImportError: no module named cv2")
    raise NoSuchDriver(name, ["camera"])


@pytest.fixture
def box(tmp_path):
    """Writes files below a folder and loads them; `environ` stands for the environment."""

    def _load(text: str | bytes = GOOD, environ: dict[str, str] | None = None, **more: str):
        file = tmp_path / "edgeagent.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        for name, inner in more.items():
            (tmp_path / "conf.d").mkdir(exist_ok=True)
            (tmp_path / "conf.d" / f"{name}.toml").write_text(inner, encoding="utf-8")
        return load(file, resolve, environ or {})

    return _load


def codes(caught) -> list[str]:
    return [mistake.code for mistake in caught.value.mistakes]


def test_tables_of_several_files_are_merged_in_the_order_of_their_names(box):
    loaded = box(
        GOOD + '[[rule]]\nkinds = ["motion"]\n',
        b="[hub]\nkeepalive_s = 60\n[[rule]]\nkinds = ['sound']\n",
        a=CAMERA + "[[rule]]\nkinds = ['door']\n",
    )
    assert [rule.kinds for rule in loaded.config.rule] == [("motion",), ("door",), ("sound",)]
    assert loaded.config.hub.keepalive_s == 60
    assert loaded.config.device["cam-1"].options == Camera(host="192.0.2.1")
    assert [file.name for file in loaded.files] == ["edgeagent.toml", "a.toml", "b.toml"]


def test_the_same_setting_in_two_files_names_both_places(box, tmp_path):
    with pytest.raises(BadConfig) as caught:
        box(GOOD + CAMERA, a="[hub]\n\nport = 8883\n", b='[device.cam-1]\nname = "x"\n')
    first = tmp_path / "edgeagent.toml"
    assert [mistake.text("en") for mistake in caught.value.mistakes] == [
        f"{tmp_path}/conf.d/a.toml:3: hub.port: is set twice: first at {first}:4; keep one [config.duplicate-key]",
        f"{tmp_path}/conf.d/b.toml:1: device.cam-1: is set twice: first at {first}:5; keep one [config.duplicate-key]",
    ]


def test_a_mistake_in_a_joined_rule_stands_in_its_own_file(box, tmp_path):
    with pytest.raises(BadConfig) as caught:
        box(GOOD + "[[rule]]\nkinds = []\n", a='\n[[rule]]\nseverity = "no"\n')
    (mistake,) = caught.value.mistakes
    assert (mistake.place, mistake.key) == ((f"{tmp_path}/conf.d/a.toml", 3), "rule[2].severity")


def test_no_file(tmp_path):
    with pytest.raises(BadConfig) as caught:
        load(tmp_path / "no.toml", resolve)
    assert codes(caught) == ["config.no-file"]


def test_a_folder_instead_of_a_file(tmp_path):
    (tmp_path / "edgeagent.toml").mkdir()
    with pytest.raises(BadConfig) as caught:
        load(tmp_path / "edgeagent.toml", resolve)
    assert codes(caught) == ["config.unreadable"]


def test_byte_order_mark_and_line_ends_of_windows(box):
    assert box(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).config.box == "430121001001"


def test_other_names_in_conf_d_are_told_and_hidden_ones_are_not(box, tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "cameras.toml.txt").write_text(CAMERA)
    (tmp_path / "conf.d" / ".a.toml.swp").write_text("?")
    (tmp_path / "conf.d" / ".a.toml").write_text("?")
    loaded = box()
    assert [(w.code, w.place.path.name) for w in loaded.warnings if w.code == "config.not-read"] == [
        ("config.not-read", "cameras.toml.txt")
    ]


def test_secrets_from_file_and_environment_become_values(box, tmp_path):
    secret = tmp_path / "pw"
    secret.write_text("s3cret \n")
    secret.chmod(0o600)
    text = GOOD + f'password = "file:{secret}"\n' + CAMERA + 'password = "env:PW"\nother = "file:pw"\n'
    loaded = box(text, {"PW": "from env"})
    assert loaded.config.hub.password == "s3cret "
    assert loaded.config.device["cam-1"].options.password == "from env"
    assert loaded.config.device["cam-1"].options.other == "s3cret "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_secret_that_others_can_touch_is_refused(box, tmp_path, mode):
    secret = tmp_path / "pw"
    secret.write_text("canary")
    secret.chmod(mode)
    with pytest.raises(BadConfig) as caught:
        box(GOOD + 'password = "file:pw"\n')
    assert codes(caught) == ["config.secret-open"]
    assert f"chmod 600 {secret}" in caught.value.text("en")
    assert "canary" not in caught.value.text("en")


@pytest.mark.parametrize(
    ("content", "name"),
    [(None, "pw"), (b"", "pw"), (b"\n", "pw"), (b"\xff\xfe", "pw"), (b"x", "."), (b"x", "p\\u0000")],
)
def test_a_secret_that_cannot_be_used_is_named(box, tmp_path, content, name):
    if content is not None:
        (tmp_path / "pw").write_bytes(content)
        (tmp_path / "pw").chmod(0o600)
    with pytest.raises(BadConfig) as caught:
        box(GOOD + f'password = "file:{name}"\n')
    assert codes(caught) in (["config.secret-missing"], ["config.out-of-range"])


def test_credentials_of_systemd_stand_in_for_the_folder_secrets(box, tmp_path):
    handed = tmp_path / "credentials"
    handed.mkdir()
    (handed / "sec_hub").write_text("handed over\n")
    (handed / "sec_hub").chmod(0o440)  # systemd guards the folder
    loaded = box(GOOD + 'password = "file:secrets/hub"\n', {"CREDENTIALS_DIRECTORY": str(handed)})
    assert loaded.config.hub.password == "handed over"


def test_plain_secret_in_a_file_that_others_read_is_a_warning(box, tmp_path):
    loaded = box(GOOD + CAMERA, cam='[device.cam-2]\ndriver = "camera"\nhost = "a"\npassword = "plain"\n')
    assert [(w.place.path.name, w.place.line) for w in loaded.warnings if w.code == "config.plain-secret"] == [
        ("cam.toml", 4)
    ]
    (tmp_path / "conf.d" / "cam.toml").chmod(0o600)
    assert not [w for w in load(tmp_path / "edgeagent.toml", resolve).warnings if w.code == "config.plain-secret"]


def test_certificate_files(box, tmp_path):
    tls = GOOD.replace("1883", "8883") + '[hub.tls]\nca = "ca.pem"\ncert = "box.pem"\n'
    with pytest.raises(BadConfig) as caught:
        box(tls)
    assert codes(caught) == ["config.tls-pair", "config.tls-file", "config.tls-file"]
    for name in ("ca.pem", "box.pem", "box.key"):
        (tmp_path / name).write_text("pem")
    with pytest.raises(BadConfig) as caught:
        box(tls + 'key = "box.key"\n')
    assert codes(caught) == ["config.secret-open"]
    (tmp_path / "box.key").chmod(0o600)
    found = box(tls + 'key = "box.key"\n').config.hub.tls
    assert (found.ca, found.key) == (str(tmp_path / "ca.pem"), str(tmp_path / "box.key"))


def test_warnings(box):
    text = GOOD.replace("127.0.0.1", "hub.example").replace("1883", "8883")
    text += '[[rule]]\nkinds = ["moton"]\n[device.a]\ndriver = "broken"\nx = 1\ngrid = "430121001002001"\n'
    loaded = box(text)
    assert [(w.code, w.place.line) for w in loaded.warnings] == [
        ("config.open-link", 3),
        ("config.port-and-tls", 4),
        ("config.unknown-kind", 6),
        ("config.broken-driver", 8),
        ("config.grid-elsewhere", 10),
    ]
    assert "did you mean “motion”?" in loaded.warnings[2].text("en")
    assert loaded.config.device["a"].options is None


def test_redacted_shows_everything_but_secrets(box):
    text = GOOD + 'password = "canary-1"\n' + CAMERA
    text += 'password = "canary-2"\nother = "canary-3"\nmore = {a = "canary-4"}\n'
    loaded = box(text)
    shown = loaded.redacted()
    assert shown["hub"] | {"password": "***", "host": "127.0.0.1"} == shown["hub"]
    assert shown["device"]["cam-1"]["options"] == {
        "host": "192.0.2.1",
        "password": "***",
        "more": {"a": "***"},
        "other": "***",
    }
    assert "canary" not in str(shown) + repr(loaded.config.hub)
    assert redacted(HubSettings(host="x"))["password"] == ""


def test_hash_follows_the_settings_and_not_the_secrets_or_the_files(box):
    first = box(GOOD + 'password = "one"\n' + CAMERA).hash
    assert box(GOOD + 'password = "two"\n' + CAMERA).hash == first
    assert box("# comment\n" + GOOD + 'keepalive_s = 240\npassword = "one"\n' + CAMERA).hash == first
    assert box(GOOD + 'password = "one"\nkeepalive_s = 241\n' + CAMERA).hash != first
    assert len(first) == 64


def test_every_setting_has_a_meaning_in_both_languages():
    from msgspec import inspect

    from gridwire.settings.expected import description, unwrap

    def check(kind: inspect.StructType) -> None:
        for field in kind.fields:
            if field.name == "options":
                continue
            meaning = description(field.type)
            assert meaning.en and meaning.zh != meaning.en, (kind.cls.__name__, field.name)  # noqa: PT018
            bare = unwrap(field.type)[0]
            for inner in (bare, *getattr(bare, "types", ()), getattr(bare, "item_type", bare)):
                if isinstance(unwrap(inner)[0], inspect.StructType):
                    check(unwrap(inner)[0])

    check(inspect.type_info(Config))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_secret_of_somebody_else(box):
    with pytest.raises(BadConfig) as caught:
        box(GOOD + f'password = "file:{Path("/etc/shadow")}"\n')
    assert codes(caught)[0].startswith("config.secret")


def test_a_file_that_a_driver_reads_is_found_as_well(box, tmp_path, monkeypatch):
    """The village key in `secrets/`, which only root may enter: the driver reads what systemd hands over."""
    (handed := tmp_path / "credentials").mkdir()
    (handed / "sec_village.key").write_text(f"v1:{'0f' * 32}\n")
    (handed / "sec_village.key").chmod(0o440)
    desk = '[device.desk]\ndriver = "terminal"\nkey_file = "secrets/village.key"\nroster_file = "roster.csv"\n'
    part = '[[device.desk.part]]\nrole = "reader"\nprotocol = "line"\nport = "/dev/ttyUSB0"\n'
    environ = {"CREDENTIALS_DIRECTORY": str(handed)}
    options = box(GOOD + desk + part, environ).config.device["desk"].options
    assert options.roster_file == str(tmp_path / "roster.csv")
    with pytest.raises(KeyFileExposed):
        load_village_key(Path(options.key_file))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(handed))
    assert load_village_key(Path(options.key_file)).key_id == "v1"
    by_hand = box(GOOD + desk + part).config.device["desk"].options
    assert by_hand.key_file == str(tmp_path / "secrets" / "village.key")
