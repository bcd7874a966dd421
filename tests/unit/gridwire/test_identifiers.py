"""Identifiers: what is one and what is not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridwire import identifiers


@pytest.mark.parametrize("text", ["431126001001", "431126001001-2", "431126001001-99"])
def test_box_ids(text):
    assert identifiers.check_box_id(text) == text
    assert (identifiers.county_of(text), identifiers.village_of(text)) == ("431126", "431126001001")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "431126",
        "031126001001",
        "431126001001-1",
        "431126001001-02",
        "431126001001-100",
        "431126001001\n",
        "４３１１２６００１００１",
    ],
)
def test_no_box_ids(text):
    with pytest.raises(identifiers.BadBoxId):
        identifiers.check_box_id(text)


@pytest.mark.parametrize("text", ["cam-1", "a", "0", "a" * 32])
def test_device_ids(text):
    assert re.search(identifiers.DEVICE_PATTERN, text)


@pytest.mark.parametrize("text", ["", "-a", "a-", "A", "a b", "a\n", "a" * 33, "机"])
def test_no_device_ids(text):
    assert not re.search(identifiers.DEVICE_PATTERN, text)


def test_grid_ids():
    assert identifiers.check_grid_id("431126001001003") == "431126001001003"
    for text in ("431126001001", "431126001001003\n", "43112600100100３"):
        with pytest.raises(identifiers.BadGridId):
            identifiers.check_grid_id(text)


def test_the_ulid_of_the_specification():
    assert identifiers.UlidMaker().make(1469918176385, b"\0" * 10) == "01ARYZ6S410000000000000000"


@given(st.lists(st.tuples(st.integers(-1, 1 << 47), st.binary(min_size=10, max_size=10)), min_size=2, max_size=20))
def test_ulids_rise_whatever_the_clock_does(calls):
    maker = identifiers.UlidMaker()
    made = [maker.make(now_ms, entropy) for now_ms, entropy in calls]
    assert all(re.search(identifiers.ULID_PATTERN, ulid) for ulid in made)
    assert made == sorted(set(made))


def test_ulids_rise_within_a_millisecond_and_when_the_clock_steps_back():
    maker = identifiers.UlidMaker()
    made = [maker.make(5000, b"\xff" * 10), maker.make(5000, b"\0" * 10), maker.make(1, b"\0" * 10)]
    assert made == sorted(set(made))


@pytest.mark.parametrize(
    "text", ["", "01ARYZ6S41000000000000000", "81ARYZ6S410000000000000000", "01ARYZ6S41000000000000000I"]
)
def test_no_ulids(text):
    assert not re.search(identifiers.ULID_PATTERN, text)
    assert not re.search(identifiers.ULID_PATTERN, identifiers.new_ulid() + "\n")
