"""The locator finds the line of each key, in all the ways in which TOML lets one write it."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from gridwire.settings.locator import locate

TEXT = '''\
# comment with [table] and key = "value"
top = 1
"quoted key" = 2
'single' = 3
a.b.c = 4
a . "d e" = 5

[table] # comment
x = """
y = 1
[no]
"""
z = \'\'\'it's
q = 2\'\'\'\'
w = "a \\" # no comment"
inline = { p = 1, "q" = { r = 2 }, s = [1,
  2] }

[table.sub]
list = [
  "one", # [comment]
  [ "two",
    "three" ],
  { deep = 1 },
]
esc."\\u0061b" = 1

[[item]]
n = 1

[[item]]
n = 2
[item.child]
m = 3
[[item.leaf]]
k = 1
[[item.leaf]]
k = 2
'''

LINES = {
    ("top",): 2,
    ("quoted key",): 3,
    ("single",): 4,
    ("a", "b", "c"): 5,
    ("a", "d e"): 6,
    ("table",): 8,
    ("table", "x"): 9,
    ("table", "z"): 13,
    ("table", "w"): 15,
    ("table", "inline"): 16,
    ("table", "inline", "q", "r"): 16,
    ("table", "inline", "s", 1): 17,
    ("table", "sub"): 19,
    ("table", "sub", "list", 0): 21,
    ("table", "sub", "list", 1, 1): 23,
    ("table", "sub", "list", 2, "deep"): 24,
    ("table", "sub", "esc", "ab"): 26,
    ("item", 0): 28,
    ("item", 0, "n"): 29,
    ("item", 1): 31,
    ("item", 1, "n"): 32,
    ("item", 1, "child"): 33,
    ("item", 1, "child", "m"): 34,
    ("item", 1, "leaf", 0, "k"): 36,
    ("item", 1, "leaf", 1): 37,
    ("item", 1, "leaf", 1, "k"): 38,
}


def paths(value, path=()):
    """All paths of parsed TOML."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*path, key)
        yield from paths(item, (*path, key))


def test_every_way_of_writing_a_key():
    located = locate(TEXT)
    assert {path: located.line(path) for path in LINES} == LINES
    assert located.repeats == []


def test_it_knows_exactly_the_keys_that_tomllib_finds():
    assert set(locate(TEXT).lines) == set(paths(tomllib.loads(TEXT)))


def test_what_it_does_not_know_stands_at_its_table():
    located = locate("a = 1\n[b]\nc = 1\n")
    assert located.line(("b", "nothing", 3, "x")) == 2
    assert located.line(("nothing",)) == 1


def test_line_ends_of_windows():
    assert locate("a = 1\r\n[b]\r\nc = 2\r\n").lines == {("a",): 1, ("b",): 2, ("b", "c"): 3}


def test_repeats_are_told_with_both_lines():
    repeats = locate("[a]\nx = 1\ny = 2\nx = 3\n[b]\n[a]\n").repeats
    assert [(r.path, r.first_line, r.line) for r in repeats] == [(("a", "x"), 2, 4), (("a",), 1, 6)]


def test_goes_on_after_a_line_that_it_cannot_follow():
    assert locate('a = 1\nb\n"c\nd = 4\n').lines == {("a",): 1, ("d",): 4}


keys = st.text("ab-_é \"'.", max_size=3).map(lambda text: '"' + text.replace('"', '\\"') + '"') | st.sampled_from("abc")
values = st.recursive(
    st.sampled_from(["1", "true", '"#x"', "'[y'", '"""\n=\n"""', "'''\n'''", "1979-05-27 07:32:00", "-inf"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[\n" + " ,\n".join(items) + " # ]\n]")
        | st.lists(st.tuples(keys, inner), max_size=2, unique_by=lambda pair: pair[0]).map(
            lambda pairs: "{ " + ", ".join(f"{key} = {value}" for key, value in pairs) + " }"
        )
    ),
    max_leaves=5,
)
lines = (
    st.tuples(keys, values).map(lambda pair: f"{pair[0]} = {pair[1]}")
    | st.tuples(keys, keys, values).map(lambda three: f"{three[0]} . {three[1]}= {three[2]} # end")
    | st.lists(keys, min_size=1, max_size=3).map(lambda path: f"[ {' . '.join(path)} ]")
    | st.lists(keys, min_size=1, max_size=2).map(lambda path: f"[[{'.'.join(path)}]]")
)


@given(st.lists(lines, max_size=8))
def test_agrees_with_tomllib_on_any_text_that_is_toml(parts):
    text = "\n".join(parts)
    try:
        data = tomllib.loads(text)
    except ValueError:
        locate(text)  # whatever it is, it ends
        return
    located = locate(text)
    assert set(located.lines) == set(paths(data))
    assert located.repeats == []
    assert all(1 <= line <= text.count("\n") + 1 for line in located.lines.values())
