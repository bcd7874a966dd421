"""Check digit, mask, keyed hash, and the village key file."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.terminal import idnumber
from drivers.terminal.idnumber import VillageKey, load_village_key
from gridwire.persons import is_resident_number

SECRET = bytes(range(32))


def test_published_example_of_the_standard():
    # The worked examples of GB 11643.
    assert is_resident_number("11010519491231002X")
    assert is_resident_number("440524188001010014")


@given(st.integers(0, 17), st.integers(1, 9))
def test_any_single_wrong_digit_is_seen(place, shift):
    number = "440524188001010014"
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    assert not is_resident_number(wrong)


@pytest.mark.parametrize("text", ["", "x", "11010519491231002x", "1101051949123100", "１1010519491231002X", "1" * 19])
def test_no_number(text):
    assert not is_resident_number(text)


@given(st.text(max_size=20))
def test_raises_on_nothing(text):
    assert is_resident_number(text) in (True, False)
    assert idnumber.mask_code(text).endswith(text[len(text) - min(4, len(text) // 2) :])


def test_masks():
    assert idnumber.mask_resident("110101199003071006") == "110101********1006"
    assert idnumber.mask_foreigner("CAN110081010278") == "CAN**********78"
    assert idnumber.mask_code("62E3086CED") == "******6CED"
    assert idnumber.mask_code("4F2") == "**2"
    assert len(idnumber.mask_code("x" * 500)) == 12


def test_hash_is_hmac_sha256_under_the_named_key():
    made = VillageKey("v7", SECRET).hash_number("110101199003071006")
    assert made.key_id == "v7"
    assert made.digest == hmac.new(SECRET, b"110101199003071006", hashlib.sha256).hexdigest()
    assert VillageKey("v8", SECRET[::-1]).hash_number("110101199003071006").digest != made.digest


def write_key(tmp_path, text, mode=0o600):
    path = tmp_path / "village.key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_key_file(tmp_path):
    assert load_village_key(write_key(tmp_path, f"v7:{SECRET.hex()}\n")) == VillageKey("v7", SECRET)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o601])
def test_key_file_that_others_may_touch_is_refused(tmp_path, mode):
    with pytest.raises(idnumber.KeyFileExposed, match="chmod 600"):
        load_village_key(write_key(tmp_path, f"v7:{SECRET.hex()}\n", mode))


@pytest.mark.parametrize(
    "text", ["", "v7", SECRET.hex(), f"v7:{SECRET.hex()[2:]}", f"v 7:{SECRET.hex()}", "v7:" + "é" * 64]
)
def test_malformed_key_file_is_refused_and_not_quoted(tmp_path, text):
    with pytest.raises(idnumber.KeyFileMalformed) as caught:
        load_village_key(write_key(tmp_path, text))
    assert SECRET.hex()[2:] not in str(caught.value)
    assert "权限" not in caught.value.text("zh")


def test_missing_key_file(tmp_path):
    with pytest.raises(idnumber.KeyFileUnreadable, match="No such file"):
        load_village_key(tmp_path / "village.key")
