"""Ids that last, tables that are added and never overwritten, ranges of addresses."""

import re
import stat
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.onvif.discovery.look import Look, keys_of
from drivers.onvif.discovery.probe import Match
from drivers.onvif.identity import telling
from edgeagent.cli.newdevices import NotWritten, add, name_all, table_of
from edgeagent.cli.places import BadRange, RangeTooLarge, hosts, in_order, place
from edgeagent.driver import Found
from gridwire.identifiers import DEVICE_PATTERN

HIK = "DS-2CD2042WD-I20160913AACH639214517"


def found(*keys, address="192.168.1.64", **more):
    more.setdefault("settings", {"address": address})
    return Found(address=address, keys=keys, prefix="cam", **more)


def ids(*devices, known=None):
    return [each.id for each in name_all([("onvif", one) for one in devices], known or {})]


def test_an_id_follows_from_the_strongest_key_and_not_from_the_address():
    keys = (f"serial:{HIK}", "mac:4419b6c0ffee", "endpoint:5d8e1c00-b2f8-11b4-8e5c-4419b6c0ffee")
    assert ids(found(*keys)) == ids(found(*keys, address="10.0.0.9")) == ["cam-ach639214517"]
    assert ids(found(*keys[1:])) == ids(found(*keys[2:])) == ["cam-4419b6c0ffee"]
    assert ids(found("address:192.168.1.64:8080")) == ["cam-192-168-1-64-8080"]


def test_a_camera_that_has_told_more_since_is_still_the_same():
    known = {"cam-4419b6c0ffee": {"address": "192.168.1.64", "name": "鱼塘"}}
    later = found(f"serial:{HIK}", "mac:4419b6c0ffee", address="192.168.1.77")
    (named,) = name_all([("onvif", later)], known)
    assert (named.id, named.known["name"], named.moved) == ("cam-4419b6c0ffee", "鱼塘", True)


@pytest.mark.parametrize("address", ["192.168.1.64", "192.168.1.64:80", "http://192.168.1.64/onvif/device_service"])
def test_a_camera_that_people_configured_is_known_by_its_address(address):
    (named,) = name_all([("onvif", found(f"serial:{HIK}"))], {"pond": {"address": address}})
    assert (named.id, named.moved) == ("pond", False)


def test_two_cameras_never_get_one_id():
    twins = [found("serial:0012345678AB", address=f"192.168.1.{host}") for host in (1, 2, 3)]
    assert ids(*twins) == ["cam-0012345678ab", "cam-0012345678ab-2", "cam-0012345678ab-3"]
    with_mac = [found("serial:0012345678AB", f"mac:4419b6c0ff0{n}", address=f"192.168.1.{n}") for n in (1, 2)]
    assert ids(*with_mac) == ["cam-0012345678ab", "cam-4419b6c0ff02"]


KEYS = st.builds("{}:{}".format, st.sampled_from(["serial", "mac", "endpoint", "address"]), st.text(max_size=60))


@given(st.lists(KEYS, min_size=1, max_size=3))
def test_whatever_a_camera_calls_itself_its_id_is_one(keys):
    (one,) = ids(found(*keys))
    assert re.search(DEVICE_PATTERN, one)


@pytest.mark.parametrize("text", ["", "0", "000000000000", "123456", "12345678", "N/A", "unknown", "ffffffffffff"])
def test_serials_that_many_have_tell_nothing(text):
    assert not telling(text)


def test_keys_come_strongest_first_and_only_where_they_tell_something():
    match = Match("5d8e1c00-b2f8-11b4-8e5c-4419b6c0ffee", ("http://192.168.1.64/x",), (), "192.168.1.64")
    look = Look("http://192.168.1.64/onvif/device_service", about={"SerialNumber": HIK}, mac="4419b6c0ffee")
    assert keys_of(look, match, "") == (f"serial:{HIK}", "mac:4419b6c0ffee", f"endpoint:{match.endpoint}")
    assert keys_of(Look(look.url), None, "") == ("address:192.168.1.64",)
    assert keys_of(Look(look.url), None, "4419b6c0ffee") == ("mac:4419b6c0ffee",)


# -- the file ------------------------------------------------------------------------------------------------------

