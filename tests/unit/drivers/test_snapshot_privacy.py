"""Privacy areas: what is a mistake in them, and how a configuration says so."""

import math

import msgspec
import pytest

from drivers.http_snapshot import Config
from drivers.snapshot.privacy import PrivacyCrossed, PrivacyFlat, check_privacy
from edgeagent.configfile import BadConfig, load
from edgeagent.plugins import resolve

TRIANGLE = [[0.0, 0.0], [0.3, 0.0], [0.3, 0.4]]
CONCAVE = [[0, 0], [1, 0], [1, 1], [0.5, 0.5], [0, 1]]
BOW_TIE = [[0, 0], [1, 1], [1, 0], [0, 1]]
STAR = [[0.5, 0], [0.8, 1], [0, 0.4], [1, 0.4], [0.2, 1]]


def config(privacy):
    return msgspec.convert({"url": "http://192.0.2.1/", "privacy": privacy}, Config)


@pytest.mark.parametrize("privacy", [[], [TRIANGLE], [CONCAVE, TRIANGLE], [TRIANGLE[::-1]], [[*TRIANGLE, [0.0, 0.4]]]])
def test_areas_that_are_right(privacy):
    assert msgspec.json.decode(msgspec.json.encode(config(privacy).privacy)) == privacy


@pytest.mark.parametrize(
    "area",
    [
        TRIANGLE[:2],
        [],
        [[0, 0], [1, 1], [1.01, 0]],
        [[0, 0], [1, 1], [-0.1, 0]],
        [[0, 0], [1, 1], [math.nan, 0]],
        [[0, 0], [1, 1], [math.inf, 0]],
        [[0, 0], [1, 1], [0.5]],
        [[0, 0], [1, 1], [0.5, 0, 0]],
        [[0, 0], [1, 1], ["0.5", 0]],
        [0, 0, 1, 1],
    ],
)
def test_areas_that_are_none(area):
    with pytest.raises(msgspec.ValidationError):
        config([TRIANGLE, area])


@pytest.mark.parametrize(
    ("area", "problem"),
    [
        (BOW_TIE, PrivacyCrossed),
        (STAR, PrivacyCrossed),
        ([[0.1, 0.1], [0.5, 0.5], [0.9, 0.9]], PrivacyFlat),
        ([[0.1, 0.1]] * 3, PrivacyFlat),
    ],
)
def test_areas_that_would_not_cover_what_they_seem_to(area, problem):
    with pytest.raises(problem) as caught:
        check_privacy((tuple(map(tuple, TRIANGLE)), tuple(map(tuple, area))))
    assert caught.value.facts == {"number": 2}


@pytest.mark.parametrize(
    ("written", "en", "zh"),
    [
        ("[[[0.0, 0.0], [0.3, 0.0]]]", "at least 3|3 to 64 entries", "3 至 64 项"),
        ("[[[0.0, 0.0], [0.3, 0.0], [30, 40]]]", "from 0 to 1", "0 至 1"),
        ("[[[0.0, 0.0], [0.3, 0.0], [nan, 0.4]]]", "from 0 to 1", "0 至 1"),
        ("[[[0.0, 0.0], [0.3, 0.0], [inf, 0.4]]]", "from 0 to 1", "0 至 1"),
        ("[[0.0, 0.0], [0.3, 0.0], [0.3, 0.4]]", "list", "列表"),
        ("[[[0, 0], [1, 1], [1, 0], [0, 1]]]", "cross", "相交"),
        ("[[[0, 0], [0.5, 0.5], [1, 1]]]", "on a line", "一条直线"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path, written, en, zh):
    path = tmp_path / "edgeagent.toml"
    path.write_text(
        'box = "430121001001"\n[hub]\nhost = "h.example"\n[device.gate]\ndriver = "http_snapshot"\n'
        f'url = "http://192.0.2.1/"\nprivacy = {written}\n'
    )
    with pytest.raises(BadConfig) as caught:
        load(path, resolve)
    mistakes = caught.value.mistakes
    texts = [(mistake.text("en"), mistake.text("zh")) for mistake in mistakes]
    assert any(any(part in english for part in en.split("|")) and zh in chinese for english, chinese in texts), texts
    assert all("edgeagent.toml:" in english and "privacy" in english for english, _ in texts), texts
