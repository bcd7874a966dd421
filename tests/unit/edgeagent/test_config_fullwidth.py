"""Full-width characters: found where TOML wants ASCII, left alone in text and comments."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from gridwire import fullwidth


def found(text):
    return [(slip.line, slip.column, slip.found, slip.wanted) for slip in fullwidth.find(text)]


def test_text_and_comments_may_have_them():
    assert found('name = "村口：“东”" # 注释：好\nother = \'，\'\nlong = """\n全角，\n"""\n') == []


def test_quotes_around_a_value_and_what_is_between_them():
    assert found("name = “村口：东”\n") == [(1, 8, "“", '"'), (1, 13, "”", '"')]


def test_a_string_that_only_a_full_width_mark_ends():
    assert found('a = 1\nname = "村口“\n') == [(2, 11, "“", '"')]


def test_after_a_long_string_columns_are_right():
    assert found('a = """\n”\n"""  ＃ x\nb　= 1') == [(3, 6, "＃", "#"), (4, 2, "\u3000", " ")]


def test_mended_text_is_what_was_meant():
    text = "［hub］\nhost　＝“a.b”\nport：１８８３，\nlist = [“x”，'y’]"
    mended = fullwidth.mend(text, fullwidth.find(text))
    assert mended == '[hub]\nhost ="a.b"\nport=1883,\nlist = ["x",\'y\']'


@given(st.text("a=“”：，\"'#\\\n 　[]１", max_size=40))
def test_mending_keeps_every_position(text):
    slips = fullwidth.find(text)
    mended = fullwidth.mend(text, slips)
    assert len(mended) == len(text)
    assert mended.count("\n") == text.count("\n")
    lines = text.split("\n")
    assert all(lines[slip.line - 1][slip.column - 1] == slip.found for slip in slips)


@given(st.text("ab=：“”，\"'#\\\n []1", max_size=40))
def test_nothing_is_found_in_what_is_toml(text):
    try:
        tomllib.loads(text)
    except ValueError:
        return
    assert fullwidth.find(text) == []
