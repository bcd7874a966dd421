"""Pictures that the broker takes and nobody acknowledges."""

from __future__ import annotations

from edgeagent.uplink.unheard import TRIES, Unheard


def test_a_large_one_is_given_up_once_a_smaller_one_got_through():
    unheard = Unheard()
    for _ in range(3 * TRIES):
        assert not unheard.unanswered(7, 200_000), "nothing is proved while the hub acknowledges no picture"
    unheard.heard(8, 30_000)
    assert unheard.unanswered(7, 200_000)


def test_a_smaller_one_than_any_that_got_through_is_never_given_up():
    unheard = Unheard()
    unheard.heard(8, 30_000)
    assert not any(unheard.unanswered(7, 20_000) for _ in range(3 * TRIES))


def test_an_answer_after_all_begins_the_count_anew():
    unheard = Unheard()
    unheard.heard(1, 100)
    assert not any(unheard.unanswered(7, 5000) for _ in range(TRIES - 1))
    unheard.heard(7, 5000)
    assert not any(unheard.unanswered(7, 5000) for _ in range(TRIES - 1))


def test_others_have_their_turn_first():
    unheard = Unheard()
    unheard.unanswered(7, 5000)
    assert unheard.after == 7
