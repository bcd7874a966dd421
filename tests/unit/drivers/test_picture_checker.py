"""Eleven faults on one drawn scene, a baseline that is learnt, kept and forgotten, and input that is no picture."""

import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from drivers.picture import MAX_STATE_BYTES, BadState, PictureChecker
from gridwire.kinds import PICTURE_FAULTS

WIDTH, HEIGHT = 640, 360


def scene(seed=7):
    """Houses, a road and a texture, somewhat larger than the view."""
    rng = np.random.default_rng(seed)
    canvas = np.zeros((HEIGHT + 160, WIDTH + 240, 3), np.float32)
    for cells in (6, 24, 96):
        layer = rng.uniform(0, 255, (cells, cells * 3 // 2, 3)).astype(np.float32)
        canvas += cv2.resize(layer, (canvas.shape[1], canvas.shape[0]), interpolation=cv2.INTER_CUBIC) / 3
    for _ in range(60):
        x, y = rng.integers(0, canvas.shape[1] - 80), rng.integers(0, canvas.shape[0] - 60)
        corner = (int(x + rng.integers(20, 80)), int(y + rng.integers(15, 60)))
        cv2.rectangle(canvas, (int(x), int(y)), corner, [float(v) for v in rng.uniform(20, 230, 3)], -1)
    canvas += rng.normal(0, 12, canvas.shape)
    return np.clip(canvas * 0.8 + 20, 0, 255).astype(np.float32)


SCENE = scene()


def view(light=1.0, *, night=False, pan=(0, 0)):
    x, y = 120 + pan[0], 80 + pan[1]
    seen = SCENE[y : y + HEIGHT, x : x + WIDTH] * light
    if night:
        seen = np.repeat(seen.mean(axis=2, keepdims=True), 3, axis=2) * 0.6
    return seen


def jpeg(seen, *, seed=0, grain=2.0, clock="12:00:00"):
    rng = np.random.default_rng(seed)
    grey = np.ptp(seen, axis=2).max() < 1
    noise = rng.normal(0, grain, seen.shape[:2] + ((1,) if grey else (3,)))
    frame = np.clip(seen + noise, 0, 255).astype(np.uint8)
    if clock:
        cv2.putText(frame, clock, (10, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2)
    return encoded(frame)


def encoded(frame, quality=80):
    return bytes(cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])


def card(colour, text="NO SIGNAL"):
    frame = np.full((HEIGHT, WIDTH, 3), colour, np.uint8)
    cv2.putText(frame, text, (180, 200), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3)
    return encoded(frame)


def bars():
    frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for at in range(8):
        frame[:, at * 80 : at * 80 + 80] = [191 * (at >> bit & 1) for bit in range(3)]
    return encoded(frame)


def a_day():
    """Eighteen snapshots: twelve by day, six in infrared."""
    for at, light in enumerate((0.4, 0.6, 0.8, 0.9, 1.0, 1.05, 1.1, 1.0, 0.9, 0.8, 0.6, 0.45)):
        yield jpeg(view(light), seed=at, clock=f"{at + 7:02d}:00:00")
    for at, light in enumerate((0.8, 0.9, 1.0, 1.05, 0.95, 0.85)):
        yield jpeg(view(light, night=True), seed=50 + at, grain=5, clock=f"0{at}:00:00")


@pytest.fixture(scope="module")
def state():
    checker = PictureChecker()
    for picture in a_day():
        checker.learn(picture)
    assert checker.learnt == 18
    return checker.to_bytes()


@pytest.fixture
def checker(state):
    return PictureChecker.from_bytes(state)


def blended(mask, colour):
    return view() * (1 - mask[..., None]) + np.array(colour, np.float32) * mask[..., None]


def half():
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[:, : WIDTH * 6 // 10] = 1
    return cv2.GaussianBlur(mask, (0, 0), 8)


def striped():
    return view() + 25 * np.sin(np.arange(HEIGHT) / 2)[:, None, None]


FAULTY = {
    "black": lambda: jpeg(view(0.03)),
    "white": lambda: jpeg(view() * 3 + 150),
    "blur": lambda: jpeg(cv2.GaussianBlur(view(), (0, 0), 2.5)),
    "noise": lambda: jpeg(view(), grain=40),
    "cast": lambda: jpeg(view() * np.array([0.5, 1.0, 1.3])),
    "stripes": lambda: jpeg(striped()),
    "covered": lambda: jpeg(blended(half(), (40, 50, 60))),
    "moved": lambda: jpeg(view(pan=(90, 40))),
    "signal_loss": lambda: card((200, 40, 10)),
    "corrupt": lambda: jpeg(view())[:-3000],
}


@pytest.mark.parametrize("fault", FAULTY)
def test_each_fault_is_found_and_named(checker, fault):
    assert checker.check(FAULTY[fault]()) == {fault}


def test_the_names_are_those_of_the_industry():
    assert {*FAULTY, "frozen"} == set(PICTURE_FAULTS)


@pytest.mark.parametrize("light", [0.5, 0.75, 1.0])
@pytest.mark.parametrize("night", [False, True])
def test_ordinary_pictures_are_silent_by_day_and_in_infrared(checker, light, night):
    for seed in range(4):
        assert checker.check(jpeg(view(light, night=night), seed=900 + seed, grain=5 if night else 2)) == set()


@pytest.mark.parametrize("night", [False, True])
def test_a_picture_that_comes_again_is_frozen_though_the_clock_runs(checker, night):
    seen, grain = view(night=night), 5 if night else 2
    assert checker.check(jpeg(seen, seed=3, grain=grain, clock="10:00:00")) == set()
    assert checker.check(jpeg(seen, seed=3, grain=grain, clock="10:07:31")) == {"frozen"}
    assert checker.check(jpeg(seen, seed=4, grain=grain, clock="10:09:00")) == set(), "the same view, other grain"


def test_what_was_just_learnt_may_be_checked_at_once(checker):
    picture = jpeg(view(), seed=77)
    checker.learn(picture)
    assert checker.check(picture) == set()
    assert checker.check(picture) == {"frozen"}


@pytest.mark.parametrize(
    "picture", [card((60, 60, 60), ""), card((16, 16, 16), "VIDEO LOSS"), bars()], ids=["grey", "text", "bars"]
)
def test_cards_that_no_lens_has_made(checker, picture):
    assert checker.check(picture) == {"signal_loss"}
    assert PictureChecker().check(picture) == {"signal_loss"}, "needs no baseline"


@pytest.mark.parametrize("sigma", [1.2, 6])
def test_blur_from_mild_to_severe(checker, sigma):
    assert checker.check(jpeg(cv2.GaussianBlur(view(), (0, 0), sigma))) == {"blur"}


def test_salt_and_pepper_is_noise(checker):
    seen, dice = view().copy(), np.random.default_rng(1).random((HEIGHT, WIDTH))
    seen[dice < 0.03], seen[dice > 0.97] = 0, 255
    assert checker.check(jpeg(seen)) == {"noise"}


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_data_that_end_too_soon_are_found_also_with_an_end_marker(checker, share):
    whole = jpeg(view())
    assert checker.check(whole[: int(len(whole) * share)] + b"\xff\xd9") == {"corrupt"}


def test_smeared_rows_are_broken_data(checker):
    seen = view().copy()
    seen[200:] = seen[199]
    assert checker.check(encoded(np.clip(seen, 0, 255).astype(np.uint8))) == {"corrupt"}


def test_a_cover_over_everything(checker):
    rng = np.random.default_rng(2)
    cloth = cv2.resize(rng.uniform(60, 110, (6, 10)).astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    assert checker.check(jpeg(np.repeat(cloth[..., None], 3, axis=2) * np.array([0.7, 0.9, 1.0]))) == {"covered"}


def test_another_place_is_a_camera_that_moved(checker):
    other = scene(99)[80 : 80 + HEIGHT, 120 : 120 + WIDTH]
    assert checker.check(jpeg(other)) == {"moved"}


def test_without_learning_only_what_is_certain_is_found():
    checker = PictureChecker()
    certain = {"black", "signal_loss", "white", "corrupt", "noise"}
    for fault, made in FAULTY.items():
        assert checker.check(made()) <= ({fault} if fault in certain else set()), fault


@pytest.mark.slow
def test_slow_learning_is_not_lost_by_saving_each_time(checker):
    """The shadow of a tree that grows: what is learnt in steps smaller than what a state can hold adds up."""
    grown = view().copy()
    grown[100:260, 200:420] *= np.linspace(0.35, 1, 220)[None, :, None]
    saved = checker
    for step in range(60):
        saved = PictureChecker.from_bytes(saved.to_bytes())
        saved.learn(jpeg(grown, seed=step))
        checker.learn(jpeg(grown, seed=step))
    assert saved.learnt == checker.learnt == 78
    kept, whole = (one._camera.lights[False].maps["normal"] for one in (saved, checker))
    assert np.corrcoef(kept.ravel(), whole.ravel())[0, 1] > 0.98
    assert abs(kept - whole).mean() < 0.12


@pytest.mark.slow
def test_nothing_is_learnt_from_a_faulty_picture(checker):
    for made in FAULTY.values():
        for _ in range(3):
            checker.learn(made())
    assert checker.learnt == 18
    for fault, made in FAULTY.items():
        assert checker.check(made()) == {fault}


@pytest.mark.slow
def test_a_baseline_follows_what_changes_slowly(checker):
    """A colour of the season, a little more each time."""
    autumn = np.array([0.75, 1.0, 1.25])
    assert checker.check(jpeg(view() * autumn)) == {"cast"}
    for step in range(60):
        checker.learn(jpeg(view() * autumn ** min(1.0, step / 45), seed=step))
    assert checker.check(jpeg(view() * autumn, seed=999)) == set()


def test_reset_forgets_the_place(checker):
    moved = [jpeg(view(light, pan=(90, 40)), seed=at) for at, light in enumerate(np.linspace(0.6, 1.1, 8))]
    assert checker.check(moved[4]) == {"moved"}
    checker.reset()
    assert checker.learnt == 0
    for picture in moved:
        checker.learn(picture)
    assert checker.ready
    assert checker.check(jpeg(view(pan=(90, 40)), seed=500)) == set()
    assert checker.check(jpeg(view(), seed=500)) == {"moved"}


def test_a_camera_set_to_another_size_is_learnt_anew(checker):
    small = [
        encoded(cv2.resize(np.clip(view(light), 0, 255).astype(np.uint8), (480, 270))) for light in (0.8, 0.9, 1, 1.1)
    ]
    assert checker.check(small[0]) == set(), "nothing to compare with"
    for picture in small:
        checker.learn(picture)
    assert checker.learnt == 2, "the third of another size begins anew"


def test_the_state_is_small_and_as_good_as_the_object(checker, state):
    assert len(state) <= MAX_STATE_BYTES
    again = PictureChecker.from_bytes(checker.to_bytes())
    assert again.learnt == checker.learnt
    for made in FAULTY.values():
        picture = made()
        assert again.check(picture) == checker.check(picture)
    assert cv2.imdecode(np.frombuffer(again.thumbnail(), np.uint8), cv2.IMREAD_COLOR).shape[1] == 160


@pytest.mark.slow
def test_the_state_stays_small_after_months(checker):
    for at in range(60):
        checker.learn(jpeg(view(0.5 + at % 7 / 10, night=at % 2 == 0), seed=at, grain=4))
    assert len(checker.to_bytes()) <= MAX_STATE_BYTES


@pytest.mark.parametrize(
    "bad", [b"", b"x" * 100, b"picture1" + bytes(40), b"picture1" + bytes(16) + zlib.compress(b"no")]
)
def test_a_state_that_is_none_is_refused(bad):
    with pytest.raises(BadState):
        PictureChecker.from_bytes(bad)


@pytest.mark.parametrize("cut", [20, 500, 5000])
def test_a_state_that_is_cut_or_changed_is_refused(state, cut):
    with pytest.raises(BadState):
        PictureChecker.from_bytes(state[:-cut])
    with pytest.raises(BadState):
        PictureChecker.from_bytes(state[:cut] + bytes([state[cut] ^ 255]) + state[cut + 1 :])


def claims(width, height):
    """A JPEG that says it is this large."""
    data = bytearray(jpeg(view()))
    at = data.find(b"\xff\xc0") + 5
    data[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        bytes(1000),
        b"\xff" * 5000,
        b"<html>not found</html>",
        b"\xff\xd8\xff\xe0\x00\x02" * 3000 + b"\xff\xd9",
        claims(65535, 65535),
        claims(0, 0),
        claims(2, 2),
    ],
    ids=range(11),
)
def test_what_is_no_picture_is_corrupt_and_harms_nobody(checker, data):
    assert checker.check(data) == {"corrupt"}
    checker.learn(data)
    assert checker.learnt == 18


def test_any_damage_gives_an_answer(checker):
    whole, rng = jpeg(view()), np.random.default_rng(5)
    for _ in range(60):
        data = bytearray(whole)
        for at in rng.integers(2, len(data), 30):
            data[at] = int(rng.integers(256))
        assert checker.check(bytes(data[: int(rng.integers(1, len(data)))])) <= set(PICTURE_FAULTS)
        assert checker.check(bytes(data)) <= set(PICTURE_FAULTS)


def test_the_import_loads_neither_opencv_nor_numpy():
    code = "import sys, drivers.picture, drivers.picture.work; sys.exit(bool({'cv2', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
