"""Whatever stands in the file: a configuration or `BadConfig`, never anything else, and always a text for it."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edgeagent.configfile import BadConfig, NoSuchDriver, load
from edgeagent.driver import DeviceConfig, Secret

GOOD = 'box = "430121001001"\n[hub]\nhost = "127.0.0.1"\nport = 1883\n[device.c]\ndriver = "x"\n[[rule]]\narmed = []\n'


class Anything(DeviceConfig, frozen=True, kw_only=True):
    host: str = ""
    password: Secret = ""
    places: tuple[tuple[int, float], ...] = ()
    mode: int | str = 1


def resolve(name: str) -> type[DeviceConfig]:
    if name == "x":
        return Anything
    raise NoSuchDriver(name, ["x"])


words = st.sampled_from(
    """box hub host port tls ca key cert rule device driver armed kinds devices severity cooldown_s timezone language
    store dir status enabled password places mode c name grid""".split()  # noqa: SIM905
)
values = st.recursive(
    st.sampled_from(
        [
            *'1 -1 1.5 nan -inf true "x" "zh" "" "file:" "file:/" "file:\\u0000" "env:" "env:=" "../.." "Asia"'.split(),  # noqa: SIM905
            *'"00:00-24:00" "430121001001" 1979-05-27 07:32:00 99999999999999999999999 "“" “a”'.split(),  # noqa: SIM905
            "9" * 5000,
            "1e999",
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.tuples(words, inner).map(lambda pair: f"{{ {pair[0]} = {pair[1]} }}")
    ),
    max_leaves=6,
)
lines = (
    st.tuples(words, values).map(" = ".join)
    | st.tuples(words, words, values).map(lambda three: f"{three[0]}.{three[1]} = {three[2]}")
    | st.lists(words, min_size=1, max_size=3).map(lambda path: f"[{'.'.join(path)}]")
    | words.map(lambda word: f"[[{word}]]")
    | st.text(max_size=20)
)


def loads_or_says_why(folder, raw: bytes) -> None:
    file = folder / "edgeagent.toml"
    file.write_bytes(raw)
    try:
        load(file, resolve, environ={})
    except BadConfig as bad:
        said = [text for mistake in [*bad.mistakes, *bad.warnings] for text in (mistake.text("zh"), mistake.text("en"))]
    else:
        return
    assert said
    assert all(said)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.lists(lines, max_size=8), st.booleans())
def test_lines_that_look_like_toml(folder, parts, after):
    text = "\n".join(parts)
    loads_or_says_why(folder, (GOOD + text if after else text).encode("utf-8", "replace"))


@quick
@given(st.binary(max_size=200))
def test_any_bytes(folder, raw):
    loads_or_says_why(folder, raw)


@quick
@given(st.integers(0, len(GOOD)), st.text("=[]{}\"'\\#.,“”：　\n\0é1", max_size=3))
@example(0, "[" * 5000)
@example(0, "a = " + "{a = " * 5000)
@example(0, "a." * 5000 + "a = 1\n")
def test_a_good_file_with_something_typed_into_it(folder, position, typed):
    loads_or_says_why(folder, (GOOD[:position] + typed + GOOD[position:]).encode())


@quick
@given(st.integers(0, len(GOOD)), st.integers(1, 9))
def test_a_good_file_with_something_cut_out(folder, position, length):
    loads_or_says_why(folder, (GOOD[:position] + GOOD[position + length :]).encode())
