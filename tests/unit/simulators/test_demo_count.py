"""The demo's count: what is lost, what is there twice, what nobody could see; and what the records say."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from drivers.terminal.idnumber import VillageKey
from drivers.terminal.roster import read_roster
from simulators.camera import Camera, CameraConfig
from simulators.demo.counting import CHECKIN, Blind, Count, Happened, Key, Row, Tally, count
from simulators.demo.happened import alarms, checkins
from simulators.demo.matching import Pairs
from simulators.demo.village import BOX, WINDOW
from simulators.demo.visitors import WORKERS, Visitors, roster
from simulators.terminal import Shown

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
MOTION = "tns1:VideoSource/MotionAlarm"
SECRET = bytes(range(32))


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def happened(seconds, state="start", kind="motion", device="cam-1", thing=""):
    return Happened(Key(device, kind, state, MOTION, thing), at(seconds))


def row(seconds, number, state="start", kind="motion", device="cam-1", thing=""):
    """As stored: the camera's time has whole seconds."""
    return Row(Key(device, kind, state, MOTION, thing), at(int(seconds)), ("S", number))


def test_all_there_once():
    result = count(
        [happened(0.4), happened(3.9, "end"), happened(5, kind="person", device="cam-2")],
        [row(0.4, 1), row(3.9, 2, "end"), row(5, 3, kind="person", device="cam-2")],
        [],
    )
    assert result.is_right
    assert result.total == Tally(emitted=3, stored=3)
    assert result.by_kind == {"motion": Tally(emitted=2, stored=2), "person": Tally(emitted=1, stored=1)}


def test_nothing_at_all_is_right():
    assert count([], [], []) == Count()


def test_one_that_is_nowhere_is_lost():
    result = count([happened(0), happened(3, "end")], [row(0, 1)], [])
    assert not result.is_right
    assert result.lost == [happened(3, "end")]
    assert result.total == Tally(emitted=2, stored=1, lost=1)


def test_a_row_that_nothing_is_left_for_is_there_twice():
    result = count([happened(0), happened(3, "end")], [row(0, 1), row(0, 2), row(3, 3, "end")], [])
    assert not result.is_right
    assert result.twice == [row(0, 2)]
    assert result.total == Tally(emitted=2, stored=3, twice=1)


def test_one_lost_and_another_twice_do_not_make_up_for_each_other():
    result = count([happened(0), happened(100)], [row(0, 1), row(0, 2)], [])
    assert (len(result.lost), len(result.twice)) == (1, 1)


def test_another_device_kind_state_or_object_is_no_match():
    for other in ({"device": "cam-2"}, {"kind": "person"}, {"state": "end"}, {"thing": "7"}):
        result = count([happened(0)], [row(0, 1, **other)], [])
        assert (len(result.lost), len(result.twice)) == (1, 1), other


def test_what_a_reported_interval_covers_is_not_lost_and_not_emitted():
    blind = Blind("cam-1", at(10), at(20))
    result = count([happened(0), happened(12, "end"), happened(15)], [row(0, 1)], [blind])
    assert result.is_right
    assert result.unseen == [happened(12, "end"), happened(15)]
    assert result.total == Tally(emitted=1, stored=1, blind=2)


def test_an_interval_of_another_device_or_time_excuses_nothing():
    assert len(count([happened(9.5)], [], [Blind("cam-1", at(10), at(20))]).lost) == 1, "a moment before it"
    assert len(count([happened(15)], [], [Blind("cam-2", at(10), at(20))]).lost) == 1


def test_what_was_found_out_after_a_blind_interval_counts():
    """The state began while nobody saw it, and was still on afterwards: stored as of when it was found."""
    result = count(
        [happened(12), happened(30, "end")], [row(20, 1), row(30, 2, "end")], [Blind("cam-1", at(10), at(20))]
    )
    assert result.is_right
    assert result.total == Tally(emitted=2, stored=2)


def test_what_was_surely_seen_has_the_first_choice():
    result = count([happened(18), happened(19)], [row(19, 1)], [Blind("cam-1", at(10), at(18.5))])
    assert result.is_right
    assert result.unseen == [happened(18)]


def test_an_end_numbered_before_its_start_is_lost_and_there_twice():
    result = count([happened(0), happened(1, "end")], [row(0, 2), row(1, 1, "end")], [])
    assert (result.total.lost, result.total.twice) == (1, 1)


def test_states_that_change_faster_than_the_camera_s_clock_are_told_apart_by_their_order():
    """The first start was found out late; the second, which was seen, must not take its row."""
    story = [happened(10), happened(12, "end"), happened(12.5), happened(13, "end"), happened(13.5)]
    rows = [row(11, 1), row(12, 2, "end"), row(12, 3), row(13, 4, "end"), row(13, 5)]
    assert count(story, rows, [Blind("cam-1", at(9), at(11))]).total == Tally(emitted=5, stored=5)
    assert count(story, rows, []).total == Tally(emitted=5, stored=5)
    without_third = count(story, [*rows[:2], *rows[3:]], [])
    assert (without_third.total.lost, without_third.total.twice) == (1, 0)


