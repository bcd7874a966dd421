"""HKDF by the vectors of RFC 5869, and the keys of county and villages."""

import re
import stat

import pytest

from countyhub.gridworkers import villagekey
from countyhub.gridworkers.villagekey import Key, hkdf, load_county_key, make_county_key, village_key
from drivers.terminal.idnumber import load_village_key
from gridwire.identifiers import BadBoxId

# RFC 5869, appendix A.1 to A.3: SHA-256; secret, salt, info, length, output.
VECTORS = [
    (
        "0b" * 22, "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    (
        bytes(range(0x50)).hex(), bytes(range(0x60, 0xB0)).hex(), bytes(range(0xB0, 0x100)).hex(), 82,
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    ),
    (
        "0b" * 22, "", "", 42,
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
]  # fmt: skip
COUNTY = Key("c1", bytes(range(32)))


@pytest.mark.parametrize(("secret", "salt", "info", "length", "output"), VECTORS)
def test_hkdf_as_the_standard_says(secret, salt, info, length, output):
    assert hkdf(bytes.fromhex(secret), bytes.fromhex(salt), bytes.fromhex(info), length).hex() == output


@pytest.mark.parametrize("length", [0, -1, 255 * 32 + 1])
def test_hkdf_gives_no_more_than_it_can(length):
    with pytest.raises(ValueError, match="8160"):
        hkdf(b"x", b"", b"", length)


def test_a_village_s_key_never_changes():
    """A released derivation: another one would make strangers of all who are registered."""
    key = village_key(COUNTY, "431126001002")
    assert key.id == "c1-431126001002"
    assert key.secret.hex() == "94bca5d1f3ab6b8332ab2267865f3764ffe3e1bca0789a308bb4657bb9ac110b"
    assert village_key(COUNTY, "431126001002-2") == key  # the second box of the village
    assert village_key(COUNTY, "431126001003").secret != key.secret
    assert village_key(Key("c2", COUNTY.secret), "431126001002").secret != key.secret
    assert len(key.secret) == 32


def test_only_a_box_has_a_village():
    with pytest.raises(BadBoxId):
        village_key(COUNTY, "43112600100")


def test_the_terminal_takes_the_line_and_makes_the_same_hash(tmp_path):
    key = village_key(COUNTY, "431126001002")
    villagekey.write_secret(tmp_path / "village.key", key.line)
    taken = load_village_key(tmp_path / "village.key")
    hashed = taken.hash_number("11010519491231002X")
    assert (hashed.key_id, hashed.digest) == (key.id, key.hash_number("11010519491231002X"))


def test_a_county_key_is_made_once_and_shown_to_nobody(tmp_path):
    path = tmp_path / "county.key"
    key = make_county_key(path)
    assert load_county_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert re.fullmatch(r"c1:[0-9a-f]{64}\n", path.read_text())
    before = path.read_bytes()
    with pytest.raises(villagekey.FileExists):
        make_county_key(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["county.key"]
    assert key.secret.hex() not in repr(key) + repr(village_key(key, "431126001002"))


@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        (None, 0o600, villagekey.CountyKeyAbsent),
        ("c1:" + "a" * 64, 0o640, villagekey.CountyKeyExposed),
        ("c1:" + "a" * 63, 0o600, villagekey.CountyKeyMalformed),
        ("v1:" + "a" * 64, 0o600, villagekey.CountyKeyMalformed),
        ("\udcff", 0o600, villagekey.CountyKeyMalformed),
    ],
)
def test_a_county_key_that_cannot_be_used(tmp_path, text, mode, problem):
    path = tmp_path / "county.key"
    if text is not None:
        path.write_text(text, errors="surrogateescape")
        path.chmod(mode)
    with pytest.raises(problem) as raised:
        load_county_key(path)
    assert "a" * 60 not in raised.value.text("en") + raised.value.text("zh")
