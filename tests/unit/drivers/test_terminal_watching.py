"""What a person who looks is told of the terminal's parts: nothing whole, nothing raw, and how much was missed."""

import asyncio

import pytest

from drivers.terminal.actions import Ask, Rate
from drivers.terminal.frames.line import LineDecoder
from drivers.terminal.idnumber import NumberHash
from drivers.terminal.tap import ALL, KEPT, Listening, Look, Tap
from edgeagent.driver import Request, Stored

HASH = NumberHash("ab" * 32, "v7")
NUMBER = "11010519491231002X"


@pytest.fixture
async def watch():
    watch = Tap()
    await watch.after(Look())
    watch.enter("scanner")
    return watch


async def lines(watch, after=0):
    return (await watch.after(Look(after=after)))["heard"]


async def test_nothing_is_noted_while_nobody_looks():
    watch = Tap()
    watch.enter("scanner")
    watch.showed("card", "****12D6", HASH)
    assert (await watch.after(Look()))["heard"] == []
    watch.showed("card", "****12D6", HASH)
    assert [line["shown"] for line in await lines(watch)] == ["****12D6"]


async def test_outcomes_belong_to_the_frame_of_their_task(watch):
    """Two parts at once; each task knows its own."""
    gate = asyncio.Event()

    async def part(name, masked):
        watch.enter(name)
        watch.showed("card", masked, HASH)
        await gate.wait()
        watch.became("already")

    tasks = [asyncio.create_task(part(name, name)) for name in ("a", "b")]
    await asyncio.sleep(0)  # both have shown theirs
    gate.set()
    await asyncio.gather(*tasks)
    told = await lines(watch)
    assert [(line["part"], line.get("of")) for line in told] == [("a", None), ("b", None), ("a", 1), ("b", 2)]


async def test_whoever_is_slow_misses_lines_and_is_told_how_many(watch):
    for _ in range(KEPT + 7):
        watch.noise(3)
    answer = await watch.after(Look(after=0))
    assert (len(answer["heard"]), answer["missed"], answer["last"]) == (KEPT, 7, KEPT + 7)


async def test_numbers_in_keys_and_actions_are_masked(watch):
    watch.asked(Ask(NUMBER))
    watch.asked(None, f"x{NUMBER}x")
    watch.asked(Rate(5), "31")
    assert NUMBER not in str(await lines(watch))
    assert [(line.get("shown"), line["detail"]) for line in await lines(watch)] == [
        (None, "ask:110105********002X"),
        ("********02Xx", "unknown"),
        ("31", "rate:5"),
    ]


async def test_what_is_stored_has_its_numbers(watch):
    request = Request(item="0301", mode="direct", receipt="R7K2M9")
    watch.stored(request, Stored("01M80QFR2S3GK53TG47MR71427", "s", "record", 1), at=("keypad", 9))
    (line,) = await lines(watch)
    assert (line["kind"], line["event"], line["receipt"]) == ("request", "01M80QFR2S3GK53TG47MR71427", "R7K2M9")
    assert (line["part"], line["of"]) == ("keypad", 9)


async def test_a_trial_is_of_one_part_or_of_all(watch):
    assert not watch.testing
    await watch.after(Look(test="keypad"))
    assert not watch.testing
    await watch.after(Look(test="scanner"))
    assert watch.testing
    watch.end_trial()
    assert not watch.testing
    await watch.after(Look(test=ALL))
    assert watch.testing
    assert watch.all_on_trial


def test_bytes_without_a_frame_are_counted():
    counted = []
    decoder = Listening(LineDecoder(), counted.append)
    assert decoder.feed(b"W0001\r") == ["W0001"]
    decoder.silence()
    assert counted == []
    assert decoder.feed(b"abc") == []
    decoder.feed(b"\x00\x01")
    decoder.silence()
    decoder.silence()
    assert counted == [5]