@given(st.data())
def test_whatever_is_taken_away_is_lost_and_whatever_is_doubled_is_twice(data):
    """Events of each kind are 40 s apart, so that there is one answer only."""
    events = [
        happened(40 * place, state, kind)
        for kind in ("motion", "person")
        for place, state in enumerate(data.draw(st.lists(st.sampled_from(["start", "end"]), max_size=12)))
    ]
    copies = [data.draw(st.integers(0, 3)) for _ in events]
    rows, number = [], 0
    for event, times in zip(events, copies, strict=True):
        for _ in range(times):
            number += 1
            rows.append(Row(event.key, event.time, ("S", number)))
    result = count(data.draw(st.permutations(events)), data.draw(st.permutations(rows)), [])
    assert Counter(result.lost) == Counter(event for event, times in zip(events, copies, strict=True) if not times)
    assert len(result.twice) == sum(times - 1 for times in copies if times)
    assert result.total.stored == len(rows)
    assert result.total.emitted == len(events)


@given(st.lists(st.tuples(st.sets(st.integers(0, 4)), st.booleans()), max_size=5))
def test_no_other_pairing_in_order_pairs_more(lefts):
    """Against trying them all."""

    def most(left, above):
        if left == len(lefts):
            return (0, 0)
        rights, sure = lefts[left]
        taken = [most(left + 1, right) for right in rights if right > above]
        return max([most(left + 1, above), *((one + sure, other + (not sure)) for one, other in taken)])

    pairs = Pairs(5)
    for left, (rights, sure) in enumerate(lefts):
        pairs.add(left, rights, (int(sure), int(not sure)))
    best = pairs.best()
    assert all(right in lefts[left][0] for left, right in best)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(best))
    sure = sum(lefts[left][1] for left, _ in best)
    assert (sure, len(best) - sure) == most(0, -1)


def test_the_records_of_a_camera_in_the_words_of_the_hub():
    camera = Camera(CameraConfig(name="cam-1"))
    for kind, active in (
        ("motion", True),
        ("line_crossing", True),
        ("field", True),
        ("motion", False),
        ("field", False),
    ):
        camera.raise_alarm(kind, active)
    found = [(one.key.kind, one.key.state, one.key.object) for one in alarms("cam-1", camera.raised)]
    assert found == [
        ("motion", "start", ""),
        ("motion", "start", ""),
        ("line_crossing", "pulse", "2"),
        ("intrusion", "start", "3"),
        ("motion", "end", ""),
        ("motion", "end", ""),
        ("intrusion", "end", "3"),
    ]
    assert len({one.key for one in alarms("cam-1", camera.raised)}) == len(found), "motion has two topics"


def test_a_card_shown_again_within_its_window_is_one_check_in():
    shown = [
        Shown(1, "iccard", "6B3D12D6", True, at(0)),
        Shown(2, "iccard", "6B3D12D6", True, at(3)),
        Shown(3, "idcard", "110101194912310003", True, at(4)),
        Shown(4, "scanner", "W12345678", False, at(5)),
        Shown(5, "iccard", "6B3D12D6", True, at(61)),
    ]
    found = list(checkins("terminal", shown, SECRET, timedelta(seconds=60)))
    assert [one.time for one in found] == [at(0), at(4), at(61)], "not the second, not the one at an unplugged part"
    assert {one.key.kind for one in found} == {CHECKIN}
    assert found[1].key.mark == VillageKey("k", SECRET).hash_number("110101194912310003").digest


def test_what_waits_on_the_box_is_not_lost_and_not_at_the_hub():
    waiting = row(3, 2)._replace(at_hub=False)
    result = count([happened(0), happened(3), happened(9)], [row(0, 1), waiting], [])
    assert result.total == Tally(emitted=3, stored=1, lost=1, waiting=1), "what is at neither is lost all the same"


def test_visitors_are_on_the_roster_but_for_strangers_and_none_is_back_when_the_window_ends():
    known = read_roster(roster(SECRET, BOX), Path("roster.csv"))
    visitors, came = Visitors(random.Random(1)), {}
    for now_s in range(0, 2000, 11):
        visitor = visitors.next(now_s)
        worker = known.get(VillageKey("k", SECRET).hash_number(visitor.what).digest)
        assert (worker is not None) == visitor.is_worker
        assert worker is None or worker.grid.startswith(BOX)
        assert now_s - came.get(visitor.what, -1000) > WINDOW.total_seconds() + 30
        came[visitor.what] = now_s
    assert {each.what for each in WORKERS} < set(came), "all of them, and strangers"
