"""What of the benchmarks can be wrong without a measurement: statistics, verdicts, the page, bytes, a month's sum."""

from __future__ import annotations

import json

import pytest

from bench import alarm, mqttbytes, report, sink
from bench.month import Pieces, month, total_mb
from bench.results import Results
from bench.stats import figures, percentile, ratios, spread
from bench.targets import TARGETS, Target, judge
from bench.texts import ABOUT, PROMISES
from gridwire.codec import Arrived, decode_up
from gridwire.compression import compress


def test_spread_is_median_lowest_and_highest():
    assert spread([3, 1, 2]) == (2, 1, 3)
    with pytest.raises(ValueError, match="no rounds"):
        spread([])


def test_ratios_are_taken_round_by_round():
    assert ratios([2, 9], [1, 3]) == [2, 3]
    with pytest.raises(ValueError, match="rounds"):
        ratios([1], [1, 2])


@pytest.mark.parametrize(("percent", "expected"), [(50, 50), (99, 99), (100, 100), (1, 1), (0, 1)])
def test_percentile_is_the_nearest_rank(percent, expected):
    assert percentile(range(1, 101), percent) == expected
    assert percentile([7], percent) == 7


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0667, "0.0667"),
        (0.8734, "0.873"),
        (9.123, "9.12"),
        (34.56, "34.6"),
        (156.3, "156"),
        (31249, "31,200"),
    ],
)
def test_figures_are_three(value, text):
    assert figures(value) == text


def test_verdict_goes_by_the_median_and_says_when_nothing_was_measured():
    results = Results()
    fast = Target("rate", "work", "events/s", 2, peer="peer")
    small = Target("size", "work", "KB", 10, at_most=True)
    assert judge(fast, results).met is None
    for ours, peer in ((10, 5), (30, 10), (9, 10)):
        results.add("work", "events/s", "ours", ours)
        results.add("work", "events/s", "peer", peer)
    results.add("work", "KB", "ours", 11)
    assert judge(fast, results) == (fast, (2, 0.9, 3))
    assert judge(fast, results).met is True
    assert judge(small, results).met is False


def test_every_target_is_about_a_work_that_the_page_describes():
    assert {target.work for target in TARGETS} <= ABOUT.keys()
    assert {target.peer for target in TARGETS if target.peer} <= PROMISES.keys()


def test_page_shows_missed_targets_ratios_and_the_sum_of_the_month():
    results = Results()
    for name, value in {"connection": 5000, "event": 700, "health": 400, "ping": 48, "picture": 38000}.items():
        results.add("month", f"{name}, bytes", "ours", value)
    for contender, value in {"ours": 100.0, "paho-mqtt": 50.0}.items():
        results.add("drain", "events/s", contender, value)
    page = report.render(results, {"processor": "one"})
    assert "| drain, to paho-mqtt | ≥ 5× | 2.00× | **missed** |" in page
    assert "| ours / paho-mqtt | 2.00× | – |" in page
    assert "| processor | one |" in page
    assert "| **sum** |  |  | **6.12** |" in page


def test_results_outlive_a_run_and_a_work_can_be_measured_anew(tmp_path):
    results = Results()
    results.add("a", "m", "ours", 1.5)
    results.add("b", "m", "ours", 2.5)
    results.save(tmp_path / "results.json")
    again = Results.load(tmp_path / "results.json")
    again.forget("a")
    assert again.get("a", "m") == []
    assert again.get("b", "m") == [2.5]
    assert Results.load(tmp_path / "none.json").series == {}


def test_month_is_the_sum_of_its_pieces():
    pieces = Pieces(connection=1000, event=100, health=10, ping=1, picture=5000)
    assert total_mb(month(pieces, pictures=False)) == pytest.approx(30 * (1000 + 100 * 100 + 288 * 11) / 1e6)
    with_pictures = 30 * (1000 + 80 * 100 + 20 * 5000 + 288 * 11) / 1e6
    assert total_mb(month(pieces, pictures=True)) == pytest.approx(with_pictures)


def test_alarm_is_one_that_the_hub_takes_and_has_the_size_that_the_page_names():
    body = alarm.bodies(12345)[-1]
    assert len(body) in (385, 386)
    (arrived,) = decode_up(body, source=alarm.SOURCE)
    assert isinstance(arrived, Arrived)
    event = arrived.event
    assert (event.seq, event.subject, event.source) == (12345, alarm.camera(12345), alarm.SOURCE)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16383, 16384, 70000])
@pytest.mark.parametrize("step", [1, 7, 1000000])
def test_packets_are_cut_wherever_the_network_tore_them(size, step):
    stream = mqttbytes.publish("a/b", b"x" * size, 65535) + mqttbytes.puback(7)
    cutter = mqttbytes.Cutter()
    step = max(step, len(stream) // 500)
    found = [packet for at in range(0, len(stream), step) for packet in cutter.feed(stream[at : at + step])]
    assert mqttbytes.published(found[0]) == ("a/b", b"x" * size, 65535)
    assert found[1:] == [(mqttbytes.PUBACK, b"\0\7")]


def test_foreign_bytes_are_refused():
    with pytest.raises(ValueError, match="not MQTT"):
        list(mqttbytes.Cutter().feed(b"\x30\xff\xff\xff\xff\x01"))


def test_sink_counts_each_event_once_whatever_wraps_it():
    first, second, third = alarm.bodies(3)
    tally = sink.Tally(3)
    telemetry = json.dumps({"cam-1": [{"ts": 1, "values": json.loads(third)}]}).encode()
    assert tally.take(first, 1.0) == [1]
    assert tally.take(compress(b"[" + first + b"," + second + b"]"), 2.0) == [1, 2]
    assert not tally.complete
    assert tally.take(telemetry, 3.0) == [3]
    assert tally.complete
    assert (tally.first, tally.last, tally.messages) == (1.0, 3.0, 3)


def test_sink_acknowledges_ours_by_number_and_nobody_else():
    tally, answers = sink.Tally(9), sink.Answers()
    bodies = alarm.bodies(4)
    sink.take(f"{alarm.SOURCE}/up/batch", b"[" + bodies[0] + b"," + bodies[1] + b"]", tally, answers)
    sink.take(f"{alarm.SOURCE}/up/event", bodies[3], tally, answers)
    sink.take("bench/event", bodies[2], tally, answers)
    ((topic, payload),) = answers.ready()
    assert topic == f"{alarm.SOURCE}/down/ack"
    assert json.loads(payload) == {"stream": alarm.STREAM, "lane": "alarm", "ranges": [[1, 2], [4, 4]]}
    assert answers.ready() == []


def test_sink_answers_thingsboards_question_for_limits():
    answers = sink.Answers()
    sink.take("v1/devices/me/rpc/request/5", b'{"method":"getSessionLimits"}', sink.Tally(1), answers)
    ((topic, payload),) = answers.ready()
    assert topic == "v1/devices/me/rpc/response/5"
    assert json.loads(payload)["maxPayloadSize"] == 65536
