"""The look at what a camera sends: nothing while nobody looks, numbers without holes, never in anybody's way."""

import asyncio

import pytest

from drivers.onvif.notifications import Notification
from drivers.onvif.states import Identity, Step
from drivers.onvif.tap import KEPT, Tap
from edgeagent.driver import Stored


def notification(topic="tns1:A/B", **items):
    return Notification(topic, "Changed", {"Source": "1"}, {}, items or {"State": "true"}, None)


def hear(tap, count=1, **items):
    for _ in range(count):
        tap.hear(notification(**items))
        tap.became(Step(Identity("A/B", (), (), "State"), "start", "motion", value=True), Stored("id", "s", "alarm", 1))
        tap.done()


async def test_nothing_is_noted_while_nobody_looks():
    tap = Tap()
    hear(tap)
    assert not tap.wanted
    assert (await tap.after(-1, 0.0)) == {"heard": [], "last": 0, "missed": 0}
    assert tap.wanted


async def test_what_was_heard_comes_with_what_became_of_it():
    tap = Tap()
    first = await tap.after(-1, 0.0)
    hear(tap)
    answer = await tap.after(first["last"], 0.0)
    (heard,) = answer["heard"]
    assert (heard["topic"], heard["source"], heard["data"]) == ("tns1:A/B", {"Source": "1"}, {"State": "true"})
    assert heard["became"] == [
        {
            "kind": "motion",
            "item": "State",
            "value": True,
            "change": "start",
            "why": "stored",
            "event": "id",
            "picture": False,
            "at_start": False,
        }
    ]
    assert (await tap.after(answer["last"], 0.0))["heard"] == []


async def test_whoever_waits_is_woken_by_all_that_comes():
    tap = Tap()
    await tap.after(-1, 0.0)
    waiting = [asyncio.create_task(tap.after(0, 30.0)) for _ in range(2)]
    await asyncio.sleep(0)  # both wait
    hear(tap)
    answers = await asyncio.wait_for(asyncio.gather(*waiting), 10)
    assert [len(answer["heard"]) for answer in answers] == [1, 1]


async def test_who_is_too_slow_is_told_how_many_are_missing():
    tap = Tap()
    await tap.after(-1, 0.0)
    hear(tap, KEPT + 7)
    answer = await tap.after(0, 0.0)
    assert (answer["missed"], len(answer["heard"]), answer["last"]) == (7, KEPT, KEPT + 7)


async def test_a_driver_that_began_anew_counts_anew():
    tap = Tap()
    answer = await tap.after(57, 0.0)  # a number of the one before it
    hear(tap)
    assert [one["number"] for one in (await tap.after(answer["last"], 0.0))["heard"]] == [1]


@pytest.mark.parametrize("count", [1, 1000])
async def test_a_camera_that_talks_endlessly_is_cut_short(count):
    tap = Tap()
    await tap.after(-1, 0.0)
    hear(tap, **{f"item{number}": "x" * 5000 for number in range(count)})
    (heard,) = (await tap.after(0, 0.0))["heard"]
    assert len(heard["data"]) <= 24
    assert all(len(value) <= 200 for value in heard["data"].values())