OURS = '# 鱼塘，老李装的\n[device.pond]\ndriver = "onvif"\naddress="192.168.1.9" # do not touch'


def table(**more):
    one = found(f"serial:{HIK}", maker="HIKVISION\n[hub]", model='"', name="村口\x1b[31m", **more)
    (named,) = name_all([("onvif", one)], {})
    return table_of(named, "zh")


def test_a_table_is_toml_whatever_the_camera_calls_itself():
    text = table(settings={"address": "192.168.1.64", "username": 'a"b', "password": "file:/x y"})
    data = tomllib.loads(text)
    assert list(data) == ["device"]
    assert data["device"]["cam-ach639214517"] == {
        "driver": "onvif",
        "name": "村口 [31m",
        "address": "192.168.1.64",
        "username": 'a"b',
        "password": "file:/x y",
    }


def test_what_people_wrote_stays_byte_by_byte(tmp_path):
    file = tmp_path / "conf.d" / "cameras.toml"
    file.parent.mkdir()
    file.write_text(OURS, encoding="utf-8")
    file.chmod(0o640)
    add(file, [table()])
    text = file.read_text(encoding="utf-8")
    assert text.startswith(OURS + "\n\n# HIKVISION [hub]")
    assert list(tomllib.loads(text)["device"]) == ["pond", "cam-ach639214517"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [each.name for each in file.parent.iterdir()] == ["cameras.toml"]


def test_a_new_file_is_made_with_its_folder_and_a_link_stays_one(tmp_path):
    file, link = tmp_path / "new" / "cameras.toml", tmp_path / "link.toml"
    link.symlink_to(file)
    add(link, [table()])
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8").startswith("# HIKVISION")


@pytest.mark.parametrize(
    "text", ["[device.pond\n", 'device = { pond = { driver = "onvif" } }\n', "\xff", "[[device]]\n"]
)
def test_a_file_that_is_not_right_is_not_touched(tmp_path, text):
    file = tmp_path / "cameras.toml"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(NotWritten) as told:
        add(file, [table()])
    assert file.read_text(encoding="latin-1") == text
    assert "未写入" in told.value.text("zh")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_device_of_that_name_is_never_written_twice(tmp_path):
    file = tmp_path / "cameras.toml"
    add(file, [table()])
    before = file.read_bytes()
    with pytest.raises(NotWritten):
        add(file, [table()])
    assert file.read_bytes() == before


# -- ranges --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first", "last", "count"),
    [
        ("192.168.1.0/24", "192.168.1.1", "192.168.1.254", 254),
        ("192.168.1.64/24", "192.168.1.1", "192.168.1.254", 254),
        ("192.168.1.10-192.168.2.9", "192.168.1.10", "192.168.2.9", 256),
        ("192.168.1.10 - 20", "192.168.1.10", "192.168.1.20", 11),
        ("192.168.1.5", "192.168.1.5", "192.168.1.5", 1),
    ],
)
def test_ranges(text, first, last, count):
    asked = hosts(text)
    assert (asked[0], asked[-1], len(asked)) == (first, last, count)


@pytest.mark.parametrize("text", ["", "-", "192.168.1", "a-b", "192.168.1.9-1", "192.168.1.1-300", "192.168.1.0/33"])
def test_no_ranges(text):
    with pytest.raises(BadRange):
        hosts(text)


@pytest.mark.parametrize("text", ["10.0.0.0/8", "0.0.0.0-255.255.255.255", "2001:db8::/64"])
def test_nobody_searches_the_world(text):
    with pytest.raises(RangeTooLarge):
        hosts(text)


def test_addresses_are_sorted_as_numbers():
    listed = ["192.168.1.100", "pond.example", "192.168.1.9:8080", "192.168.1.9", "[::1]:80"]
    assert sorted(listed, key=in_order) == [
        "192.168.1.9",
        "192.168.1.9:8080",
        "192.168.1.100",
        "[::1]:80",
        "pond.example",
    ]


@pytest.mark.parametrize("address", ["", None, 5, "http://", "host:port", "http://[::1"])
def test_what_is_no_address_is_like_no_other(address):
    assert place(address) is None
