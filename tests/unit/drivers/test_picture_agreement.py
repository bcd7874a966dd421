"""Two of three snapshots make an alarm, two of three end it."""

from drivers.picture import Agreement, Change

GOOD, MOVED, COVERED = frozenset[str](), frozenset({"moved"}), frozenset({"covered"})


def fed(agreement, *seen):
    return [agreement.feed(faults) for faults in seen]


def test_one_odd_picture_is_no_alarm():
    assert fed(Agreement(), GOOD, MOVED, GOOD, GOOD, COVERED, GOOD, GOOD) == [Change()] * 7


def test_two_of_three_begin_it_and_two_of_three_end_it():
    agreement = Agreement()
    assert fed(agreement, MOVED, GOOD, MOVED) == [Change(), Change(), Change(started=MOVED)]
    assert agreement.on == MOVED
    assert fed(agreement, MOVED, GOOD, MOVED, GOOD) == [Change()] * 3 + [Change(ended=MOVED)]
    assert agreement.on == GOOD


def test_faults_begin_and_end_each_by_itself():
    agreement = Agreement()
    both = MOVED | {"frozen"}
    assert fed(agreement, both, both)[-1] == Change(started=both)
    assert fed(agreement, MOVED, MOVED)[-1] == Change(ended=frozenset({"frozen"}))


def test_two_different_faults_are_one_alarm_named_by_the_latest():
    assert fed(Agreement(), COVERED, MOVED)[-1] == Change(started=MOVED)


def test_what_was_on_before_a_restart_ends_when_two_are_good():
    assert fed(Agreement(on=MOVED), GOOD, GOOD) == [Change(), Change(ended=MOVED)]
    assert fed(Agreement(on=MOVED), MOVED, GOOD, MOVED) == [Change()] * 3
