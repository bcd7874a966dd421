"""The receiving half of the codec: what is wrong is named, keeps its number, and spoils nothing else."""

import hashlib
import tracemalloc

import pytest
import zstandard

from gridwire import codec, compression, refusals
from gridwire.events import Alarm, Sos
from gridwire.jpeg import check_jpeg
from tests.instances import SOURCE, STREAM, event

GOOD = codec.encode_event(event(Sos(), 7))
KEY = (STREAM, "urgent", 7)
DEEP = b"[" * 5000 + b"]" * 5000


def refused(payload):
    [item] = codec.decode_up(payload, source=SOURCE)
    assert isinstance(item, codec.Refused)
    assert item.digest == codec.digest_of(item.raw)
    return item


def changed(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", refusals.Empty),
        (b" \n\t", refusals.Empty),
        (b"[]", refusals.Empty),
        (b"\xef\xbb\xbf", refusals.Empty),
        (b"hello", refusals.UnknownPayload),
        (b"null", refusals.UnknownPayload),
        (GOOD.decode().encode("utf-16"), refusals.UnknownPayload),
        (b"\x50\x2a\x4d\x18\x00\x00\x00\x00", refusals.UnknownPayload),  # zstd's skippable frame
        (b"\xff\xd8\xff\xe0", refusals.PictureNotEvent),
        (b"{" + b" " * (1 << 19), refusals.PayloadTooLarge),
        (b"[{", refusals.NotJson),
        (b"[1}", refusals.NotJson),
        (b"[1][", refusals.NotJson),
        (b"[" + b"0," * 600 + b"0]", refusals.TooManyEvents),
        (b"\x28\xb5\x2f\xfd", refusals.CompressionBroken),
        (zstandard.compress(GOOD)[:-3], refusals.CompressionBroken),
        (zstandard.compress(GOOD) + b"x", refusals.CompressionBroken),
        (zstandard.compress(GOOD) * 2, refusals.CompressionBroken),
        (zstandard.compress(b""), refusals.Empty),
        (zstandard.compress(zstandard.compress(GOOD)), refusals.UnknownPayload),
        (zstandard.compress(b"{" + b" " * (1 << 19)), refusals.CompressionBomb),
    ],
)
def test_a_payload_that_is_no_event_at_all(payload, problem):
    item = refused(payload)
    assert type(item.problem) is problem
    assert item.key is None
    assert item.raw == payload


@pytest.mark.parametrize(
    ("payload", "problem", "words"),
    [
        (changed(b'"specversion":"1.0"', b'"specversion":"2.0"'), refusals.BadEnvelope, "“specversion”"),
        (changed(b'"id":"01', b'"id":"81'), refusals.BadEnvelope, "“id”"),
        (changed(b'"subject":"cam-1"', b'"subject":"cam-1\\n"'), refusals.BadEnvelope, "“subject”"),
        (changed(b'"monotonic":"12.345"', b'"monotonic":12.345'), refusals.BadEnvelope, "“monotonic”"),
        (changed(b'"time":"2026-05-01T04:00:00Z"', b'"time":"2026-05-01"'), refusals.BadEnvelope, "“time”"),
        (changed(b'"time":"2026', b'"time":"0001'), refusals.BadEnvelope, "“time”"),
        (changed(b'"data":{}', b'"dato":{}'), refusals.BadEnvelope, "“data” of the event is wrong: missing"),
        (changed(b'"data":{}', b'"data":[]'), refusals.BadData, "object"),
        (changed(b'"data":{}', b'"data":{"state":"later"}'), refusals.BadData, "“state”"),
        (changed(b'"data":{}', b'"data":{"point":"\xff"}'), refusals.NotUtf8, "UTF-8"),
        (changed(b'"data":{}', b'"data":{"other":"\xff"}'), refusals.NotUtf8, "UTF-8"),
        (changed(b'"data":{}', b'"data":{"point":"\\\\\\u0000"}'), refusals.NulCharacter, "U+0000"),
        (changed(b'"data":{}', b'"data":{"point":NaN}'), refusals.NotJson, "invalid"),
        (changed(b'"data":{}', b'"data":{"point":"\\ud800"}'), refusals.NotJson, ""),
        (changed(b'"data":{}', b'"data":' + DEEP), refusals.NestedTooDeep, "64"),
        (changed(b'"data":{}', b'"other":' + DEEP + b',"data":{}'), refusals.NestedTooDeep, "64"),
        (changed(b'"data":{}', b'"data":{"other":"' + b"x" * 65536 + b'"}'), refusals.EventTooLarge, "65536"),
        (changed(b".sos.v1", b".sos.v2"), refusals.UnknownType, "cn.gridwire.sos.v2"),
        (changed(b".sos.v1", b".rating.v1"), refusals.WrongLane, "record"),
        (changed(b"001001", b"001002"), refusals.ForeignSource, "431126001002"),
        (GOOD[:-1], refusals.NotJson, "truncated"),
        (GOOD + b"x", refusals.NotJson, "trailing"),
    ],
)
def test_a_bad_event_keeps_its_number(payload, problem, words):
    item = refused(payload)
    assert type(item.problem) is problem
    assert words in str(item.problem)
    assert item.key == KEY
    for sent in (codec.encode_batch([payload]), zstandard.compress(payload)):
        assert type(refused(sent).problem) is problem


