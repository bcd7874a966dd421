"""The CA's folder, the files for the broker, the stick: what is written where, who may read it, what is refused."""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
import stat
import subprocess
from base64 import b64decode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from countyhub.ca import brokerfiles, certificates, renewal
from countyhub.ca.authority import Authority, CaBroken, CaExists, NoCa
from countyhub.ca.certificates import Revoked
from countyhub.ca.files import KeyOpen
from countyhub.ca.identities import WrongIdentity
from countyhub.cli import boxadd
from countyhub.cli import main as countyhub_main
from countyhub.cli.brokerconfig import needed
from countyhub.config import EnrolSettings
from gridwire.enrolment import BadToken, make_token, read_token, shown
from tests.enrolments import County
from tests.hubs import HubProcess

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def county(tmp_path: Path) -> County:
    made = County(tmp_path / "hub", names=("hub.example.cn", "10.1.2.3"))
    made.init(NOW)
    return made


def test_keys_are_for_nobody_else(county):
    for path in (*renewal.ca_folder(county.config).glob("*.key"), county.folder / "broker" / "server.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(renewal.ca_folder(county.config).stat().st_mode) == 0o700


def test_a_key_that_others_can_read_is_not_used(county):
    key = renewal.ca_folder(county.config) / "1.key"
    key.chmod(0o640)
    with pytest.raises(KeyOpen):
        Authority.open(renewal.ca_folder(county.config))
    key.chmod(0o600)
    (county.folder / "broker" / "server.pem").chmod(0o644)
    with pytest.raises(KeyOpen):
        renewal.refresh(county.config, {}, NOW)


def test_a_ca_is_made_once(county):
    before = (renewal.ca_folder(county.config) / "1.key").read_bytes()
    with pytest.raises(CaExists):
        county.init(NOW)
    assert (renewal.ca_folder(county.config) / "1.key").read_bytes() == before


def test_without_one_and_with_half_of_one(county, tmp_path):
    with pytest.raises(NoCa):
        Authority.open(tmp_path / "nothing")
    folder = renewal.ca_folder(county.config)
    (folder / "1.crt").write_bytes(b"-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(CaBroken):
        Authority.open(folder)
    (folder / "1.crt").unlink()
    with pytest.raises(CaBroken):
        Authority.open(folder)
    (folder / "authority.json").write_bytes(b"{")
    with pytest.raises(CaBroken):
        Authority.open(folder)


def test_a_foreign_key_beside_the_certificate_is_noticed(county, tmp_path):
    other = County(tmp_path / "other")
    other.init(NOW)
    shutil.copy(renewal.ca_folder(other.config) / "1.key", renewal.ca_folder(county.config) / "1.key")
    with pytest.raises(CaBroken):
        Authority.open(renewal.ca_folder(county.config))


def test_nothing_is_made_twice(county):
    assert not renewal.refresh(county.config, {}, NOW + timedelta(days=1)).anything
    week = renewal.refresh(county.config, {}, NOW + timedelta(days=8))
    assert week == renewal.Round(ca=False, server=False, crl=True)


def test_damaged_files_are_made_anew(county):
    folder = county.folder / "broker"
    (folder / "crl.pem").write_bytes(b"rubbish")
    (folder / "server.pem").write_bytes(b"rubbish")
    (folder / "ca.pem").unlink()
    assert renewal.refresh(county.config, {}, NOW) == renewal.Round(ca=True, server=True, crl=True)
    assert not renewal.refresh(county.config, {}, NOW).anything


def test_another_name_of_the_hub_makes_another_certificate(county):
    import msgspec

    enrol = msgspec.structs.replace(county.config.enrol, names=("hub.example.cn", "10.1.2.3", "2001:db8::1"))
    assert renewal.refresh(msgspec.structs.replace(county.config, enrol=enrol), {}, NOW).server
    made = x509.load_pem_x509_certificate((county.folder / "broker" / "server.pem").read_bytes())
    assert certificates.names_of(made) == certificates.alternative_names(enrol.names)


def test_what_a_boxs_certificate_says(county):
    ca, key = county.authority.generations[0], certificates.new_key()
    made = certificates.box(
        ca.certificate, ca.key, key.public_key(), "431126", "431126001001-2", NOW, NOW + timedelta(days=365)
    )
    extensions = made.extensions
    assert certificates.common_name(made) == "431126001001-2"
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    assert uris == ["urn:gridwire:county:431126:box:431126001001-2"]
    assert made.not_valid_before_utc == NOW - timedelta(days=1)
    assert ca.certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0


def test_a_revocation_list_says_who_and_for_how_long(county):
    ca = county.authority.generations[0]
    lines = [Revoked(7, NOW), Revoked(5, NOW)]
    made = certificates.crl(ca.certificate, ca.key, lines, NOW, NOW + timedelta(days=365))
    assert sorted(line.serial_number for line in made) == [5, 7]
    assert made.is_signature_valid(ca.certificate.public_key())
    assert made.next_update_utc == NOW + timedelta(days=365)


def test_the_password_file_is_as_mosquitto_makes_it():
    """PBKDF2 with SHA-512 over 101 rounds, salt of 12 bytes; the same password makes the same line."""
    line = brokerfiles.passwords("secret").strip()
    user, _, rest = line.partition(":")
    _, kind, rounds, salt, digest = rest.split("$")
    assert (user, kind, rounds, len(b64decode(salt))) == ("countyhub", "7", "101", 12)
    assert b64decode(digest) == hashlib.pbkdf2_hmac("sha512", b"secret", b64decode(salt), 101)
    assert brokerfiles.passwords("secret").strip() == line
    assert brokerfiles.passwords("other").strip() != line


def test_an_included_configuration_says_nothing_that_debians_own_says_already(tmp_path):
    """mosquitto refuses a setting that stands twice."""
    text = brokerfiles.configuration(tmp_path, EnrolSettings(), store=None)
    for word in ("persistence_location", "persistence true", "log_dest", "pid_file", "include_dir"):
        assert word not in text
    assert "max_queued_messages 1000000" in text
    assert "use_username_as_clientid true" in text


@pytest.mark.skipif(not Path("/usr/sbin/mosquitto").exists(), reason="mosquitto is not installed")
def test_debians_own_configuration_takes_it(county, tmp_path):
    """Debian's mosquitto.conf with ours in its include_dir: read without complaint, which `-c` shows by listening."""
    from tests.mosquitto import Mosquitto

    include = tmp_path / "conf.d"
    include.mkdir()
    from countyhub.cli.brokerconfig import write

    write(county.config, tmp_path / "files", include=include, store=None, group="", listen="127.0.0.1")
    debian = f"persistence true\npersistence_location {tmp_path}/\nuser root\ninclude_dir {include}\n"

    class Debian(Mosquitto):
        def _configuration(self) -> str:
            return debian

    broker = Debian(tmp_path / "broker")
    broker.port = county.config.enrol.broker_port
    with broker:
        assert "Error" not in broker.log


@pytest.mark.parametrize(
    ("changed", "step"),
    [([], ""), (["crl.pem"], "reload"), (["server.crt", "server.key"], "reload"), (["acl"], "reload"),
     (["ca.pem", "crl.pem"], "restart"), (["countyhub.conf"], "restart")],
)  # fmt: skip
def test_what_mosquitto_must_be_told(changed, step):
    assert needed(changed) == step


# Tokens, lists, the stick


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))
def test_a_token_is_read_as_it_was_written(entropy, pin):
    token = make_token(entropy, pin)
    assert read_token(f" {token.text.upper()}\r\n") == token
    assert token.secret not in repr(token)
    assert len(token.text) == 83


