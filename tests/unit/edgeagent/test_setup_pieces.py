"""The wizard's pure pieces: one value of a TOML text changed and nothing else, answers understood, lines that fit."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeagent.cli.say import width
from edgeagent.cli.setup.basics import box_id, broker, split
from edgeagent.cli.setup.cameras import grid_id
from edgeagent.cli.setup.talk import COLUMNS, NotUnderstood, numbers, wrapped
from edgeagent.cli.setup.tomledit import LeftToYou, appended, with_value
from edgeagent.configfile.sample import sample
from gridwire.problem import Problem
from gridwire.settings.tomltext import toml

EDITED = """\
# Wang wrote this
box = "430121001001"   # asked the "township" # twice
#name = ""

[hub]
host = "a#b"#tight
[hub.tls]
ca = "ca.pem"
[device."cam-1"]  # gate
driver = "onvif"
"""


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        (("box",), "430121001002", 'box = "430121001001"', 'box = "430121001002"'),
        (("name",), "东山村", '#name = ""\n', '#name = ""\nname = "东山村"\n'),
        (("hub", "host"), "x", 'host = "a#b"#tight', 'host = "x"#tight'),
        (("hub", "port"), 1883, '"a#b"#tight\n', '"a#b"#tight\nport = 1883\n'),
        (("hub", "tls", "ca"), "b", 'ca = "ca.pem"', 'ca = "b"'),
        (("store", "dir"), "/s", '"onvif"\n', '"onvif"\n\n[store]\ndir = "/s"\n'),
        (("device", "cam-1", "driver"), "webhook", '"onvif"', '"webhook"'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_one_line_changes_and_every_comment_stays(path, value, old, new, newline):
    assert EDITED.count(old) == 1
    wanted = EDITED.replace(old, new).replace("\n", newline)
    assert with_value(EDITED.replace("\n", newline), path, value) == wanted


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('hub = { host = "x" }\n', ("hub", "host")),
        ('hub = { host = "x" }\n', ("hub", "port")),
        ('name = """two\nlines"""\n', ("name",)),
        ('hub = "no table"\n', ("hub", "host")),
        ('[[rule]]\nkinds = ["motion"]\n', ("rule", "kinds")),
    ],
)
def test_what_cannot_be_changed_by_a_line_is_left_to_a_person(text, path):
    with pytest.raises(LeftToYou) as caught:
        with_value(text, path, "y", file="edgeagent.toml")
    assert "edgeagent.toml" in caught.value.text("zh")


def test_a_whole_sample_can_be_filled_in():
    text = sample({})
    for path, value in (
        (("name",), "东山村"),
        (("hub", "port"), 1883),
        (("hub", "username"), "u"),
        (("box",), "1" * 12),
    ):
        text = with_value(text, path, value)
    data = tomllib.loads(text)
    assert (data["name"], data["hub"]["port"], data["hub"]["username"], data["box"]) == ("东山村", 1883, "u", "1" * 12)
    assert '#name = ""\nname = "东山村"\n' in text


KEYS = st.sampled_from(["a", "b", "c-1", "dd"])
VALUES = st.one_of(st.text(max_size=12), st.integers(-5, 5), st.booleans(), st.lists(st.text(max_size=3), max_size=2))


@given(st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES, max_size=3), max_size=3), KEYS, KEYS, VALUES)
def test_what_comes_of_it_is_what_was_meant_or_it_is_refused(tables, table, key, value):
    text = "".join(
        f"[{name}] # t\n" + "".join(f"{each} = {toml(inner)} # {each}\n" for each, inner in settings.items())
        for name, settings in tables.items()
    )
    after = with_value(text, (table, key), value)
    assert tomllib.loads(after) == {**tables, table: {**tables.get(table, {}), key: value}}
    assert [line for line in after.split("\n") if line.startswith("[")][: len(tables)] == [
        f"[{name}] # t" for name in tables
    ]


def test_tables_are_added_after_a_blank_line():
    assert appended("a = 1", "[b]\n") == "a = 1\n\n[b]\n"
    assert appended("a = 1\r\n", "[b]\n") == "a = 1\r\n\r\n[b]\r\n"
    assert appended("", "[b]\n") == "[b]\n"


def grid(text):
    return grid_id(text, "430121001001")


@pytest.mark.parametrize(
    ("check", "text", "value"),
    [
        (box_id, "430121 001001", "430121001001"),
        (box_id, "430121001001-2", "430121001001-2"),
        (broker, "mqtts://hub.example.cn:8883/", "hub.example.cn:8883"),
        (grid, "007", "430121001001007"),
        (grid, "", ""),
    ],
)
def test_an_answer_is_taken(check, text, value):
    assert check(text) == value


@pytest.mark.parametrize(
    ("check", "text", "en", "zh"),
    [
        (box_id, "43012100100", "11 digits", "11 位"),
        (box_id, "030121001001", "no box id", "不是有效的盒子编号"),
        (broker, "hub:99999", "1 to 65535", "1 至 65535"),
        (broker, "hub host", "no address", "不是地址"),
        (grid, "7", "no grid id", "不是有效的网格编号"),
    ],
)
def test_a_wrong_answer_is_explained(check, text, en, zh):
    with pytest.raises(Problem) as caught:
        check(text)
    assert en in caught.value.text("en")
    assert zh in caught.value.text("zh")


def test_host_and_port():
    assert split("hub.example.cn") == ("hub.example.cn", 8883)
    assert split("[fd00::1]:1883") == ("fd00::1", 1883)


@pytest.mark.parametrize(
    ("text", "places"), [("all", [0, 1, 2]), ("无", []), ("1,3", [0, 2]), ("2-3 1", [0, 1, 2]), ("", [])]
)
def test_numbers(text, places):
    assert numbers(text, 3) == places


@pytest.mark.parametrize("text", ["0", "4", "3-2", "x", "1-", "-1"])
def test_wrong_numbers_are_explained(text):
    with pytest.raises(NotUnderstood) as caught:
        numbers(text, 3)
    assert "1,3-5" in caught.value.text("zh")


@given(st.text(alphabet="ab 文字，。 \n", max_size=300))
def test_lines_fit_and_nothing_is_lost(text):
    lines = wrapped(text).split("\n")
    assert all(
        width(line) <= COLUMNS + 2 for line in lines
    )  # a mark may hang over the edge, which has two columns left
    assert "".join(wrapped(text).split()) == "".join(text.split())
