"""Whatever bytes arrive, `decode_up` answers, and what it takes is in order."""

from contextlib import suppress

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from gridwire import codec
from gridwire.events import Alarm, Gap, Sos
from gridwire.jpeg import check_jpeg
from gridwire.problem import Problem
from tests.instances import SOURCE, STREAM, event

EVENTS = [
    codec.encode_event(event(Sos(), 1)),
    codec.encode_event(event(Alarm(kind="motion", state="start", source="视频", detail={"a": 'b"]}'}), 2)),
    codec.encode_event(event(Gap(stream=STREAM, lane="alarm", ranges=((1, 2), (5, 5)), reason="quota"), 3)),
]
PLAIN = b"[" + b",".join(EVENTS) + b"]"
SEEDS = [*EVENTS, PLAIN, zstandard.compress(PLAIN), zstandard.compress(EVENTS[0])]
TOKENS = [
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b",",
    b":",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"NaN",
    b"1e999",
    b"null",
    b" ",
]

cut = st.tuples(st.floats(0, 1), st.integers(0, 8), st.sampled_from(TOKENS) | st.binary(max_size=4))


def mutate(seed, cuts):
    for where, length, instead in cuts:
        at = int(where * len(seed))
        seed = seed[:at] + instead + seed[at + length :]
    return seed


def check(payload):
    items = codec.decode_up(payload, source=SOURCE)
    assert items
    for item in items:
        assert item.digest == codec.digest_of(item.raw)
        if isinstance(item, codec.Arrived):
            again = codec.encode_event(item.event)
            assert codec.decode_up(again, source=SOURCE)[0].event == item.event
        else:
            assert isinstance(item.problem, Problem)
            assert item.problem.text("zh")
            assert item.key is None or item.key.seq >= 1


@given(st.binary(max_size=200))
def test_any_bytes(payload):
    check(payload)


@given(st.sampled_from([b"{", b"[", b"\x28\xb5\x2f\xfd", b"\xff\xd8", b"\xef\xbb\xbf["]), st.binary(max_size=200))
def test_any_bytes_behind_a_known_beginning(first, payload):
    check(first + payload)


@settings(max_examples=500)
@given(st.sampled_from(SEEDS), st.lists(cut, min_size=1, max_size=4))
def test_mutations_of_what_is_valid(seed, cuts):
    check(mutate(seed, cuts))


@given(st.sampled_from([PLAIN, *EVENTS]), st.lists(cut, min_size=1, max_size=3))
def test_mutations_inside_of_compression(seed, cuts):
    check(zstandard.compress(mutate(seed, cuts)))


@given(st.lists(st.sampled_from(TOKENS), max_size=60).map(b"".join))
def test_any_sequence_of_tokens(text):
    check(b"[" + text)
    check(b"{" + text)
    check(b"[" + EVENTS[0] + b"," + text + b"]")


@given(st.binary(max_size=64))
def test_pictures(payload):
    for picture in (payload, b"\xff\xd8\xff" + payload):
        with suppress(Problem):
            assert len(check_jpeg(picture)) == 64
