"""The sending half of the codec, and that the receiving half takes all of it."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
import zstandard

from gridwire import codec, limits, refusals
from gridwire.events import Alarm, Envelope, Picture, Reading, Sos
from gridwire.messages import Ack, Command, Health
from tests.instances import NOON, SOURCE, STREAM, event

LONG = "很" * 300


def arrived(payload):
    return [item.event for item in codec.decode_up(payload, source=SOURCE)]


def alarms(count, **fields):
    return [codec.encode_event(event(Alarm(kind="motion", state="pulse", **fields), n)) for n in range(1, count + 1)]


def test_an_event_comes_back_equal_with_its_bytes_and_digest():
    sent = event(Alarm(kind="motion", state="start", detail={"规则": "1"}), grid="431126001001003")
    raw = codec.encode_event(sent)
    [item] = codec.decode_up(raw, source=SOURCE)
    assert item.event == sent
    assert item.raw == raw
    assert item.digest == codec.digest_of(raw)
    assert len(item.digest) == 16
    assert item.key == (STREAM, "alarm", 1)


def test_times_go_out_in_utc():
    east = timezone(timedelta(hours=8))
    raw = codec.encode_event(event(Sos(), time=datetime(2026, 5, 1, 12, tzinfo=east)))
    assert b'"time":"2026-05-01T04:00:00Z"' in raw


def test_a_time_with_an_offset_arrives_in_utc():
    raw = codec.encode_event(event(Sos())).replace(b"2026-05-01T04:00:00Z", b"2026-05-01T12:00:00+08:00")
    [got] = arrived(raw)
    assert (got.time, got.time.tzinfo, got.recordedtime) == (NOON, UTC, NOON)


def test_a_time_that_no_clock_shows_is_replaced_by_the_recorded_one():
    [got] = arrived(codec.encode_event(event(Sos(), time=datetime(1, 1, 1, tzinfo=UTC))))
    assert got.time == NOON


def test_a_long_winded_camera_loses_the_end_of_its_text_but_not_its_alarm():
    raw = codec.encode_event(event(Alarm(kind="motion", state="start", topic=LONG, object="a\0\ud800b")))
    [got] = arrived(raw)
    assert got.data.topic == LONG[:255] + "…"
    assert got.data.object == "a\ufffd\ufffdb"


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (event(Reading(quantity="level", value=float("nan"))), refusals.BadData),
        (event(Reading(quantity="Level", value=1.0)), refusals.BadData),
        (event(Sos(), lane="alarm"), refusals.WrongLane),
        (event(Sos(), subject="box\n"), refusals.BadEnvelope),
        (event(Sos(), seq=0), refusals.BadEnvelope),
        (event(Sos(), time=datetime(2026, 5, 1)), refusals.BadEnvelope),  # noqa: DTZ001
        (event(Sos(), type="cn.gridwire.none.v1"), refusals.UnknownType),
        (event(Alarm(kind="a", state="start", detail={"x": "x" * 65536})), refusals.EventTooLarge),
    ],
)
def test_what_the_hub_would_refuse_is_not_made(bad, problem):
    with pytest.raises(problem):
        codec.encode_event(bad)


def test_an_event_may_be_as_large_as_the_limit_and_no_byte_larger():
    sent = event(Alarm(kind="a", state="start", detail={"x": ""}))
    room = limits.MAX_EVENT_BYTES - len(codec.encode_event(sent))
    for more, fits in ((room, True), (room + 1, False)):
        raw = codec.encode_event(sent).replace(b'"x":""', b'"x":"' + b"x" * more + b'"')
        (item,) = codec.decode_up(raw, source=SOURCE)
        assert (len(raw) <= limits.MAX_EVENT_BYTES) == fits
        assert fits != (isinstance(item, codec.Refused) and isinstance(item.problem, refusals.EventTooLarge))


@pytest.mark.parametrize(("year", "shown"), [(1899, False), (1900, True), (2999, True), (3000, False)])
def test_times_are_of_years_that_clocks_and_databases_know(year, shown):
    raw = codec.encode_event(event(Sos())).replace(b'"time":"2026', b'"time":"%d' % year)
    (item,) = codec.decode_up(raw, source=SOURCE)
    assert isinstance(item, codec.Arrived) == shown


def test_a_batch_holds_the_exact_bytes():
    raws = alarms(50)
    payload = codec.encode_batch(raws)
    assert payload.startswith(b"\x28\xb5\x2f\xfd")
    assert [item.raw for item in codec.decode_up(payload, source=SOURCE)] == raws


def test_a_batch_over_its_limits_is_not_made():
    with pytest.raises(refusals.TooManyEvents):
        codec.encode_batch(alarms(51))
    with pytest.raises(refusals.PayloadTooLarge):
        codec.encode_batch([b"{" + b"x" * 60000 + b"}"] * 9)


def test_pack_takes_from_the_front_what_fits():
    raws = alarms(120)
    payload, count = codec.pack(raws)
    assert count == 50
    assert [item.raw for item in codec.decode_up(payload, source=SOURCE)] == raws[:50]


def test_pack_honours_the_limit_of_the_payload():
    noise = ["".join(chr(0x4E00 + (n * 7919 + i * 104729) % 20000) for i in range(1000)) for n in range(20)]
    raws = [codec.encode_event(event(Alarm(kind="a", state="pulse", detail={"x": text}))) for text in noise]
    small = limits.PackLimits(payload_bytes=8000)
    payload, count = codec.pack(raws, small)
    assert 1 < count < 20
    assert len(payload) <= 8000
    assert len(codec.decode_up(payload, source=SOURCE)) == count


def test_pack_honours_the_broker_and_the_number():
    assert codec.pack(alarms(5), limits.PackLimits(events=3))[1] == 3
    assert codec.pack(alarms(5), limits.PackLimits(plain_bytes=800))[1] == 2


def test_one_event_always_passes_however_large():
    raw = codec.encode_event(event(Alarm(kind="a", state="pulse", detail={"x": "x" * 65000})))
    for reach in (limits.PackLimits(), limits.PackLimits(payload_bytes=10, plain_bytes=10)):
        payload, count = codec.pack([raw, raw], reach)
        assert codec.decode_up(payload, source=SOURCE)[0].raw == raw
        assert count in (1, 2)
    assert codec.pack([raw], limits.PackLimits(payload_bytes=10))[1] == 1


def test_a_short_event_alone_is_sent_as_it_is():
    raw = alarms(1)[0]
    assert codec.pack([raw]) == (raw, 1)


def test_compression_only_where_smaller():
    assert codec.encode_single(b"{}") == b"{}"
    assert codec.encode_single(b"x" * 2000).startswith(b"\x28\xb5\x2f\xfd")


def test_messages_come_back_plain_or_compressed():
    ack = Ack(stream=STREAM, lane="alarm", ranges=((1, 5), (7, 7)))
    payload = codec.encode_message(ack)
    assert codec.decode_message(payload, Ack, "down/ack") == ack
    assert codec.decode_message(zstandard.compress(payload), Ack, "down/ack") == ack


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", refusals.Empty),
        (b"[]", refusals.UnknownPayload),
        (b"{", refusals.NotJson),
        (b'{"a":"\xff"}', refusals.NotUtf8),
        (b'{"stream":"x"}', refusals.BadMessage),
        (b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}", refusals.NestedTooDeep),
        (b" " * (1 << 20) + b"{}", refusals.PayloadTooLarge),
    ],
)
def test_bad_messages_are_named(payload, problem):
    with pytest.raises(problem):
        codec.decode_message(payload, Ack, "down/ack")


def test_a_message_that_could_not_be_read_is_not_made():
    with pytest.raises(refusals.BadMessage, match="expires"):
        codec.encode_message(Command(id=STREAM, op="ping", by="", expires=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_message_is_cut_to_fit():
    health = Health(at=NOON.astimezone(timezone(timedelta(hours=8))), uptime_s=1.0, clock="synced")
    assert b'"at":"2026-05-01T04:00:00Z"' in codec.encode_message(health)


def test_a_newer_box_may_add_fields():
    raw = codec.encode_event(event(Picture(cause="schedule")))
    newer = raw.replace(b'"data":{', b'"later":[{}],"data":{"later":1,')
    assert arrived(newer) == arrived(raw)


def test_the_struct_made_by_hand_equals_the_decoded_one():
    assert isinstance(arrived(alarms(1)[0])[0], Envelope)
    assert msgspec.structs.fields(Envelope)[-1].name == "data"