@given(st.text(max_size=100))
def test_whatever_is_typed_is_a_token_or_a_named_mistake(text):
    with pytest.raises(BadToken):
        read_token(text)


def test_a_fingerprint_is_shown_in_groups():
    assert shown("0123456789abcdef" * 4).split(" ") == ["0123", "4567", "89ab", "cdef"] * 4


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_list_of_boxes_from_a_spreadsheet(tmp_path, encoding):
    path = tmp_path / "tour.csv"
    path.write_bytes("名称,盒子\r\n东山村,431126001001\t\r\n,431126001002-2\r\n,\r\n".encode(encoding))
    assert boxadd.read_list(path) == [("431126001001", "东山村"), ("431126001002-2", "")]


@pytest.mark.parametrize("content", [b"", b"x,y\n1,2\n", b"\xff\xff\xff", b"box\n"])
def test_a_list_that_is_none(tmp_path, content):
    path = tmp_path / "tour.csv"
    path.write_bytes(content)
    with pytest.raises(WrongIdentity):
        boxadd.read_list(path)


class Commands:
    """`countyhub …` within this process: quicker than one process each."""

    def __init__(self, config: Path) -> None:
        self.config = config

    def cli(self, *words: str) -> subprocess.CompletedProcess[str]:
        out, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            code = countyhub_main([*words, "--config", str(self.config), "--language", "en"])
        return subprocess.CompletedProcess(words, code, out.getvalue(), errors.getvalue())


def test_setting_up_and_a_tour_by_the_commands(tmp_path):
    """`ca init`, `box add --file --out`, `broker-config`: what a person sees."""
    hub = Commands(HubProcess(tmp_path / "hub", 1883, '[enrol]\nnames = ["hub.example.cn"]\n').config)
    assert "countyhub ca init" in hub.cli("box", "add", "431126001001").stderr
    assert hub.cli("ca", "init").returncode == 0
    assert hub.cli("migrate").returncode == 0
    tour = tmp_path / "tour.csv"
    tour.write_text("盒子,名称\n431126001001,东山村\n431126001002,西山村\n431126001003,南山村\n")
    stick = tmp_path / "stick"
    done = hub.cli("box", "add", "--file", str(tour), "--out", str(stick))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in stick.iterdir()) == [f"43112600100{n}.enrol" for n in (1, 2, 3)]
    assert 'hub = "hub.example.cn:8443"' in (stick / "431126001001.enrol").read_text()
    wrong = hub.cli("box", "add", "431126001001", "531126001001")
    assert (wrong.returncode, "identity.other-county" in wrong.stderr) == (2, True)
    out = tmp_path / "mosquitto"
    first = hub.cli("broker-config", "--out", str(out))
    assert (first.returncode, "mosquitto must restart" in first.stdout) == (0, True)
    assert "nothing has changed" in hub.cli("broker-config", "--out", str(out)).stdout
    assert stat.S_IMODE((out / "server.key").stat().st_mode) in (0o600, 0o640)
    shown_ = subprocess.run(["openssl", "verify", "-CAfile", str(out / "ca.pem"), "-crl_check", "-CRLfile",
                             str(out / "crl.pem"), "-purpose", "sslserver", str(out / "server.crt")],
                            check=False, capture_output=True, text=True)  # fmt: skip
    assert shown_.stdout.endswith("OK\n"), shown_.stderr