@pytest.mark.parametrize(
    "number", [b"0", b"-1", b"1.0", b"1e0", b"true", b'"7"', b"null", b"9007199254740992", b"9" * 5000, b"Infinity"]
)
def test_a_bad_number_is_no_number(number):
    item = refused(changed(b'"seq":7', b'"seq":' + number))
    assert isinstance(item.problem, refusals.BadEnvelope | refusals.NotJson)
    assert item.key is None


def test_a_number_is_not_guessed_where_two_could_be_meant():
    number = b'"stream":"%s","lane":"urgent","seq":8' % STREAM.encode()
    assert refused(changed(b'"data":{}', b'"data":{%s,"x":NaN}' % number)).key is None


def test_the_last_of_two_equal_keys_counts():
    [item] = codec.decode_up(changed(b'"seq":7', b'"seq":7,"seq":8'), source=SOURCE)
    assert item.event.seq == 8


def test_an_escaped_backslash_before_u0000_is_no_nul():
    raw = codec.encode_event(event(Sos(point="\\u0000")))
    [item] = codec.decode_up(raw, source=SOURCE)
    assert item.event.data.point == "\\u0000"


@pytest.mark.parametrize("around", [b"\xef\xbb\xbf%s", b"\n %s \r\n", b"\xef\xbb\xbf [ %s\t] ", b"[%s]"])
def test_what_stands_around_an_event_is_not_part_of_it(around):
    [item] = codec.decode_up(around % GOOD, source=SOURCE)
    assert item.raw == GOOD


@pytest.mark.parametrize(
    "bad",
    [
        b"1",
        b"",
        b"{",
        b"null",
        b'"]"',
        b'{"a":}',
        b'{"a":"\xff"}',
        b"[[]]",
        DEEP,
        b'{"a":NaN}',
        b'{"a":"\\ud800,]\\""}',
    ],
)
def test_one_bad_element_spoils_no_other(bad):
    raws = [codec.encode_event(event(Alarm(kind="a", state="pulse", source='},"]['), n)) for n in (1, 2)]
    items = codec.decode_up(b"[" + b",".join([raws[0], bad, raws[1]]) + b"]", source=SOURCE)
    if bad == b"{":  # an element that never ends swallows the rest
        assert [type(item) for item in items] == [codec.Refused]
        return
    assert [type(item) for item in items] == [codec.Arrived, codec.Refused, codec.Arrived]
    assert [items[0].raw, items[1].raw, items[2].raw] == [raws[0], bad, raws[1]]


def test_another_county_setting_is_not_another_box():
    [item] = codec.decode_up(changed(b"grid/1/431126/", b"grid/1/431127/"), source=SOURCE)
    assert isinstance(item, codec.Arrived)


def unclaimed(plain):
    """A frame without content size, as a streaming encoder writes it."""
    stream = zstandard.ZstdCompressor().compressobj()
    return stream.compress(plain) + stream.flush()


@pytest.mark.parametrize("compress", [zstandard.compress, unclaimed])
def test_frames_are_read_to_their_end_and_no_further(compress):
    assert compression.decompress(compress(b"x" * 100), 100) == b"x" * 100
    with pytest.raises(refusals.CompressionBomb):
        compression.decompress(compress(b"x" * 101), 100)
    for broken in (compress(b"x" * 100)[:-2], compress(b"x" * 100) + b"y", compress(b"x" * 100) * 2):
        with pytest.raises(refusals.CompressionBroken):
            compression.decompress(broken, 100)


def bomb(claim):
    """1 GiB of zeros in some 32 KiB, with or without the claim of its size."""
    size, chunk = 1 << 30, b"\0" * (1 << 20)
    stream = zstandard.ZstdCompressor(level=1).compressobj(size=size if claim else -1)
    return b"".join([stream.compress(chunk) for _ in range(size // len(chunk))]) + stream.flush()


@pytest.mark.parametrize("claim", [True, False])
def test_a_bomb_does_not_go_off(claim):
    payload = bomb(claim)
    assert len(payload) < 200_000
    tracemalloc.start()
    item = refused(payload)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert type(item.problem) is refusals.CompressionBomb
    assert peak < 16 * 1024 * 1024


def test_a_frame_that_lies_about_its_size_is_broken():
    honest = zstandard.compress(b"x" * 1000)
    at = 5  # magic and descriptor come first; then, for this size, two bytes of content size less 256
    lying = honest[:at] + (10).to_bytes(2, "little") + honest[at + 2 :]
    assert zstandard.frame_content_size(lying) == 266
    with pytest.raises(refusals.CompressionBroken):
        compression.decompress(lying, 1 << 19)


JPEG = b"\xff\xd8\xff\xe0" + b"x" * 1000 + b"\xff\xd9"


def test_a_jpeg_and_one_that_was_padded():
    assert check_jpeg(JPEG) == hashlib.sha256(JPEG).hexdigest()
    assert check_jpeg(JPEG + b"\0" * 100)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", refusals.Empty),
        (b"GIF89a", refusals.NotJpeg),
        (b"\xff\xd8", refusals.NotJpeg),
        (JPEG[:-2], refusals.JpegTruncated),
        (b"\xff\xd8\xff\xd9", refusals.JpegTruncated),
        (JPEG[:4] + b"\xff\xd9" + b"x" * 1000, refusals.JpegTruncated),
        (JPEG + b"\0" * 262144, refusals.PictureTooLarge),
    ],
)
def test_what_is_no_jpeg(payload, problem):
    with pytest.raises(problem):
        check_jpeg(payload)
