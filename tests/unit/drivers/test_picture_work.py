"""What the picture worker is asked and what it answers, through the real worker process."""

import cv2
import numpy as np
import pytest

from drivers.picture.figures import MEASURES
from drivers.picture.work import LOOK_AT, look_at, question, read_answer
from drivers.snapshot.worker import worker

HEIGHT, WIDTH = 270, 480


def picture(seed=0, light=1.0, cover=0.0, grain=2.0):
    rng = np.random.default_rng(3)
    coarse = rng.uniform(20, 230, (27, 48, 3)).astype(np.float32)
    seen = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST) * light
    seen[:, : round(WIDTH * cover)] = 60
    noisy = seen + np.random.default_rng(seed).normal(0, grain, seen.shape)
    return bytes(cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8))[1])


def asked(state, jpeg, **wishes):
    return read_answer(look_at(*question(state, jpeg, **wishes)))


@pytest.fixture(scope="module")
def taught():
    state = b""
    for at in range(8):
        state = asked(state, picture(at, 0.7 + at / 20)).state
    return state


async def test_the_worker_learns_from_good_pictures_and_finds_the_cover():
    state = b""
    async with worker().held():
        for at in range(5):
            header, data = question(state, picture(at))
            answer = read_answer(await worker().call(LOOK_AT, header, data, timeout_s=30))
            assert (answer.faults, answer.learnt) == (frozenset(), at + 1)
            state = answer.state
        header, data = question(state, picture(9, cover=0.6), beside=".png")
        answer = read_answer(await worker().call(LOOK_AT, header, data, timeout_s=30))
    assert (answer.faults, answer.learnt, answer.ready) == ({"covered"}, 5, True)
    shown = cv2.imdecode(np.frombuffer(answer.beside, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape[0] == HEIGHT
    assert shown.shape[1] > 2 * WIDTH - 10


def test_learning_is_left_out_when_it_is_not_wanted(taught):
    assert asked(taught, picture(50), learn=False).learnt == 8
    assert asked(taught, picture(50)).learnt == 9


def test_a_stream_that_freezes_is_seen_from_one_question_to_the_next(taught):
    first = asked(taught, picture(60))
    assert first.faults == frozenset()
    assert asked(first.state, picture(60)).faults == {"frozen"}


def test_a_state_of_another_time_is_forgotten(taught):
    answer = asked(b"something else", picture())
    assert (answer.learnt, answer.ready, answer.faults) == (1, False, frozenset())


def test_a_picture_that_is_none_has_nothing_to_show(taught):
    answer = asked(taught, b"no picture", beside=".png")
    assert (answer.faults, answer.beside, answer.learnt) == ({"corrupt"}, b"", 8)


def test_privacy_areas_are_black_in_what_is_kept_and_shown(taught):
    areas = [[[0, 0], [0.5, 0], [0.5, 1], [0, 1]]]
    first = asked(b"", picture(), privacy=areas)
    shown = asked(first.state, picture(1), privacy=areas, beside=".png").beside
    left = cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_COLOR)[20:250, 20:200]
    assert left.max() < 30


def test_every_figure_has_its_words(taught):
    said = set()
    card = bytes(cv2.imencode(".jpg", np.full((HEIGHT, WIDTH, 3), 90, np.uint8))[1])
    for jpeg in (picture(70), picture(71, cover=0.7), picture(72, grain=40), card):
        for measure in asked(taught, jpeg).measures:
            said.add(measure.name)
    assert said == set(MEASURES)
    assert all(each.en and each.zh for each in MEASURES.values())
